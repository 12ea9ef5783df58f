"""What every search shares: the order under construction, its result, and the evaluation budget."""

import contextlib
import functools
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from typing import Concatenate, NamedTuple, ParamSpec

import numpy as np

from submod_core._checks import check_count
from submod_core._types import BoolArray, FloatArray, IntArray


class Round(NamedTuple):
    """What a search learned in one round: F(front ∪ {c}) of each candidate c, the front being `size` elements long."""

    size: int
    candidates: IntArray
    values: FloatArray


@dataclass(frozen=True, eq=False)
class Ranking:
    """What a search found.

    Attributes
    ----------
    order : ndarray of intp, (n,)
        All elements, the most important first.
    values : ndarray of float64, (n,)
        F of the first 1 … n elements of `order`; NaN where the search did not ask for it.
    evaluations : int
        Subsets whose value the search asked for.
    searched : ndarray of bool, (n,)
        True where the search itself placed the element of `order`; False where the budget had run out and the
        element stands by its last known value.
    rounds : tuple of Round
        What the search learned on its way forward.
    """

    order: IntArray
    values: FloatArray
    evaluations: int
    searched: BoolArray
    rounds: tuple[Round, ...] = ()


Search = Generator[BoolArray, FloatArray, Ranking]
"""Yields subsets (B, n), receives their values (B,), returns a Ranking."""

Steps = Generator[BoolArray, FloatArray, None]
"""The same as the body of a function under `search`, which leaves its result in the Order."""


class BudgetExhausted(Exception):  # noqa: N818 (a signal, caught where the search ends)
    """Thrown into a search when its next question would exceed the evaluation budget."""


class Order:
    """An order under construction: a front that grows from the most important element on, a back from the least.

    Parameters
    ----------
    n : int
        Number of elements, at least 1.
    """

    def __init__(self, n: int) -> None:
        check_count("n", n)
        self.n = int(n)
        self.front: list[int] = []
        self.back: list[int] = []
        self._open = np.ones(self.n, dtype=bool)
        self._values: list[float] = []
        self._last = np.full(self.n, -np.inf)
        self._rounds: list[Round] = []
        self._evaluations = 0

    @property
    def candidates(self) -> IntArray:
        """The elements not yet placed, in ascending order."""
        return np.flatnonzero(self._open)

    def join_front(self, candidates: IntArray) -> Generator[BoolArray, FloatArray, FloatArray]:
        """Ask for F(front ∪ {c}) of each candidate c."""
        values = yield from self.ask(self.joined(candidates))
        self.note(candidates, values)
        return values

    def note(self, candidates: IntArray, values: FloatArray) -> None:
        """Keep F(front ∪ {c}) of each candidate c as what the search learned on its way forward."""
        self._last[candidates] = values
        self._rounds.append(Round(len(self.front), candidates, values))

    def join_back(self, candidates: IntArray) -> Generator[BoolArray, FloatArray, FloatArray]:
        """Ask for F({c} ∪ back) of each candidate c."""
        return (yield from self.ask(self._joined(self.back, candidates)))

    def whole(self) -> Generator[BoolArray, FloatArray, FloatArray]:
        """Ask for F of all elements."""
        return (yield from self.ask(np.ones((1, self.n), dtype=bool)))

    def leave_out(self, candidates: IntArray) -> Generator[BoolArray, FloatArray, FloatArray]:
        """Ask for F of all that is not in the back, without c, for each candidate c."""
        return (yield from self.ask(self.left_by(candidates)))

    def joined(self, candidates: IntArray) -> BoolArray:
        """Make front ∪ {c} for each candidate c, (B, n)."""
        return self._joined(self.front, candidates)

    def left_by(self, candidates: IntArray) -> BoolArray:
        """Make all that is not in the back, without c, for each candidate c, (B, n)."""
        subsets = self._joined([*self.front, *self.candidates], candidates)
        subsets[np.arange(len(candidates)), candidates] = False
        return subsets

    def _joined(self, members: Sequence[int], candidates: IntArray) -> BoolArray:
        subsets = np.zeros((len(candidates), self.n), dtype=bool)
        subsets[:, members] = True
        subsets[np.arange(len(candidates)), candidates] = True
        return subsets

    def ask(self, subsets: BoolArray) -> Generator[BoolArray, FloatArray, FloatArray]:
        """Ask for F of subsets (B, n)."""
        values = yield subsets
        self._evaluations += len(subsets)
        return values

    def admit(self, element: int, value: float) -> None:
        """Place an element at the end of the front, with the value of the prefix that it completes."""
        self._open[element] = False
        self.front.append(int(element))
        self._values.append(float(value))

    def retire(self, element: int) -> None:
        """Place an element at the start of the back."""
        self._open[element] = False
        self.back.insert(0, int(element))

    def rearrange(self, front: Sequence[int], values: Sequence[float] | FloatArray) -> None:
        """Replace the order by another front, given F of its prefixes, and an empty back."""
        self._open[:] = True
        self._open[list(front)] = False
        self.front, self.back = list(front), []
        self._values = list(values)

    def adopt(self, ranking: Ranking) -> None:
        """Take over what another search found, and its evaluations."""
        placed = int(np.argmin([*ranking.searched, False]))
        rest = ranking.order[~ranking.searched]
        self.rearrange(ranking.order[:placed].tolist(), ranking.values[:placed])
        self.back = ranking.order[placed + len(rest) :].tolist()
        self._open[self.back] = False
        self._last[rest] = -np.arange(len(rest))
        self._rounds += ranking.rounds
        self._evaluations += ranking.evaluations

    def ranking(self) -> Ranking:
        """The order as it stands: the front, what is still open by its last known value, the back."""
        rest = self.candidates[np.argsort(-self._last[self.candidates], kind="stable")]
        order = np.concatenate([self.front, rest, self.back]).astype(np.intp)
        values = np.full(self.n, np.nan)
        values[: len(self._values)] = self._values
        return Ranking(order, values, self._evaluations, ~np.isin(order, rest), tuple(self._rounds))


