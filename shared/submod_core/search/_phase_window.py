"""Phase-window search (after Gu et al., "PhaseWin", arXiv 2511.10914)."""

import numpy as np

from submod_core._checks import check_count
from submod_core.search._base import Order, Search, Steps, search


def phase_window(n: int, /, window: int = 16) -> Search:
    """Screen all elements, then refine within a window of the best; screen again when the window no longer leads.

    Written from the paper's description: a phase begins with an evaluation of all that remain, whose best is admitted.
    Further picks look only at the `window` next best, and each pick drops the weakest of them. The phase ends when the
    window is empty, or when its best gain has fallen below the screened gain of the best element outside.

    Parameters
    ----------
    n : int
        Number of elements.
    window : int
        Elements looked at between two screenings.

    Raises
    ------
    ValueError
        If `window` is not a whole number of at least 1.

    Examples
    --------
    >>> from submod_core import rank
    >>> ranking = rank(lambda chosen: sum(chosen), 6, search="phase_window", window=2)
    >>> ranking.order, ranking.evaluations
    (array([5, 4, 3, 2, 1, 0]), 17)
    """
    check_count("window", window)
    return _phase_window(n, window)


@search
def _phase_window(order: Order, window: int) -> Steps:
    base = 0.0
    while len(candidates := order.candidates):
        screened = yield from order.join_front(candidates)
        ranked = np.argsort(-screened, kind="stable")
        best = ranked[0]
        outside = screened[ranked[window + 1]] - base if len(ranked) > window + 1 else -np.inf
        base = screened[best]
        order.admit(candidates[best], base)
        inside = np.sort(candidates[ranked[1 : window + 1]])
        while len(inside):
            values = yield from order.join_front(inside)
            best = np.argmax(values)
            if values[best] - base < outside:
                break
            base = values[best]
            order.admit(inside[best], base)
            left = np.delete(np.arange(len(inside)), best)
            weakest = left[len(left) - 1 - np.argmin(values[left][::-1])] if len(left) else best
            inside = np.delete(inside, sorted({int(best), int(weakest)}))
