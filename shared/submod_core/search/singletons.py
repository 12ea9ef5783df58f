"""Search by single elements: the simplest one that asks for values."""

from dataclasses import dataclass

import numpy as np

from submod_core.search.base import Search
from submod_core.search.order import Order
from submod_core.search.questions import Steps


@dataclass(frozen=True)
class Singletons(Search):
    """Order the elements by F of each alone; n evaluations.

    A floor for comparisons: every other search has to be better.

    Examples
    --------
    >>> from submod_core import rank
    >>> rank(sum, 4, Singletons()).order
    array([3, 2, 1, 0])
    """

    def steps(self, order: Order) -> Steps:
        """One round; only the first prefix has a known value."""
        candidates = order.candidates
        values = yield from order.join_front(candidates)
        for place, i in enumerate(np.argsort(-values, kind="stable")):
            order.admit(candidates[i], np.nan if place else values[i])
