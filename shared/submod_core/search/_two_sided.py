"""Two-sided search: forward from the empty set and backward from the full one."""

from collections.abc import Generator

import numpy as np

from submod_core._checks import check_count, check_share
from submod_core._types import BoolArray, FloatArray, IntArray
from submod_core.search._base import Order, Search, Steps, search


def two_sided(n: int, /, retired: int = 2, window: float = 0.3, refresh: int = 4) -> Search:
    """Admit the best element, then retire those without which F stays highest, looking mostly at promising ones.

    Parameters
    ----------
    n : int
        Number of elements.
    retired : int
        Elements retired per element admitted.
    window : float
        Share of the remaining elements, those most promising by their last value, that a pick evaluates, in (0, 1].
    refresh : int
        In every so many rounds all are evaluated.

    Raises
    ------
    ValueError
        If an option is out of range.

    Examples
    --------
    >>> from submod_core import rank
    >>> rank(lambda chosen: sum(chosen), 5, search="two_sided").order
    array([4, 3, 2, 1, 0])
    """
    check_count("retired", retired)
    check_count("refresh", refresh)
    check_share("window", window)
    return _two_sided(n, retired, window, refresh)


@search
def _two_sided(order: Order, retired: int, window: float, refresh: int) -> Steps:
    ahead, behind = _Promise(order.n, window), _Promise(order.n, window)
    if order.n > 1:
        behind.base = float((yield from order.whole())[0])
    round_ = 0
    while len(candidates := order.candidates):
        everyone = round_ % refresh == 0
        looked = ahead.look(candidates, everyone)
        values = yield from order.join_front(looked)
        best = ahead.best(looked, values)
        order.admit(looked[best], values[best])
        for _ in range(retired):
            yield from _retire(order, behind, everyone)
        round_ += 1


def _retire(order: Order, behind: "_Promise", everyone: bool) -> Generator[BoolArray, FloatArray, None]:
    candidates = order.candidates
    if len(candidates) > 1:
        # The higher index goes first where values tie, so that the lowest stays.
        looked = behind.look(candidates, everyone)[::-1]
        values = yield from order.leave_out(looked)
        order.retire(looked[behind.best(looked, values)])


class _Promise:
    """By how much each element last moved F, and who is worth a look."""

    def __init__(self, n: int, window: float) -> None:
        self.moved = np.full(n, np.inf)
        self.window = window
        self.base = 0.0

    def look(self, candidates: IntArray, everyone: bool) -> IntArray:
        if everyone:
            return candidates
        size = int(np.ceil(self.window * len(candidates)))
        return np.sort(candidates[np.argsort(-self.moved[candidates], kind="stable")[:size]])

    def best(self, looked: IntArray, values: FloatArray) -> int:
        # Values of different rounds cannot be compared; what they add to their set can.
        self.moved[looked] = values - self.base
        self.base = float(values.max())
        return int(np.argmax(values))
