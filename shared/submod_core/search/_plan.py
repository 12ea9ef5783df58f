"""Plan of the guided search: how many subsets each pick and the moves at the end may ask for."""

import math

import numpy as np

from submod_core._types import BoolArray
from submod_core.search.base import Order

# Candidates of a pick, beside the one that is expected to win, that a budget pays for before moves.
_FIRST_EXTRA = 3
# Subsets for moves, as a multiple of n, that a budget pays for before still more candidates.
_FIRST_MOVES = 2


class Plan:
    """Numbers of subsets to look at, so as to be best within the budget of images.

    Every pick completes one prefix of the order, and the curves along the order need both sides of
    each: those images are kept back. What a budget leaves is spent on the first look at single
    elements, then on up to four candidates of a pick, then on moves of the finished order, then on
    both. Measured on photographs, this order of spending has the highest insertion for its images;
    early picks gain more by candidates than late ones.

    Without a budget, or where the default search fits into it, a pick looks at a share of the
    candidates.

    Parameters
    ----------
    order : Order
        With its budget, if any.
    pairs : bool
        Whether a subset is asked for with its complement.
    share : float
        Share of the candidates that a pick of the default search looks at.
    most_moves : int
        Most subsets for moves.
    """

    def __init__(self, order: Order, pairs: bool, share: float, most_moves: int) -> None:
        self.order, self.pairs, self.share, self.most_moves = order, pairs, share, most_moves
        self._extra: float | None = None  # looks beyond one a pick, for picks to come

    @property
    def _image_cost(self) -> int:
        """Images of one subset."""
        return 2 if self.pairs or self.order.sees_complements else 1

    def _kept_back(self, picks: int) -> int:
        """Images that the curves will need after so many of the n − 1 picks."""
        unknown = 2 * (self.order.n - 1 - picks)
        if self._image_cost == 1:  # the complements of known prefixes are still to be asked for
            unknown += picks
        return unknown + (not self.order.sees_complements)  # the empty set

    def affordable(self, picks: int) -> int:
        """Subsets that may be asked for, before `picks` prefixes are known; at least 0."""
        if self.order.budget is None:
            return 1 << 62
        return max(0, self.order.budget.left - self._kept_back(picks)) // self._image_cost

    def pays(self, subsets: BoolArray) -> bool:
        """Whether the budget pays for a look at `subsets` (B, n), and for the curves."""
        budget = self.order.budget
        if budget is None:
            return True
        sides = [subsets, ~subsets][: self._image_cost]
        return budget.left - budget.cost(np.concatenate(sides)) >= self._kept_back(1)

    def groups(self) -> list[np.ndarray]:
        """Groups of neighbouring elements to look at first where single ones cost too much."""
        n = self.order.n
        return np.array_split(np.arange(n), min(n, self.affordable(0)) or 1)

    def candidates(self, size: int) -> int:
        """Number of `size` candidates that the next pick looks at; size − 1 picks are left."""
        if self._extra is None:
            self._extra = self._divided(size)
        if math.isinf(self._extra):
            return self.by_share(size)
        most = min(size, 1 + math.ceil(self._extra / (size - 1)))
        self._extra -= most - 1
        return most

    def is_tight(self, size: int) -> bool:
        """Whether the budget does not pay for the default search."""
        return not math.isinf(self._divided(size))

    def _divided(self, size: int) -> float:
        """Looks beyond one a pick that all picks to come may take; infinite where all fits."""
        sizes = range(size, 1, -1)
        spare = self.affordable(self.order.n - size)
        default = sum(self.by_share(s) - 1 for s in sizes)
        if default + self.most_moves <= spare:
            return math.inf
        first = _FIRST_EXTRA * len(sizes)
        beyond = max(0, spare - first - _FIRST_MOVES * self.order.n)
        moves = min(self.most_moves, max(0, spare - first) - beyond // 2)
        return min(spare - moves, sum(s - 1 for s in sizes))

    def by_share(self, size: int) -> int:
        """Number of `size` candidates that a pick looks at without a budget."""
        return min(size, max(2, math.ceil(self.share * size)))