P = ParamSpec("P")


def search(steps: Callable[Concatenate[Order, P], Steps]) -> Callable[Concatenate[int, P], Search]:
    """Turn steps on an `Order` into a search on n elements that also ends well when its budget runs out.

    Examples
    --------
    >>> @search
    ... def singletons(order):
    ...     candidates = order.candidates
    ...     values = yield from order.join_front(candidates)
    ...     for index in np.argsort(-values, kind="stable"):
    ...         order.admit(candidates[index], np.nan)
    >>> from submod_core import rank
    >>> rank(lambda subset: 3 - min(subset, default=3), 3, search=singletons).order
    array([0, 1, 2])
    """

    @functools.wraps(steps)
    def start(n: int, /, *args: P.args, **kwargs: P.kwargs) -> Search:
        order = Order(n)
        return _finish(order, steps(order, *args, **kwargs))

    return start


def _finish(order: Order, steps: Steps) -> Search:
    with contextlib.suppress(BudgetExhausted):
        yield from steps
    return order.ranking()


def limited(search: Search, max_evaluations: int | None) -> Search:
    """The same search, stopped before the first question that would exceed the budget.

    Parameters
    ----------
    search : Search
    max_evaluations : int or None
        Most subsets that may be asked for; None for no limit. Questions are asked whole or not at all, since values
        of different rounds cannot be compared: a budget below n places nothing.

    Raises
    ------
    ValueError
        If `max_evaluations` is not a whole number of at least 1.

    Examples
    --------
    >>> from submod_core import rank
    >>> ranking = rank(len, 5, search="greedy", max_evaluations=9)
    >>> ranking.evaluations, ranking.searched
    (9, array([ True,  True, False, False, False]))
    """
    check_budget(max_evaluations)
    return search if max_evaluations is None else _limited(search, max_evaluations)


def check_budget(max_evaluations: int | None) -> None:
    """Raise ValueError unless `max_evaluations` is None or a whole number of at least 1."""
    if max_evaluations is not None:
        check_count("max_evaluations", max_evaluations)


def _limited(search: Search, left: int) -> Search:
    try:
        subsets = next(search)
        while True:
            left -= len(subsets)
            subsets = search.throw(BudgetExhausted()) if left < 0 else search.send((yield subsets))
    except StopIteration as stop:
        ranking: Ranking = stop.value
        return ranking
