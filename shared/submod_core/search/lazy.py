"""Lazy greedy search: gains are evaluated again only where they can be the best (Minoux, 1978)."""

from dataclasses import dataclass

import numpy as np

from submod_core._checks import check_count
from submod_core.search.base import Search
from submod_core.search.order import Order
from submod_core.search.questions import Steps

# Values this near to each other, as a share of the spread of all values seen, may differ by the
# rounding of a float32 model alone; so may values within some units of the last place.
_NOISE = 1e-6
_LAST_PLACES = 16 * np.finfo(np.float64).eps


@dataclass(frozen=True)
class Lazy(Search):
    """Greedy order with fewer evaluations; exactly the order of `Greedy` if F is submodular.

    Gains of a submodular F never grow. An element whose last gain is below the best gain of the
    round cannot be the best and is not evaluated again. Elements are evaluated where only rounding
    keeps them below the best: the order is that of `Greedy` also where F is submodular up to 1e-6
    of its spread. Where F is not submodular the order differs: on networks many gains grow.

    Parameters
    ----------
    k : int, optional
        Number of rounds after which the search ends, as of `Greedy`. By default all n.

    Raises
    ------
    ValueError
        If `k` is not a whole number of at least 1.

    Examples
    --------
    >>> from submod_core import rank
    >>> sets = [{1, 2}, {2, 3, 4, 5}, {5}, {6}]
    >>> ranking = rank(lambda chosen: len(set().union(*(sets[i] for i in chosen))), 4, Lazy())
    >>> ranking.order, ranking.evaluations
    (array([1, 0, 3, 2]), 9)
    """

    k: int | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.k is not None:
            check_count("k", self.k)

    def steps(self, order: Order) -> Steps:
        """Each round evaluates the largest bounds until no other can exceed the best value."""
        # F of the empty set is not known, so the values of the first round are no gains: bounds
        # exist from the second round on.
        bounds, base = np.full(order.n, np.inf), 0.0
        lowest, highest = np.inf, -np.inf
        while len(candidates := order.candidates) and (self.k is None or len(order.front) < self.k):
            # Evaluate the candidates with the highest bound, all of equal ones, until no stale
            # bound can exceed the best fresh value. NumPy's argmax breaks ties to the lowest index.
            fresh = np.full(order.n, -np.inf)
            stale = candidates
            while len(stale):
                looked = stale[bounds[stale] == bounds[stale].max()]
                fresh[looked] = values = yield from order.join_front(looked)
                lowest, highest = min(lowest, values.min()), max(highest, values.max())
                rounding = _NOISE * (highest - lowest) + _LAST_PLACES * max(-lowest, highest)
                stale = np.setdiff1d(stale, looked)
                stale = stale[base + bounds[stale] >= fresh.max() - rounding]
            best = int(np.argmax(fresh))
            if order.front:
                seen = np.isfinite(fresh)
                bounds[seen] = fresh[seen] - base
            base = float(fresh[best])
            order.admit(best, base)
