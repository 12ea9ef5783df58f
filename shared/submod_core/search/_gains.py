"""Gains of elements, where F of the empty set is not known."""

import numpy as np

from submod_core._types import FloatArray, IntArray


def empty_value(alone: FloatArray, best: float, joined: FloatArray) -> float:
    """Estimate F(∅): as if most of some elements gained as much after the best one as alone.

    Searches do not ask for F(∅). F of single elements c are gains up to that constant, and only
    F({best, c}) − F({best}) are gains proper. F(∅) is exact where F is modular; adding a constant
    to F adds it to the estimate.

    Parameters
    ----------
    alone : ndarray, (B,)
        F({c}) of some elements c.
    best : float
        F of the best single element.
    joined : ndarray, (B,)
        F({best, c}) of the same elements.

    Examples
    --------
    >>> empty_value(np.array([12.0, 13.0]), 14.0, np.array([16.0, 17.0]))
    10.0
    """
    return float(np.median(alone - (joined - best)))


class LastGains:
    """Last known gain of each element over the front (or the back) of its time.

    Parameters
    ----------
    n : int
        Number of elements.
    base : float, optional
        F before the first round, which looks at all elements; by default unknown: gains of the
        first round are then known up to a constant, which the second round shows.

    Examples
    --------
    >>> last = LastGains(3)
    >>> last.update(np.arange(3), np.array([12.0, 13.0, 14.0]))
    2
    >>> last.update(np.array([1]), np.array([17.0]))
    0
    >>> last.gains
    array([2., 3., 4.])
    """

    def __init__(self, n: int, base: float | None = None) -> None:
        self.gains = np.full(n, np.inf)
        self._base, self._relative = base, base is not None

    def highest(self, candidates: IntArray, size: int) -> IntArray:
        """The candidates with the largest last gains, in ascending order."""
        return np.sort(candidates[np.argsort(-self.gains[candidates], kind="stable")[:size]])

    def update(self, looked: IntArray, values: FloatArray) -> int:
        """Keep the gains of a round; the place of its largest value, on which the next one builds.

        Values of different rounds cannot be compared; gains can.
        """
        if self._base is None:
            self.gains[looked] = values
        else:
            if not self._relative:
                self.gains -= empty_value(self.gains[looked], self._base, values)
                self._relative = True
            self.gains[looked] = values - self._base
        self._base = float(values.max())
        return int(np.argmax(values))
