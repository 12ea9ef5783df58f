"""The order that a search builds, and the questions that it asks on the way."""

from collections.abc import Collection, Generator, Sequence

import numpy as np
from numpy.typing import ArrayLike

from submod_core._checks import as_masks, check_count, check_flag, check_type
from submod_core._types import BoolArray, FloatArray, IntArray
from submod_core.search._sizes import relative_sizes
from submod_core.search.questions import Budget, Parts, Question
from submod_core.search.result import Ranking, Round


class Order:
    """An order under construction.

    The front grows from the most important element on, the back from the least important one.
    Open elements, the candidates, are in neither.

    Parameters
    ----------
    n : int
        Number of elements, at least 1.
    sees_complements : bool
        Whether F of a subset looks at its complement anyway, so that F of both costs no more model
        calls than F of one.
    budget : Budget, optional
        What is left of the budget of images, for searches that plan by it.
    parts : collection of {"kept", "left"}
        The parts that F is a sum of, where they may be asked for one by one: see `Parts`. Empty
        where F can be asked for as a whole alone.
    sizes : array_like of float, (n,), optional
        Sizes of the elements in any unit, at least 0: the area under curves counts prefixes by
        them. `Order.sizes` are those over their mean, or all 1, as by default, where the largest is
        at most four times the smallest: so small a difference says less than what elements add. An
        element of size 0 counts as one of the smallest size above it.
    known : array_like of bool, (m, n), optional
        Subsets, or single sides where F has `parts`, whose answers cost nothing: of a search among
        groups of the elements.

    Raises
    ------
    ValueError
        If `n` is not a whole number of at least 1, `sizes` are not n numbers of at least 0, or
        `known` are not m masks of n elements.

    Examples
    --------
    >>> order = Order(3)
    >>> order.admit(2, value=0.5)
    >>> order.retire(0)
    >>> order.candidates, order.ranking().order
    (array([1]), array([2, 1, 0]))
    """

    def __init__(
        self,
        n: int,
        sees_complements: bool = True,
        budget: Budget | None = None,
        parts: Collection[str] = (),
        sizes: ArrayLike | None = None,
        known: ArrayLike | None = None,
    ) -> None:
        check_count("n", n)
        check_flag("sees_complements", sees_complements)
        check_type("budget", budget, Budget | None, "an object with `left` and `cost`, or None")
        named = isinstance(parts, Collection) and not isinstance(parts, str)
        if not named or not all(part in ("kept", "left") for part in parts):
            raise ValueError(f"`parts` (={parts!r}) must be a collection of 'kept' and 'left'")
        self.sizes = np.ones(int(n)) if sizes is None else relative_sizes(sizes, int(n))
        self.n, self.budget, self.parts = int(n), budget, frozenset(parts)
        self.sees_complements = sees_complements
        none = np.zeros((0, self.n), dtype=bool)
        self.known = none if known is None else as_masks("known", known, self.n)
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

    def join_front(self, candidates: IntArray) -> Generator[Question, FloatArray, FloatArray]:
        """Ask for F(front ∪ {c}) of each candidate c."""
        values = yield from self.ask(self._joined(self.front, candidates))
        self.note(candidates, values)
        return values

    def note(self, candidates: IntArray, values: FloatArray) -> None:
        """Keep F(front ∪ {c}) of each candidate c as a forward round of the search."""
        self._last[candidates] = values
        self._rounds.append(Round(len(self.front), candidates, values))

    def join_back(self, candidates: IntArray) -> Generator[Question, FloatArray, FloatArray]:
        """Ask for F({c} ∪ back) of each candidate c."""
        return (yield from self.ask(self._joined(self.back, candidates)))

    def whole(self) -> Generator[Question, FloatArray, FloatArray]:
        """Ask for F of all elements."""
        return (yield from self.ask(np.ones((1, self.n), dtype=bool)))

    def leave_out(self, candidates: IntArray) -> Generator[Question, FloatArray, FloatArray]:
        """Ask for F of all that is not in the back, without c, for each candidate c."""
        subsets = self._joined([*self.front, *self.candidates], candidates)
        subsets[np.arange(len(candidates)), candidates] = False
        return (yield from self.ask(subsets))

    def _joined(self, members: Sequence[int], candidates: IntArray) -> BoolArray:
        """Make members ∪ {c} for each candidate c, (B, n)."""
        subsets = np.zeros((len(candidates), self.n), dtype=bool)
        subsets[:, members] = True
        subsets[np.arange(len(candidates)), candidates] = True
        return subsets

    def ask(self, subsets: BoolArray) -> Generator[Question, FloatArray, FloatArray]:
        """Ask for F of subsets (B, n)."""
        values = yield subsets
        self._evaluations += len(subsets)
        return values

    def ask_parts(self, sides: BoolArray) -> Generator[Question, FloatArray, FloatArray]:
        """Ask for the parts of F that look at sides (B, n): kept(X) and left(X), (2, B)."""
        values = yield Parts(sides)
        self._evaluations += len(sides)
        return values

    def rate(self, elements: IntArray, values: FloatArray) -> None:
        """Keep values by which elements follow where the budget ends before they are placed."""
        self._last[elements] = values

    def admit(self, element: int, value: float) -> None:
        """Place an element at the end of the front, with the value of the prefix it completes."""
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
        """Take over the result of another search, and its evaluations."""
        # Its front is all before the first element that it did not place. Open elements keep their
        # order: the last known values that `ranking` sorts by are set to fall along it.
        placed = int(np.argmin([*ranking.searched, False]))
        rest = ranking.order[~ranking.searched]
        self.rearrange(ranking.order[:placed].tolist(), ranking.values[:placed])
        self.back = ranking.order[placed + len(rest) :].tolist()
        self._open[self.back] = False
        self._last[rest] = -np.arange(len(rest))
        self._rounds += ranking.rounds
        self._evaluations += ranking.evaluations

    def ranking(self) -> Ranking:
        """The order as it stands: the front, open elements by their last known value, the back."""
        rest = self.candidates[np.argsort(-self._last[self.candidates], kind="stable")]
        order = np.concatenate([self.front, rest, self.back]).astype(np.intp)
        values = np.full(self.n, np.nan)
        values[: len(self._values)] = self._values
        searched = ~np.isin(order, rest)
        known = searched | np.isfinite(self._last[order])
        return Ranking(order, values, self._evaluations, searched, tuple(self._rounds), known=known)
