"""The base of every search, and the budget of its evaluations."""

import contextlib
from abc import ABC, abstractmethod
from collections.abc import Collection
from dataclasses import dataclass, fields
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike

from submod_core._checks import as_order, check_count
from submod_core._types import BoolArray
from submod_core.search.order import Order
from submod_core.search.questions import (
    Budget,
    BudgetExhausted,
    SearchRun,
    Steps,
    limited,
)


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

    @property
    def fills_rounds(self) -> bool:
        """Whether images may be asked for in vain, so that rounds are fewer and fuller."""
        return False

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
        known: ArrayLike | None = None,
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
        known : array_like of bool, (m, n), optional
            See `Order`; a search may look at them first, as `Guided` does.

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
        order = Order(n, sees_complements, budget, parts, sizes, known)
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
