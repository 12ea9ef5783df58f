"""Greedy search (LiMA, §4.3; Nemhauser, Wolsey and Fisher, 1978)."""

from dataclasses import dataclass

import numpy as np

from submod_core._checks import check_count
from submod_core.search.base import Search
from submod_core.search.order import Order
from submod_core.search.questions import Steps


@dataclass(frozen=True)
class Greedy(Search):
    """Admit, round by round, the element that raises F most; ½n² + ½n evaluations.

    On monotone submodular functions each prefix reaches (1 − 1/e) of the best subset of its size.

    Parameters
    ----------
    k : int, optional
        Number of rounds after which the search ends; the elements that remain follow by their last
        known value. By default all n.

    Raises
    ------
    ValueError
        If `k` is not a whole number of at least 1.

    Examples
    --------
    >>> from submod_core import rank
    >>> rank(sum, 4, Greedy()).order
    array([3, 2, 1, 0])
    """

    k: int | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.k is not None:
            check_count("k", self.k)

    def steps(self, order: Order) -> Steps:
        """Each round evaluates every candidate; ties break to the lowest index."""
        while len(candidates := order.candidates) and (self.k is None or len(order.front) < self.k):
            values = yield from order.join_front(candidates)
            best = np.argmax(values)
            order.admit(candidates[best], values[best])
