"""Two-sided search: forward from the empty set and backward from the full one."""

from dataclasses import dataclass

import numpy as np

from submod_core._checks import check_count, check_share
from submod_core._types import IntArray
from submod_core.search._gains import LastGains
from submod_core.search.base import Search
from submod_core.search.order import Order
from submod_core.search.questions import Steps


@dataclass(frozen=True)
class TwoSided(Search):
    """Admit the best element and retire the elements without which F stays highest, in turns.

    Parameters
    ----------
    retired : int
        Elements retired per element admitted.
    window : float
        Share of the remaining elements that a pick evaluates, in (0, 1]: the elements with the
        largest last gains.
    refresh : int
        Number of rounds from one evaluation of all remaining elements to the next.

    Raises
    ------
    ValueError
        If an option is out of range.

    Examples
    --------
    >>> from submod_core import rank
    >>> rank(sum, 5, TwoSided()).order
    array([4, 3, 2, 1, 0])
    """

    retired: int = 2
    window: float = 0.3
    refresh: int = 4

    def __post_init__(self) -> None:
        super().__post_init__()
        check_count("retired", self.retired)
        check_count("refresh", self.refresh)
        check_share("window", self.window)

    def steps(self, order: Order) -> Steps:
        """Each round admits one element and retires `retired` others."""
        # F before the first retirement is that of all elements; F before the first admission, that
        # of none, is not asked for.
        everything = float((yield from order.whole())[0]) if order.n > 1 else None
        ahead, behind = LastGains(order.n), LastGains(order.n, everything)
        round_ = 0
        while len(candidates := order.candidates):
            everyone = round_ % self.refresh == 0
            looked = self._looked(ahead, candidates, everyone)
            values = yield from order.join_front(looked)
            best = ahead.update(looked, values)
            order.admit(looked[best], values[best])
            for _ in range(self.retired):
                yield from self._retire(order, behind, everyone)
            round_ += 1

    def _looked(self, last: LastGains, candidates: IntArray, everyone: bool) -> IntArray:
        """The candidates with the largest last gains, in ascending order; all if `everyone`."""
        size = len(candidates) if everyone else int(np.ceil(self.window * len(candidates)))
        return last.highest(candidates, size)

    def _retire(self, order: Order, behind: LastGains, everyone: bool) -> Steps:
        """Retire the candidate without which F stays highest; the last candidate stays."""
        candidates = order.candidates
        if len(candidates) > 1:
            # The higher index goes first where values tie, so that the lowest stays.
            looked = self._looked(behind, candidates, everyone)[::-1]
            values = yield from order.leave_out(looked)
            order.retire(looked[behind.update(looked, values)])
