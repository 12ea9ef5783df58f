"""Two-sided search: forward from the empty set and backward from the full one."""

from collections.abc import Generator
from dataclasses import dataclass

import numpy as np

from submod_core._checks import check_count, check_share
from submod_core._types import BoolArray, FloatArray, IntArray
from submod_core.search.base import Order, Search, Steps


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
        check_count("retired", self.retired)
        check_count("refresh", self.refresh)
        check_share("window", self.window)

    def steps(self, order: Order) -> Steps:
        """Each round admits one element and retires `retired` others."""
        ahead, behind = _GainWindow(order.n, self.window), _GainWindow(order.n, self.window)
        if order.n > 1:
            behind.base = float((yield from order.whole())[0])
        round_ = 0
        while len(candidates := order.candidates):
            everyone = round_ % self.refresh == 0
            looked = ahead.look(candidates, everyone)
            values = yield from order.join_front(looked)
            best = ahead.best(looked, values)
            order.admit(looked[best], values[best])
            for _ in range(self.retired):
                yield from _retire(order, behind, everyone)
            round_ += 1


def _retire(
    order: Order, behind: "_GainWindow", everyone: bool
) -> Generator[BoolArray, FloatArray, None]:
    """Retire the candidate without which F stays highest; the last candidate stays."""
    candidates = order.candidates
    if len(candidates) > 1:
        # The higher index goes first where values tie, so that the lowest stays.
        looked = behind.look(candidates, everyone)[::-1]
        values = yield from order.leave_out(looked)
        order.retire(looked[behind.best(looked, values)])


class _GainWindow:
    """The last known gain of each element, and from it the elements to evaluate next."""

    def __init__(self, n: int, window: float) -> None:
        self.gains = np.full(n, np.inf)
        self.window = window
        self.base = 0.0

    def look(self, candidates: IntArray, everyone: bool) -> IntArray:
        """The candidates with the largest last gains, in ascending order; all if `everyone`."""
        if everyone:
            return candidates
        size = int(np.ceil(self.window * len(candidates)))
        return np.sort(candidates[np.argsort(-self.gains[candidates], kind="stable")[:size]])

    def best(self, looked: IntArray, values: FloatArray) -> int:
        """The place of the largest value; the gains of all evaluated elements are kept."""
        # Values of different rounds cannot be compared; gains over the round's base can.
        self.gains[looked] = values - self.base
        self.base = float(values.max())
        return int(np.argmax(values))
