"""The sum over the prefixes of an order that moves of single elements raise."""

from collections.abc import Sequence

import numpy as np

from submod_core._types import FloatArray, IntArray

# So many times more counts a prefix within the front, whatever the sizes.
_FRONT = 30.0


class Summed:
    """Area under the worth along an order, by the trapezoid rule, as insertion and deletion are.

    A prefix counts by half the sizes of its last element and the next one; with sizes that are all
    1 the area is the sum of all worths. A constant that is added to the worth adds a constant.

    Parameters
    ----------
    chain : sequence of int, (n,)
        The order.
    worth : ndarray, (n + 1,)
        Worth of its prefixes of 0 … n elements.
    sizes : ndarray, (n,)
        Of the elements.
    front : float
        Share of the elements whose prefixes count 30 times more.
    """

    def __init__(
        self, chain: Sequence[int], worth: FloatArray, sizes: FloatArray, front: float
    ) -> None:
        # What stands at both ends counts for the empty and the full prefix, which no move changes.
        self.sizes, self.worth = np.pad(sizes[list(chain)], 1, constant_values=1.0), worth
        self.widths = (self.sizes[1:] + self.sizes[:-1]) / 2
        within = np.arange(len(worth)) <= front * (len(worth) - 1) + 1e-9
        self.extra = np.where(within, _FRONT, 0.0)

    @property
    def total(self) -> float:
        """The sum."""
        return float((self.widths + self.extra) @ self.worth)

    def rises(self, gains: FloatArray, lengths: IntArray, down: bool) -> FloatArray:
        """Rise by a move at the prefixes of some lengths, without the part of `ends`.

        `gains` are what the worths of prefixes so long gain, of the shape of `lengths` or broadcast
        to it. A move down takes the element out of a prefix that is longer by one, a move up puts
        it into one that is shorter: their widths come along.
        """
        widths = self.widths[lengths + 1 if down else lengths - 1]
        change = (widths - self.widths[lengths]) * self.worth[lengths]
        return np.asarray((widths + self.extra[lengths]) * gains + change)

    def ends(
        self, gains: FloatArray, lengths: IntArray, places: IntArray, down: bool
    ) -> FloatArray:
        """Rise by a move from a place (from 1 on) at both ends of what it changes.

        There the element has neighbours of other sizes. `lengths` are those of the changed prefix
        farthest from the place, `gains` what its worth gains.
        """
        sizes, worth, size = self.sizes, self.worth, self.sizes[places]
        # Where the element comes to stand; its neighbour there; who follows it to its old place.
        if down:
            end, step, first, last = lengths + 1, 1, places - 1, lengths + 1
        else:
            end, step, first, last = lengths, -1, places, lengths - 1
        area = (worth[lengths] + gains) * (size - sizes[end + step])
        area = area + worth[last] * (size - sizes[end])
        return np.asarray(area + worth[first] * (sizes[places + step] - size)) / 2
