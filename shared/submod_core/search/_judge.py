"""Worth of subsets for the guided search: evaluated, or guessed from those seen so far."""

from collections.abc import Generator, Sequence

import numpy as np

from submod_core._types import BoolArray, FloatArray, IntArray
from submod_core.search._surrogate import Surrogate
from submod_core.search.base import Order

# Step to which worths are rounded, as a share of the largest distance of F from F of all elements.
_NOISE = 1e-6


def members(n: int, elements: Sequence[int] | IntArray) -> BoolArray:
    """One subset of n elements as a mask, (n,)."""
    members = np.zeros(n, dtype=bool)
    members[list(elements)] = True
    return members


class Judge:
    """Evaluates the worth of subsets, and guesses the worth of others."""

    def __init__(self, order: Order, complement_weight: float) -> None:
        self.order, self.complement_weight = order, complement_weight
        self.surrogate = Surrogate(order.n)
        # Worths are counted from F of all elements, and rounded to a share of how far F moves from
        # it, so that neither a constant added to F nor the unit of F matters.
        self._whole = self._reach = 0.0
        # What each element adds to the worth, up to a constant, if F is modular as far as seen.
        self._added: FloatArray | None = None
        self._modular, self._agreeing = True, 0
        # F and worth of what was asked ahead of its time.
        self._known: dict[bytes, FloatArray] = {}

    def knows(self, subset: BoolArray) -> bool:
        """Whether a subset (n,) was asked ahead of its time."""
        return subset.tobytes() in self._known

    def look_at_all(self) -> Generator[BoolArray, FloatArray, FloatArray]:
        """Ask for F of all elements, (1,), before anything else."""
        values = yield from self.order.whole()
        self._whole = float(values[0])
        return values

    def look(self, subsets: BoolArray) -> Generator[BoolArray, FloatArray, FloatArray]:
        """Ask for F and the worth of subsets (B, n); return them as (2, B)."""
        weight = self.complement_weight
        seen = yield from self.order.ask(np.concatenate([subsets, ~subsets]) if weight else subsets)
        self._reach = max(self._reach, float(np.abs(seen - self._whole).max()))
        values, left = seen[: len(subsets)], seen[len(subsets) :]
        if weight:
            worth = values - left + (1 - weight) * (left - self._whole)
            # The difference is rounded: float32 noise must not decide between equal worths.
            worth = self._steps(worth) * self._step
        else:
            worth = values - self._whole
        self.surrogate.observe(subsets, worth)
        return np.stack([values, worth])

    def learn(self, subsets: BoolArray) -> Generator[BoolArray, FloatArray, None]:
        """Look at subsets (B, n) of any kind, for the regression alone."""
        yield from self.look(subsets)
        self._added, self._modular = np.zeros(self.order.n), False

    def flip(
        self, base: BoolArray, looked: IntArray, ahead: BoolArray | None = None
    ) -> Generator[BoolArray, FloatArray, FloatArray]:
        """Ask for F and the worth of the base with each element put in or taken out, (2, B).

        Subsets `ahead` (k, n) are asked along, to be known when their time comes.
        """
        subsets = base ^ (np.arange(len(base)) == looked[:, None])
        found = yield from self._flipped(subsets, ahead)
        # The worths of one round tell, up to a constant, what each element adds. The first round
        # looks at all; where F is modular, later ones agree with it up to rounding.
        added = np.where(base[looked], -found[1], found[1])
        if self._added is None:
            self._added = added
        elif self._modular:
            self._modular = np.ptp(added - self._added[looked]) <= self.surrogate.resolution
            self._agreeing += len(looked) - 1
        return found

    def _flipped(
        self, subsets: BoolArray, ahead: BoolArray | None
    ) -> Generator[BoolArray, FloatArray, FloatArray]:
        """Ask for subsets and those ahead, or recall them."""
        new = np.array([not self.knows(one) for one in subsets])
        asked = subsets[new] if ahead is None else np.concatenate([subsets[new], ahead])
        answers = np.zeros((2, 0)) if not len(asked) else (yield from self.look(asked))
        self._known |= {
            one.tobytes(): answer
            for one, answer in zip(asked[new.sum() :], answers.T[new.sum() :], strict=True)
        }
        found = np.empty((2, len(subsets)))
        found[:, new] = answers[:, : new.sum()]
        for k in np.flatnonzero(~new):
            found[:, k] = self._known[subsets[k].tobytes()]
        return found

    def promising(self, base: BoolArray, most: int) -> IntArray:
        """The candidates with the highest guesses, `most` of them, in ascending order.

        The guess is of the worth of the base with one candidate put in, or taken out.
        """
        candidates = self.order.candidates
        if most >= len(candidates):
            return candidates
        if self._added is not None and self.modular and base[candidates[0]]:
            # The least first, and the last of equal ones: ties keep the lowest index.
            likely = candidates[::-1]
            likely = likely[np.argsort(self._steps(self._added[likely]), kind="stable")]
        else:
            guesses = self.surrogate.flipped(base[None])[0, candidates]
            likely = candidates[np.argsort(-guesses, kind="stable")]
        return np.sort(likely[:most])

    @property
    def modular(self) -> bool:
        """Whether F has been modular so far: the regression bends such functions too much to sort.

        Half as many agreeing worths as elements show that it is.
        """
        return self._modular and 2 * self._agreeing >= self.order.n

    @property
    def _step(self) -> float:
        """Largest distance of two worths that may be rounding noise."""
        return _NOISE * self._reach or 1.0

    def _steps(self, worth: FloatArray) -> FloatArray:
        """Worths in whole numbers of steps."""
        return np.asarray(np.rint(worth / self._step))
