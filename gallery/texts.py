"""Texts: a reader of reviews that was trained for a second."""

from functools import cache

import torch
from matplotlib.figure import Figure
from other_models import ids_of, reader

from captum_submod import LiMA
from captum_submod.visualization import plot_text, text_html
from submod_core import Explanation

REVIEW = "the plot is slow , but the cast is great and the music was not bad"
PIECES = [f" {word}" for word in REVIEW.split()]


@cache
def _explained(by_phrase: bool = False) -> Explanation:
    """The review explained for the class "good", by words or by phrases."""
    ids = ids_of(REVIEW)
    phrases = torch.tensor([[0, 0, 0, 1, 2, 2, 3, 3, 3, 4, 5, 6, 6, 6, 7, 7]])
    mask = phrases if by_phrase else None
    return LiMA(reader()).explain(ids, 0, 1, None, mask, 32)[0]


def words() -> Figure:
    """Which words are good?

    Colours are gains: purple speaks for a good review, orange against it; small numbers are the
    order. "not" and "bad" are needed together.
    """
    one, names = _explained(), REVIEW.split()
    assert one.gains[names.index("great")] > 0 > one.gains[names.index("slow")]
    return plot_text(one, PIECES, signed=True, title="Why a good review?")


def phrases() -> Figure:
    """Phrases

    A label map makes regions of words that belong together. "not bad" now speaks for the review.
    """
    one = _explained(by_phrase=True)
    assert one.gains[7] > 0 > one.gains[1]
    return plot_text(one, PIECES, signed=True, title="Why a good review?")


def page() -> str:
    """A text to touch

    `text_html`: the slider brings in one word after the other.
    """
    made = text_html(_explained(), PIECES, signed=True)
    assert "great" in made
    return made
