"""The base of every search: the order under construction, its result, the evaluation budget."""

import contextlib
from abc import ABC, abstractmethod
from collections.abc import Collection, Generator, Sequence
from dataclasses import dataclass, fields
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike

from submod_core._checks import as_order, check_count, check_flag, check_type
from submod_core._types import BoolArray, FloatArray, IntArray
from submod_core.search._sizes import relative_sizes
from submod_core.search.questions import (
    Budget,
    BudgetExhausted,
    Parts,
    Question,
    SearchRun,
    Steps,
    limited,
)
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

    Raises
    ------
    ValueError
        If `n` is not a whole number of at least 1, or `sizes` are not n numbers of at least 0.

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


@dataclass(frozen=True)
class Search(ABC):
    """Base of all searches: an order of a set's elements by asking for the values of subsets.

    A search of your own is a frozen dataclass with one method, `steps`. Its options are its
    fields, checked in ``__post_init__``; `repr`, equality and pickling follow. The base's
    ``__post_init__`` turns NumPy's scalars into Python's. A search knows nothing of images, models,
    batches or budgets.

    Examples
    --------
    >>> @dataclass(frozen=True)
    ... class Alone(Search):
    ...     def steps(self, order):
    ...         candidates = order.candidates
    ...         values = yield from order.join_front(candidates)
    ...         for index in np.argsort(-values, kind="stable"):
    ...             order.admit(candidates[index], np.nan)
    >>> from submod_core import rank
    >>> Alone(), rank(lambda subset: 3 - min(subset), 3, Alone()).order
    (Alone(), array([0, 1, 2]))
    """

    plans: ClassVar[bool] = False
    """Whether the search itself keeps within `Order.budget`, the curves along its order included.

    Any other search is stopped while the budget still pays for the curves of an unknown order.
    """

    def __post_init__(self) -> None:
        for option in fields(self):
            if isinstance(value := getattr(self, option.name), np.generic):
                object.__setattr__(self, option.name, value.item())

    @abstractmethod
    def steps(self, order: Order) -> Steps:
        """Place the elements of `order`, asking for values by its generators.

        When the budget is spent, `BudgetExhausted` is raised at the question that would exceed it;
        open elements then follow by their last known value.
        """

    def start(
        self,
        n: int,
        *,
        sees_complements: bool = True,
        max_evaluations: int | None = None,
        budget: Budget | None = None,
        parts: Collection[str] = (),
        sizes: ArrayLike | None = None,
    ) -> SearchRun:
        """Begin to order n elements.

        Parameters
        ----------
        n : int
            Number of elements, at least 1.
        sees_complements : bool
            Whether F looks at the complement of a subset anyway, see `Order`.
        max_evaluations : int, optional
            Most subsets that may be asked for. Questions are asked whole or not at all, since
            values of different rounds cannot be compared: a budget below n places nothing.
        budget : Budget, optional
            See `Order`.
        parts : collection of {"kept", "left"}
            See `Order`.
        sizes : array_like of float, (n,), optional
            See `Order`.

        Raises
        ------
        ValueError
            If `n` or `max_evaluations` is not a whole number of at least 1, or another argument is
            not what `Order` takes.

        Examples
        --------
        >>> from submod_core.search import Greedy
        >>> run = Greedy().start(2)
        >>> next(run)
        array([[ True, False],
               [False,  True]])
        """
        check_budget(max_evaluations)
        order = Order(n, sees_complements, budget, parts, sizes)
        run = _finish(order, self.steps(order))
        return run if max_evaluations is None else limited(run, int(max_evaluations))


def _finish(order: Order, steps: Steps) -> SearchRun:
    """Run the body of a search to its end, or to the end of the budget."""
    with contextlib.suppress(BudgetExhausted):
        yield from steps
    return order.ranking()


def check_budget(max_evaluations: int | None) -> None:
    """Raise ValueError unless `max_evaluations` is None or a whole number of at least 1."""
    if max_evaluations is not None:
        check_count("max_evaluations", max_evaluations)


def prefixes(order: ArrayLike) -> BoolArray:
    """The n + 1 prefixes of an order, the empty one first, (n + 1, n).

    Examples
    --------
    >>> prefixes([1, 0])
    array([[False, False],
           [False,  True],
           [ True,  True]])
    """
    ranks = np.argsort(as_order("order", order))
    return np.arange(len(ranks) + 1)[:, None] > ranks
