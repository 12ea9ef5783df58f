"""The result of a search: an order, and the values that led to it."""

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from submod_core._types import BoolArray, FloatArray, IntArray


class Round(NamedTuple):
    """Values F(front ∪ {c}) of each candidate c in one round; the front has `size` elements."""

    size: int
    candidates: IntArray
    values: FloatArray


@dataclass(frozen=True, eq=False)
class Ranking:
    """Order that a search found, with the values that it received on the way.

    Attributes
    ----------
    order : ndarray of intp, (n,)
        All elements, the most important first.
    values : ndarray of float64, (n,)
        F of the first 1 … n elements of `order`; NaN where the search did not ask for it.
    evaluations : int
        Subsets whose value the search asked for, or single sides of them.
    searched : ndarray of bool, (n,)
        True where the search itself placed the element of `order`; False where the budget had run
        out and the element is placed by its last known value.
    rounds : tuple of Round
        The forward rounds of the search.
    known : ndarray of bool, (n,)
        True where the element of `order` was placed, or its value with some front was asked for;
        False where nothing is known of it, and it follows in the order of the indices.

    Examples
    --------
    >>> from submod_core import rank
    >>> ranking = rank(sum, 2, "greedy")
    >>> ranking.order, ranking.values, ranking.rounds[0].values
    (array([1, 0]), array([1., 1.]), array([0., 1.]))
    """

    order: IntArray
    values: FloatArray
    evaluations: int
    searched: BoolArray
    rounds: tuple[Round, ...] = ()
    known: BoolArray = field(default_factory=lambda: np.ones(0, dtype=bool))
