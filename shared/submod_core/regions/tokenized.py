"""Tokenised texts: where the tokens of a text, or of a pair of texts, lie in it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from submod_core._checks import as_whole_numbers, check_choice, check_count, check_type, is_whole
from submod_core._types import IntArray

Spans = Sequence[tuple[int, int]]
"""Parts of a text, each from a character on to one before another, in order."""


@dataclass(frozen=True, eq=False)
class TokenizedText:
    """Tokens of a text, or of a pair of texts, and where each lies: a `tokenizers.Encoding`.

    The encodings of Hugging Face's fast tokenizers have these attributes and go into
    `text_regions` as they are. Tokens of another tokenizer are told in this form.

    Parameters
    ----------
    offsets : sequence of (int, int), T
        First character of each token and the one after its last, in the token's own text.
    word_ids : sequence of int or None, T, optional
        The word of each token; None for tokens of no word.
    sequence_ids : sequence of int or None, T, optional
        0 or 1 for tokens of the first or second text; None for special tokens and padding. By
        default all tokens are of one text.
    special_tokens_mask : sequence of int, T, optional
        1 for special tokens and padding; by default none.
    attention_mask : sequence of int, T, optional
        0 for padding; by default there is none.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type, or not of one entry per token.

    Examples
    --------
    >>> one = TokenizedText([(0, 0), (0, 3), (4, 9)], special_tokens_mask=[1, 0, 0])
    >>> sides_of(one)
    [None, 0, 0]
    """

    offsets: Spans
    word_ids: Sequence[int | None] | None = None
    sequence_ids: Sequence[int | None] | None = None
    special_tokens_mask: Sequence[int] | None = None
    attention_mask: Sequence[int] | None = None

    def __post_init__(self) -> None:
        n = len(as_spans("offsets", self.offsets))
        for name in ("word_ids", "sequence_ids", "special_tokens_mask", "attention_mask"):
            value = getattr(self, name)
            if value is None:
                continue
            check_type(name, value, Sequence | np.ndarray, "a sequence")
            if isinstance(value, str) or len(value) != n:
                raise ValueError(
                    f"`{name}` (={value!r}) must have one entry for each of {n} tokens"
                )
            as_whole_numbers(name, [one for one in value if one is not None])


def rows_of(encodings: Any) -> list[Any]:
    """One encoding per text, from any form that `text_regions` takes; an error for others."""
    rows = getattr(encodings, "encodings", encodings)
    if rows is None:
        raise ValueError(
            "`encodings` (of a slow tokenizer) must be of a fast one, which knows where tokens lie"
        )
    rows = [rows] if hasattr(rows, "offsets") else rows
    if not isinstance(rows, Sequence) or isinstance(rows, str) or not rows:
        raise TypeError(
            f"`encodings` (of type {type(encodings).__name__}) must be what a fast tokenizer "
            "returns, or a sequence of TokenizedText, one or more"
        )
    for row in rows:
        if not hasattr(row, "offsets"):
            raise TypeError(f"`encodings` (with a {type(row).__name__}) must hold TokenizedText")
    return list(rows)


def texts_of(texts: Any, rows: Sequence[Any]) -> list[tuple[str, ...]]:
    """The one or two texts of each encoding; ValueError where there are too few or too many."""
    given = [texts] if isinstance(texts, str) else texts
    check_type("texts", given, Sequence, "a text for each encoding")
    pairs = [(one,) if isinstance(one, str) else one for one in given]
    if any(not isinstance(p, Sequence) or not all(isinstance(t, str) for t in p) for p in pairs):
        raise TypeError("`texts` must hold strings, or pairs of them")
    if len(pairs) != len(rows):
        raise ValueError(f"`texts` (of length {len(pairs)}) must be {len(rows)}, one per encoding")
    for i, (pair, row) in enumerate(zip(pairs, rows, strict=True)):
        for (_, stop), side in zip(row.offsets, sides_of(row), strict=True):
            if side is not None and side >= len(pair):
                raise ValueError(f"`texts` must hold both texts of pair {i}, as a tuple")
            if side is not None and stop > len(pair[side]):
                raise ValueError(
                    f"`texts` of encoding {i} must be the text that was tokenised: a token ends at "
                    f"character {stop} of {len(pair[side])}"
                )
    return [tuple(pair) for pair in pairs]


def sides_of(row: Any) -> list[int | None]:
    """The text that each token is of, 0 or 1; None for special tokens and padding."""
    n = len(row.offsets)
    sides = [0] * n if row.sequence_ids is None else row.sequence_ids
    # Without a template the padding counts as text in `sequence_ids`: the masks know it.
    special = [0] * n if row.special_tokens_mask is None else row.special_tokens_mask
    attended = [1] * n if row.attention_mask is None else row.attention_mask
    return [
        None if mark or not seen or side is None else int(side)
        for side, mark, seen in zip(sides, special, attended, strict=True)
    ]


def as_spans(name: str, spans: Any) -> IntArray:
    """Spans of characters as an array (n, 2); an error unless each is 0 ≤ start ≤ stop.

    Examples
    --------
    >>> as_spans("offsets", [(0, 2), (3, 3)])
    array([[0, 2],
           [3, 3]])
    """
    array = as_whole_numbers(name, spans)
    ordered = array.ndim == 2 and array.shape[1] == 2 and len(array) > 0
    if not ordered or (array[:, 0] > array[:, 1]).any() or array.min() < 0:
        raise ValueError(
            f"`{name}` (of shape {array.shape}) must hold a start and a stop for each, from 0 on"
        )
    return array


def check_dropping(pad_id: Any, how: Any, padding_side: Any, removed: Any) -> None:
    """Raise ValueError unless the options of both hosts' `DropTextTokens` are what they must be."""
    check_count("pad_id", pad_id, least=0)
    check_choice("how", how, ("delete", "hide"))
    check_choice("padding_side", padding_side, ("right", "left"))
    if not is_whole(removed) or removed >= 0:
        raise ValueError(
            f"`removed` (={removed!r}) must be a whole number below 0, which is the id of no token"
        )
