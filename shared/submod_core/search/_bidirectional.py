"""Bidirectional greedy search (LiMA, Algorithm 1)."""

import math

import numpy as np

from submod_core._checks import check_count_or_share
from submod_core.search._base import Order, Search, Steps, search


def bidirectional(n: int, /, n_pending: int | float = 8) -> Search:
    """Admit the best element and retire one of the worst in each round; 805 evaluations for n = 49, n_pending = 8.

    Parameters
    ----------
    n : int
        Number of elements.
    n_pending : int, or float in (0, 1)
        The paper's n_p, or a share of n, rounded up: how many elements of the smallest value F(front ∪ {c}) are tried
        for the back, where the one that minimises F({c} ∪ back) goes. With at most that many left, the search is
        greedy.

    Raises
    ------
    ValueError
        If `n_pending` is neither a whole number of at least 1 nor a share below 1.

    Examples
    --------
    >>> from submod_core import rank
    >>> ranking = rank(lambda chosen: sum(chosen), 4, search="bidirectional", n_pending=1)
    >>> ranking.order, ranking.evaluations
    (array([3, 2, 1, 0]), 8)
    """
    check_count_or_share("n_pending", n_pending)
    return _bidirectional(n, math.ceil(n_pending * n) if n_pending < 1 else int(n_pending))


@search
def _bidirectional(order: Order, n_pending: int) -> Steps:
    while len(candidates := order.candidates):
        values = yield from order.join_front(candidates)
        best = np.argmax(values)
        order.admit(candidates[best], values[best])
        candidates, values = np.delete(candidates, best), np.delete(values, best)
        if len(candidates) > n_pending:
            pending = np.sort(candidates[np.argsort(values, kind="stable")[:n_pending]])
            values = yield from order.join_back(pending)
            order.retire(pending[np.argmin(values)])
