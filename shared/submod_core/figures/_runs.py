"""Runs of text: the pieces of tokens joined where they are of one region, for figures of text."""

import unicodedata
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from submod_core._checks import check_type
from submod_core._types import FloatArray
from submod_core.results import Explanation

STAYS = -1


class Run(NamedTuple):
    """Consecutive characters of one region; −1 for what always stays, and for space.

    Attributes
    ----------
    text : str
    region : int
    """

    text: str
    region: int


def runs_of(explanation: Explanation, pieces: Sequence[str]) -> list[Run]:
    """The text of an explanation as runs, in reading order.

    Raises
    ------
    TypeError, ValueError
        If the explanation is not of one text, or `pieces` are not a string for each token of it.

    Examples
    --------
    >>> from submod_core import Curves
    >>> curves = Curves(np.array([0, 0.5, 1]), np.array([0, 0.9, 0.8]), np.zeros(3))
    >>> order, searched = np.array([1, 0]), np.ones(2, bool)
    >>> one = Explanation(np.array([-1, 0, 0, 1]), order, order / 1.0, curves, searched, 3, 4)
    >>> [run.text for run in runs_of(one, ["", "play", "ing", " on"])]
    ['playing', ' ', 'on']
    """
    check_type("explanation", explanation, Explanation, "an Explanation")
    labels = explanation.regions
    if isinstance(labels, tuple) or labels.size != max(labels.shape):
        raise ValueError("`explanation` must be of one text, with a label for each token")
    check_type("pieces", pieces, Sequence, "a sequence of strings")
    if isinstance(pieces, str) or not all(isinstance(piece, str) for piece in pieces):
        raise TypeError("`pieces` must be a sequence of strings")
    if len(pieces) != labels.size:
        raise ValueError(
            f"`pieces` (of length {len(pieces)}) must have one for each of {labels.size} tokens"
        )
    # Where no piece brings the space before it, as from a list of words, regions are told apart.
    spaced = any(piece[:1].isspace() for piece in pieces)
    runs: list[Run] = []
    for piece, region in zip(pieces, labels.ravel().tolist(), strict=True):
        if not piece:
            continue
        if runs and runs[-1].region == region:
            runs[-1] = Run(runs[-1].text + piece, region)
            continue
        # Space before the first word of a region is of no colour.
        word = piece.lstrip()
        space = piece[: len(piece) - len(word)] or (" " if runs and not spaced else "")
        runs += [Run(text, k) for text, k in ((space, STAYS), (word, region)) if text]
    return runs


def width(text: str) -> int:
    """Columns that a text takes in a font of equal widths: two for wide characters.

    Examples
    --------
    >>> width("ab"), width("日本")
    (2, 4)
    """
    wide = sum(unicodedata.east_asian_width(one) in "WF" for one in text)
    return len(text) + wide - sum(unicodedata.combining(one) > 0 for one in text)


def ink_on(colour: FloatArray) -> str:
    """Black or white, whichever is read better on a colour (r, g, b) in [0, 1].

    Examples
    --------
    >>> ink_on(np.array([1.0, 1.0, 0.0])), ink_on(np.zeros(3))
    ('#000000', '#ffffff')
    """
    # Relative luminance (WCAG 2); the contrast with black and with white is alike at 0.179.
    linear = np.where(colour <= 0.04045, colour / 12.92, ((colour + 0.055) / 1.055) ** 2.4)
    return "#000000" if float(linear @ [0.2126, 0.7152, 0.0722]) > 0.179 else "#ffffff"


def ranks_of(explanation: Explanation) -> dict[int, int]:
    """The place of each region in the order, from 1; of no region what always stays."""
    return {int(region): rank for rank, region in enumerate(explanation.order, start=1)}
