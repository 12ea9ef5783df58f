"""The sum over the prefixes of an order that moves of single elements raise."""

from collections.abc import Sequence

import numpy as np

from submod_core._types import FloatArray, IntArray

# Weight of a prefix within the front; of others it is 1.
_FRONT = 31.0


class Summed:
    """Sum of the worths of all prefixes, each times its weight and the size of its last element.

    With sizes that are all 1 it is the plain sum. Where sizes differ, it is the area under the
    worth along the order, as insertion and deletion are areas.

    Parameters
    ----------
    chain : sequence of int, (n,)
        The order.
    worth : ndarray, (n,)
        Worth of its prefixes of 1 … n elements.
    sizes : ndarray, (n,)
        Of the elements.
    front : float
        Share of the sizes within which prefixes count 31 times.
    """

    def __init__(
        self, chain: Sequence[int], worth: FloatArray, sizes: FloatArray, front: float
    ) -> None:
        self.sizes, self.worth = sizes[list(chain)], worth
        within = np.cumsum(self.sizes) <= front * self.sizes.sum()
        self.weights = np.where(within, _FRONT, 1.0)
        self._behind, self._before = np.roll(self.sizes, -1), np.roll(self.sizes, 1)
        self._before[0] = self.sizes[0]

    def rises(self, gains: FloatArray, rows: IntArray, down: bool) -> FloatArray:
        """What an element's move adds at the prefixes of `rows` + 1 elements that it changes.

        A move down takes the element out of the next prefix, whose last element has another size;
        a move up puts it into the one before. `gains` are what the prefixes' worths gain, of the
        shape of `rows` or broadcast to it. What `ends` says is not in it.
        """
        sizes = self._behind[rows] if down else self._before[rows]
        change = self.worth[rows] * (sizes - self.sizes[rows])
        return np.asarray(self.weights[rows] * (sizes * gains + change))

    def ends(self, gains: FloatArray, rows: IntArray, places: IntArray, down: bool) -> FloatArray:
        """What it adds at both ends of a move from `places` that changes prefixes up to `rows`.

        There the element has another one's place, which is of another size. `gains` are those of
        `rises`, `rows` the prefix that the move changes farthest from its place.
        """
        mine = self.sizes[places]
        if down:
            other = rows + 1
            return np.asarray(self.weights[other] * self.worth[other] * (mine - self.sizes[other]))
        new = self.weights[rows] * (self.worth[rows] + gains) * (mine - self._before[rows])
        old = self.weights[places] * self.worth[places] * (self._before[places] - mine)
        return np.asarray(new + old)
