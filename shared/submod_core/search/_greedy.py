"""Greedy search (LiMA, §4.3; Nemhauser, Wolsey and Fisher, 1978)."""

import numpy as np

from submod_core._checks import check_count
from submod_core.search._base import Order, Steps, search


@search
def greedy(order: Order, k: int | None = None) -> Steps:
    """Admit, round by round, the element that raises F most; ½n² + ½n evaluations.

    On monotone submodular functions each prefix reaches (1 − 1/e) of the best subset of its size. Ties break to the
    lowest index. With `k` the search ends after as many rounds.

    Examples
    --------
    >>> from submod_core import rank
    >>> rank(lambda chosen: sum(chosen), 4, search="greedy").order
    array([3, 2, 1, 0])
    """
    if k is not None:
        check_count("k", k)
    while len(candidates := order.candidates) and (k is None or len(order.front) < k):
        values = yield from order.join_front(candidates)
        best = np.argmax(values)
        order.admit(candidates[best], values[best])
