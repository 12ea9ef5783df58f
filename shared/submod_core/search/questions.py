"""Questions of a search, their answers, and the budget within which they are asked."""

from collections.abc import Generator
from typing import NamedTuple, Protocol, runtime_checkable

from submod_core._types import BoolArray, FloatArray
from submod_core.search.result import Ranking


class Parts(NamedTuple):
    """Question about the two parts of F(S) = kept(S) + left(V∖S), each of which looks at one side.

    LiMA's F is such a sum: collaboration looks at what a subset leaves, the other scores at the
    subset. A search that is told so (`Order.parts`) may ask for single sides, each one image. It is
    answered by an array of float64, (2, B): kept(X) and left(X) of each side X.

    Attributes
    ----------
    sides : ndarray of bool, (B, n)

    Examples
    --------
    >>> import numpy as np
    >>> len(Parts(np.eye(3, dtype=bool)).sides)
    3
    """

    sides: BoolArray


Question = BoolArray | Parts
"""Subsets (B, n) whose F is asked for, or sides whose parts of F are."""

SearchRun = Generator[Question, FloatArray, Ranking]
"""A search under way: yields questions, receives their answers, returns a Ranking."""

Steps = Generator[Question, FloatArray, None]
"""The body of a search, `Search.steps`: yields and receives alike, leaves its result in `Order`."""


def asked(question: Question) -> BoolArray:
    """The subsets or sides of a question, (B, n)."""
    return question.sides if isinstance(question, Parts) else question


class BudgetExhausted(Exception):  # noqa: N818 (a signal, caught where the search ends)
    """Signal to a search that its next question would exceed the evaluation budget."""


@runtime_checkable
class Budget(Protocol):
    """Budget of the images that go through a model, which a search may plan by.

    Attributes
    ----------
    left : int
        Images that are left.
    """

    left: int

    def cost(self, keep: BoolArray) -> int:
        """Images that the kept regions `keep` (B, n) add; those asked for before cost nothing."""


def limited(run: SearchRun, left: int) -> SearchRun:
    """Pass the questions of a search on; throw the signal at the first one beyond the budget."""
    try:
        question = next(run)
        while True:
            left -= len(asked(question))
            if left < 0:
                question = run.throw(BudgetExhausted())
                continue
            try:
                values = yield question
            except BudgetExhausted as signal:  # another budget, of who asks the model
                question = run.throw(signal)
            else:
                question = run.send(values)
    except StopIteration as stop:
        ranking: Ranking = stop.value
        return ranking
