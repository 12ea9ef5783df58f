"""Worth of subsets for the guided search: evaluated, or guessed from the images seen so far."""

from collections.abc import Generator, Sequence

import numpy as np

from submod_core._types import BoolArray, FloatArray, IntArray
from submod_core.search._surrogate import Surrogate
from submod_core.search.order import Order
from submod_core.search.questions import Question

# Step to which values are rounded, as a share of their largest distance from that of all elements.
_NOISE = 1e-6
# A side is asked for where the guesses of it spread at least so much, as a share of the other's.
_TELLING = 0.2


def members(n: int, elements: Sequence[int] | IntArray) -> BoolArray:
    """One subset of n elements as a mask, (n,)."""
    members = np.zeros(n, dtype=bool)
    members[list(elements)] = True
    return members


def images(subsets: BoolArray, sides: BoolArray) -> BoolArray:
    """Sides (2,) or (B, 2) of subsets (B, n): the subsets, then what they leave, (k, n)."""
    kept, left = np.broadcast_to(sides, (len(subsets), 2)).T
    return np.concatenate([subsets[kept], ~subsets[left]])


class Judge:
    """Worth F(S) − w · F(V∖S) of subsets S: evaluated by single sides, or guessed.

    With F(S) = kept(S) + left(V∖S), the worth is a sum over the two sides, S and what it leaves:
    g(S) − h(V∖S), where g = kept − w · left and h = w · kept − left. A side is an image of LiMA's
    model. The worths of the candidates of a pick often differ by one side alone: few regions of a
    photograph are next to nothing, whichever they are, and so are all but few next to all. So the
    side on which the guesses differ is asked for, and the other one is guessed.

    Parameters
    ----------
    order : Order
    complement_weight : float
        w.
    """

    def __init__(self, order: Order, complement_weight: float) -> None:
        self.order, self.complement_weight = order, complement_weight
        # g and h are one function where w is 1.
        self._g = Surrogate(order.n)
        self._h = self._g if complement_weight == 1 else Surrogate(order.n)
        self._known: dict[bytes, tuple[FloatArray, FloatArray]] = {}  # parts; g and h
        # g and h are counted from those of all elements, and rounded to a share of how far they
        # move, so that neither a constant added to F nor the unit of F matters.
        self._whole, self._reach = np.zeros(2), 0.0
        # What each element adds to the worth, up to a constant, if it is modular as far as seen.
        self._added: FloatArray | None = None
        self._agreeing = 0
        # Elements of unlike sizes are compared by what they add for their size.
        self.alike = bool(np.ptp(order.sizes) == 0)
        self._modular = complement_weight == 1 or self.always is not None

    @property
    def always(self) -> BoolArray | None:
        """The sides (2,) that every subset needs; None where the guesses decide."""
        order, weight = self.order, self.complement_weight
        if not order.parts:
            return np.array([True, weight > 0])
        if weight or len(order.parts) == 2:
            return None
        return np.array(["kept" in order.parts, "left" in order.parts])

    @property
    def _counts(self) -> BoolArray:
        """Whether the worth has g, and whether it has h, (2,)."""
        return np.array([True, True]) if self.always is None else self.always

    @property
    def seen(self) -> BoolArray:
        """The sides (2,) that F of a subset looks at, as far as it may be asked for in parts."""
        parts = self.order.parts or {"kept"}
        return np.array(["kept" in parts, "left" in parts])

    @property
    def needed(self) -> BoolArray:
        """The sides (2,) that F or the worth of a subset looks at."""
        return self.seen | self._counts

    def shown(self, asked: BoolArray) -> BoolArray:
        """Images that the model sees if asked for images (B, n): both sides if F needs both."""
        both = not self.order.parts and self.order.sees_complements
        return np.concatenate([asked, ~asked]) if both else asked

    @property
    def sides(self) -> int:
        """Images of one subset, as long as one side is enough where the guesses decide."""
        if self.order.parts:
            return 1
        return 2 if self.complement_weight or self.order.sees_complements else 1

    def first(self, kept: bool) -> BoolArray:
        """The sides (2,) to ask for at first, of subsets without, or of, a single element each.

        What single elements leave is enough for both, unless F is of one part.
        """
        always = self.always
        return np.array([kept, not kept]) if always is None else always

    def knows(self, image: BoolArray) -> bool:
        """Whether an image (n,) was asked for."""
        return image.tobytes() in self._known

    def unknown(self, asked: BoolArray) -> BoolArray:
        """Those images (B, n) that were not asked for, each once."""
        new = {one.tobytes(): one for one in asked if not self.knows(one)}
        return np.array(list(new.values()), dtype=bool).reshape(-1, self.order.n)

    def look_at(self, asked: BoolArray) -> Generator[Question, FloatArray, None]:
        """Ask for images (B, n), each once, and learn from them."""
        asked, w = self.unknown(asked), self.complement_weight
        if not len(asked):
            return
        if self.order.parts:
            parts = yield from self.order.ask_parts(asked)
        else:
            kept = yield from self.order.ask(asked)
            parts = np.stack([kept, np.zeros_like(kept)])
        sums = np.stack([parts[0] - w * parts[1], w * parts[0] - parts[1]])
        if not self._known:
            self._whole = sums[:, 0].copy()
        sums -= self._whole[:, None]
        self._reach = max(self._reach, float(np.abs(sums).max()))
        if w:
            # A difference is rounded: float32 noise must not decide between equal worths.
            sums = np.rint(sums / self._step) * self._step
        names = [one.tobytes() for one in asked]
        self._known |= dict(zip(names, zip(parts.T, sums.T, strict=True), strict=True))
        if self._counts[0]:
            self._g.observe(asked, sums[0])
        if self._counts[1] and self._h is not self._g:
            self._h.observe(asked, sums[1])

    def worth(self, subsets: BoolArray) -> FloatArray:
        """The worth of subsets (B, n), of which sides that were not asked for are guessed."""
        return self._of(0, subsets) - self._of(1, ~subsets)

    def _of(self, which: int, sides: BoolArray) -> FloatArray:
        """One of g and h of sides (B, n), known or guessed; 0 where it says nothing."""
        if not self._counts[which]:
            return np.zeros(len(sides))
        found = np.array([self.knows(one) for one in sides])
        values = np.empty(len(sides))
        values[found] = [self._known[one.tobytes()][1][which] for one in sides[found]]
        if not found.all():
            values[~found] = (self._g, self._h)[which].guess(sides[~found])
        return values

    def values(self, subsets: BoolArray) -> FloatArray:
        """F of subsets (B, n); NaN where a part is not known."""
        none = (np.full(2, np.nan), None)
        kept, left = (
            np.array([self._known.get(one.tobytes(), none)[0][part] for one in side])
            for part, side in enumerate((subsets, ~subsets))
        )
        return np.asarray(np.where(self.seen, np.stack([kept, left], axis=1), 0).sum(axis=1))

    def guess(
        self, bases: BoolArray, elements: IntArray | None = None
    ) -> tuple[FloatArray, BoolArray]:
        """Guessed worth (B, m) of bases with an element put in or taken out; telling sides (B, 2).

        The elements are all by default.
        """
        g: FloatArray | float = self._g.flipped(bases, elements) if self._counts[0] else 0.0
        h: FloatArray | float = self._h.flipped(~bases, elements) if self._counts[1] else 0.0
        if self.always is not None:
            sides = np.tile(self.always, (len(bases), 1))
        elif self.modular:
            sides = np.tile([True, False], (len(bases), 1))
        else:
            spread = np.stack([np.ptp(g, axis=1), np.ptp(h, axis=1)], axis=1)
            sides = spread >= _TELLING * spread[:, ::-1]
        return np.asarray(g - h), sides

    def likely(self, base: BoolArray, candidates: IntArray) -> tuple[IntArray, BoolArray]:
        """The candidates, the most promising first, and the telling sides (2,).

        Promising is a high worth of the base with the candidate put in, or taken out.
        """
        guesses, sides = self.guess(base[None], candidates)
        if self._added is not None and self._modular:  # as far as seen
            steps = np.rint(self._added[candidates] / self._step) / self.order.sizes[candidates]
            # Ties keep the lowest index: of equal ones the last is taken out first.
            ranked = candidates[np.lexsort((candidates, -steps))]
            return ranked[::-1] if base[candidates[0]] else ranked, sides[0]
        rates = guesses[0]
        if not self.alike:
            # The base's worth is guessed as well: see `_gains`.
            g = self._g.guess(base[None]) if self._counts[0] else 0.0
            h = self._h.guess(~base[None]) if self._counts[1] else 0.0
            rates = (rates - (g - h)) / self.order.sizes[candidates]
        return candidates[np.argsort(-rates, kind="stable")], sides[0]

    def flip(
        self,
        base: BoolArray,
        looked: IntArray,
        sides: BoolArray,
        ahead: BoolArray | None = None,
    ) -> Generator[Question, FloatArray, FloatArray]:
        """Ask for sides (2,) of the base with each element put in or taken out; the worths, (B,).

        Of elements of unlike sizes it is what the worth gains, over their size. Images `ahead`
        (k, n) are asked along, to be known when their time comes.
        """
        subsets = base ^ (np.arange(len(base)) == looked[:, None])
        asked = images(subsets, sides)
        if not self.alike:  # what the base is worth by these sides; its curves need them anyway
            asked = np.concatenate([asked, images(base[None], sides)])
        yield from self.look_at(asked if ahead is None else np.concatenate([asked, ahead]))
        exact = self._exactly(subsets, sides)
        if sides.all() and self.complement_weight == 1:  # unless F saturates on one side only
            other = -self._of(1, ~subsets)
            self._modular &= bool(np.ptp(exact - other) <= self.resolution)
        if not self.alike:
            exact = exact - self._exactly(base[None], sides)
        # What each element adds, up to a constant. The first round looks at all; where the worth
        # is modular, later ones agree with it up to rounding.
        added = np.where(base[looked], -exact, exact)
        if self._added is None and len(looked) < self.order.n:
            self.assume_not_modular()
        elif self._added is None:
            self._added = added[np.argsort(looked)]
            if self.always is None:
                # Of what single elements leave: where F saturates they agree without being all.
                empty = self._of(0, np.zeros((1, len(base)), dtype=bool))[0]
                self._modular &= bool(abs(added.sum() + empty) <= len(base) * self.resolution)
        elif self._modular:
            self._modular = bool(np.ptp(added - self._added[looked]) <= self.resolution)
            self._agreeing += len(looked) - 1
        if self.alike:
            return exact if self.modular else self.worth(subsets)
        gains = exact if self.modular else self._gains(base, subsets, sides)
        return np.asarray(gains / self.order.sizes[looked])

    def _gains(self, base: BoolArray, subsets: BoolArray, sides: BoolArray) -> FloatArray:
        """Worth of subsets (B, n) above that of the base: evaluated by sides (2,), else guessed.

        A side is evaluated, or guessed, for all of them alike: the error of a guess that is not the
        base's as well would count for small elements more than for large ones.
        """
        gains = np.zeros(len(subsets))
        both = np.concatenate([subsets, base[None]])
        for which, side, sign in ((0, both, 1), (1, ~both, -1)):
            if self._counts[which]:
                regression = (self._g, self._h)[which]
                values = self._of(which, side) if sides[which] else regression.guess(side)
                gains += sign * (values[:-1] - values[-1])
        return gains

    def _exactly(self, subsets: BoolArray, sides: BoolArray) -> FloatArray:
        """The worth of subsets (B, n), or of one function where one side says as much as both."""
        if sides.all() and self.complement_weight != 1:
            return self.worth(subsets)
        return self._of(0, subsets) if sides[0] else -self._of(1, ~subsets)

    @property
    def modular(self) -> bool:
        """Whether the worth has been modular: the regression bends such functions too much to sort.

        Half as many agreeing worths as elements show that it is.
        """
        return self._modular and 2 * self._agreeing >= self.order.n

    def assume_not_modular(self) -> None:
        """Decide so where the first look was not at single elements."""
        self._added, self._modular = np.zeros(self.order.n), False

    @property
    def resolution(self) -> float:
        """Step of the guesses."""
        return max(self._g.resolution, self._h.resolution)

    @property
    def _step(self) -> float:
        """Largest distance of two values that may be rounding noise."""
        return _NOISE * self._reach or 1.0
