"""Questions of picks to come, asked along with those of a pick, for the guided search."""

import heapq
from itertools import count

import numpy as np

from submod_core._types import BoolArray, IntArray
from submod_core.search._judge import Judge, images
from submod_core.search._plan import Plan

# Chance that a pick takes the candidate with the best guess, the second best, … .
_CHANCES = (0.5, 0.2, 0.1, 0.05)


class Ahead:
    """Asks along what the likeliest next picks would ask, so that rounds are fewer and fuller.

    A pick that was foreseen has its answers already. The others were asked in vain.

    Parameters
    ----------
    judge : Judge
    plan : Plan
    size : int
        Images up to which a round is filled.
    """

    def __init__(self, judge: Judge, plan: Plan, size: int) -> None:
        self.judge, self.plan, self.size = judge, plan, size
        self._windows: dict[bytes, tuple[IntArray, BoolArray]] = {}

    def window(self, base: BoolArray) -> tuple[IntArray, BoolArray] | None:
        """The candidates that were asked for if this base was foreseen, and the sides (2,)."""
        # Of a modular function the judge knows the order better than guesses do.
        return None if self.judge.modular else self._windows.get(base.tobytes())

    def images(self, base: BoolArray, looked: IntArray, sides: BoolArray) -> BoolArray:
        """Images (k, n) for picks that may follow this one, which looks at sides of candidates.

        Picks are foreseen one after the other, the likeliest first, along each way on.
        """
        n, found = len(base), list[BoolArray]()
        if not self.size or self.window(base) is not None:
            return np.zeros((0, n), dtype=bool)
        asked = set(self._new(base, looked, sides))
        candidates = self.judge.order.candidates
        # Where F needs both sides, a question about one shows the model two images.
        shown = max(1, self.judge.sides // int(sides.sum()))
        most = min(self.size, self.plan.spare(len(candidates) - 1)) // shown - len(asked)
        ticket = count()  # equal chances in the order in which they were found
        ways: list[tuple[float, int, BoolArray, IntArray]] = []

        def foresee(chance: float, base: BoolArray, candidates: IntArray, best: IntArray) -> None:
            for element, share in zip(best.tolist(), _CHANCES, strict=False):
                after = base.copy()
                after[element] ^= True
                left = candidates[candidates != element]
                heapq.heappush(ways, (-chance * share, next(ticket), after, left))

        foresee(1.0, base, candidates, self.judge.likely(base, looked)[0])
        while ways and len(found) < most:
            chance, _, after, left = heapq.heappop(ways)
            if len(left) < 2 or after.tobytes() in self._windows:
                continue
            best, sides = self.judge.likely(after, left)
            looked = np.sort(best[: self.plan.by_share(len(left))])
            new = self._new(after, looked, sides)
            new = {key: one for key, one in new.items() if key not in asked}
            if len(found) + len(new) > most:
                continue  # a less likely one may fit
            self._windows[after.tobytes()] = looked, sides
            asked |= set(new)
            found += new.values()
            foresee(-chance, after, left, best)
        if found:
            self.plan.divide_anew()
        return np.array(found, dtype=bool).reshape(-1, n)

    def _new(self, base: BoolArray, looked: IntArray, sides: BoolArray) -> dict[bytes, BoolArray]:
        """Images of the base with each candidate taken out that are not known, by their bits."""
        asked = images(base ^ (np.arange(len(base)) == looked[:, None]), sides)
        return {one.tobytes(): one for one in self.judge.unknown(asked)}
