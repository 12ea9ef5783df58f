"""Plan of the guided search: how many images each pick and the moves at the end may ask for."""

import math

import numpy as np

from submod_core._types import BoolArray
from submod_core.search._judge import Judge
from submod_core.search.order import Order

# Candidates of a pick, beside the one that is expected to win, that a budget pays for before moves.
_FIRST_EXTRA = 3
# Elements of a group that is looked at first where the budget is too small for single ones.
_GROUP = 4
# Subsets for moves, as a multiple of n, that a budget pays for before still more candidates.
_FIRST_MOVES = 2


class Plan:
    """Numbers of images to ask for, so as to be best within the budget.

    Every pick completes one prefix of the order, and the curves along the order need both sides of
    each: those images are kept back. What a budget leaves is spent on the first look at single
    elements, if as many images are left after it, else on one at groups of four; then on up to four
    candidates of a pick, then on moves of the finished order, then on both. Measured on
    photographs, this order of spending has the highest insertion for its images; early picks gain
    more by candidates than late ones.

    Without a budget, or where the default search fits into it, a pick looks at a share of the
    candidates.

    Parameters
    ----------
    order : Order
        With its budget, if any.
    judge : Judge
    share : float
        Share of the candidates that a pick of the default search looks at.
    moves : int
        Most subsets for moves.
    front : float
        Share of the elements whose prefixes count most in the sum that moves raise.
    """

    def __init__(
        self, order: Order, judge: Judge, share: float, moves: int, front: float = 0
    ) -> None:
        self.order, self.judge, self.share = order, judge, share
        self.front = front
        always = judge.always
        self.most_moves = moves * (1 if always is None else int(always.sum()))  # images
        self._extra: float | None = None  # images beyond one a pick, for picks to come

    def affordable(self) -> int:
        """Images that may be asked for, beside those of the curves; at least 0.

        The curves need both sides of the prefixes known so far, and of those to come.
        """
        order, n = self.order, self.order.n
        if order.budget is None:
            return 1 << 62
        # Prefixes end within the front, or before an element of the back.
        place = np.full(n, len(order.front))
        place[order.front] = np.arange(len(order.front))
        place[order.back] = len(order.front) + 1 + np.arange(len(order.back))
        known = np.arange(len(order.front) + 1 + len(order.back))[:, None] > place
        needed = order.budget.cost(np.concatenate([known, ~known]))
        return max(0, order.budget.left - needed - 2 * max(0, n - len(known)))

    def pays(self, images: BoolArray, beside: int = 0) -> bool:
        """Whether the budget pays for images (B, n) that complete a prefix, and for the curves.

        So many images are left `beside`.
        """
        self.divide_anew()
        least = beside - self.judge.sides
        return self.price(images) + least <= self.affordable()

    def affords(self, images: BoolArray) -> bool:
        """Whether the budget, if any, pays for images (B, n), where the curves are known."""
        return self.order.budget is None or self.price(images) <= self.order.budget.left

    def price(self, images: BoolArray) -> int:
        """Images that the model sees for a question, those that are known left out."""
        budget, shown = self.order.budget, self.judge.shown(images)
        return len(images) if budget is None else budget.cost(shown)

    def divide_anew(self) -> None:
        """Divide what the budget leaves anew: images were asked for that no pick counted."""
        self._extra = None

    def known_images(self, subsets: BoolArray) -> int:
        """Number of images known of subsets (B, n) and of what they leave; 0 without a budget."""
        budget = self.order.budget
        if budget is None:
            return 0
        return 2 * len(subsets) - budget.cost(np.concatenate([subsets, ~subsets]))

    def groups(self) -> list[np.ndarray]:
        """Groups of neighbouring elements to look at first where single ones cost too much."""
        most = min(-(-self.order.n // _GROUP), self.affordable() // self.judge.sides)
        return np.array_split(np.arange(self.order.n), most or 1)

    def candidates(self, size: int, sides: int) -> int:
        """Number of `size` candidates that the next pick looks at, each by one or two sides."""
        if self._extra is None:
            self._extra = self._divided(size)
        if math.isinf(self._extra):
            return min(self.by_share(size), 1 + self.affordable() // sides)
        share = math.ceil(self._extra / (size - 1) / sides)
        most = min(size, 1 + share, 1 + int(self._extra // sides))
        self._extra = max(0.0, self._extra - (most - 1) * sides)
        return most

    def spare(self, size: int) -> int:
        """Images beyond those that the default search takes for picks from `size` candidates on."""
        default = sum(self.by_share(s) - 1 for s in range(size, 1, -1))
        return self.affordable() - self.judge.sides * default

    def is_tight(self, size: int) -> bool:
        """Whether the budget does not pay for the default search."""
        return not math.isinf(self._divided(size))

    def _divided(self, size: int) -> float:
        """Images beyond one a pick that all picks to come may take; infinite where all fits."""
        sizes, sides, spare = range(size, 1, -1), self.judge.sides, self.affordable()
        default = sides * sum(self.by_share(s) - 1 for s in sizes)
        if default + self.most_moves <= spare:
            return math.inf
        first = sides * _FIRST_EXTRA * len(sizes)
        beyond = max(0, spare - first - sides * _FIRST_MOVES * self.order.n)
        moves = min(self.most_moves, max(0, spare - first) - beyond // 2)
        return min(spare - moves, sides * sum(s - 1 for s in sizes))

    def by_share(self, size: int) -> int:
        """Number of `size` candidates that a pick looks at without a budget."""
        return min(size, max(2, math.ceil(self.share * size)))
