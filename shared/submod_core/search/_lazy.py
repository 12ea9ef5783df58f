"""Lazy greedy searches: gains are re-evaluated only where they may matter (Minoux, 1978)."""

import numpy as np

from submod_core._checks import check_count
from submod_core.search._base import Order, Search, Steps, search


@search
def lazy(order: Order) -> Steps:
    """Greedy's order with fewer evaluations, exactly if F is submodular: gains then never grow.

    An element whose last gain is below the best of this round cannot be the best and is not evaluated again. Where F
    is not submodular (on networks many gains grow) the order is another one.

    Examples
    --------
    >>> from submod_core import rank
    >>> sets = [{1, 2}, {2, 3, 4, 5}, {5}, {6}]
    >>> ranking = rank(lambda chosen: len(set().union(*(sets[i] for i in chosen))), 4, search="lazy")
    >>> ranking.order, ranking.evaluations
    (array([1, 0, 3, 2]), 9)
    """
    # F of the empty set is not known: until two rounds are over no gain bounds anything.
    bounds, base = np.full(order.n, np.inf), 0.0
    while len(candidates := order.candidates):
        fresh = np.full(order.n, -np.inf)
        stale = candidates
        while len(stale):
            looked = stale[bounds[stale] == bounds[stale].max()]
            fresh[looked] = yield from order.join_front(looked)
            stale = np.setdiff1d(stale, looked)
            stale = stale[base + bounds[stale] >= fresh.max()]
        best = int(np.argmax(fresh))
        if order.front:
            seen = np.isfinite(fresh)
            bounds[seen] = fresh[seen] - base
        base = fresh[best]
        order.admit(best, base)


def batched_lazy(n: int, /, batch: int = 16) -> Search:
    """In each round evaluate the elements of the largest last gains, one batch of them, and admit the best.

    Parameters
    ----------
    n : int
        Number of elements.
    batch : int
        Elements evaluated per round; all in the first.

    Raises
    ------
    ValueError
        If `batch` is not a whole number of at least 1.

    Examples
    --------
    >>> from submod_core import rank
    >>> rank(lambda chosen: sum(chosen), 5, search="batched_lazy", batch=2).order
    array([4, 3, 2, 1, 0])
    """
    check_count("batch", batch)
    return _batched_lazy(n, batch)


@search
def _batched_lazy(order: Order, batch: int) -> Steps:
    gains, base = np.full(order.n, np.inf), 0.0
    while len(candidates := order.candidates):
        size = batch if order.front else order.n
        looked = np.sort(candidates[np.argsort(-gains[candidates], kind="stable")[:size]])
        values = yield from order.join_front(looked)
        gains[looked] = values - base
        best = np.argmax(values)
        base = values[best]
        order.admit(looked[best], base)
