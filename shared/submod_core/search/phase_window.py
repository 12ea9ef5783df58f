"""Phase-window search, after Gu et al., "PhaseWin" (arXiv 2511.10914)."""

from dataclasses import dataclass

import numpy as np

from submod_core._checks import check_count
from submod_core.search._gains import empty_value
from submod_core.search.base import Order, Search, Steps


@dataclass(frozen=True)
class PhaseWindow(Search):
    """Screen all elements, then refine within a window of the best; screen again when it is spent.

    Written from the paper's description. A phase begins with an evaluation of all remaining
    elements, and admits the best. Further picks look only at the `window` next best, and each pick
    drops the weakest of the window. The phase ends when the window is empty, or when its best gain
    has fallen below the screened gain of the best element outside.

    Parameters
    ----------
    window : int
        Elements looked at between two screenings.

    Raises
    ------
    ValueError
        If `window` is not a whole number of at least 1.

    Examples
    --------
    >>> from submod_core import rank
    >>> ranking = rank(sum, 6, PhaseWindow(window=2))
    >>> ranking.order, ranking.evaluations
    (array([5, 4, 3, 2, 1, 0]), 17)
    """

    window: int = 16

    def __post_init__(self) -> None:
        super().__post_init__()
        check_count("window", self.window)

    def steps(self, order: Order) -> Steps:
        """Each phase screens every candidate, then looks at its window alone."""
        window = self.window
        # F of the front, and F of what the front was before its last screening: F of the empty set
        # is not asked for.
        base: float | None = None
        while len(candidates := order.candidates):
            # Screening: admit the best, put the next `window` elements into the window, and keep
            # the best gain beyond as the bar for later picks.
            screened = yield from order.join_front(candidates)
            ranked = np.argsort(-screened, kind="stable")
            best, outside = ranked[0], ranked[window + 1 : window + 2]
            before, base = base, float(screened[best])
            order.admit(candidates[best], base)
            places = np.sort(ranked[1 : window + 1])
            inside = candidates[places]
            while len(inside):
                values = yield from order.join_front(inside)
                best = np.argmax(values)
                if before is None:
                    before = empty_value(screened[places], base, values)
                if (values[best] - base < screened[outside] - before).any():
                    break
                base = float(values[best])
                order.admit(inside[best], base)
                # Drop the weakest element of the rest of the window; of equal ones the highest
                # index.
                left = np.delete(np.arange(len(inside)), best)
                weakest = left[len(left) - 1 - np.argmin(values[left][::-1])] if len(left) else best
                inside = np.delete(inside, sorted({int(best), int(weakest)}))
