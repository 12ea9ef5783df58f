"""Set functions of rows, of all subsets of a round at once."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

import numpy as np

from submod_core._types import AnyArray, BoolArray, FloatArray, IntArray

_CHUNK = 2**21
"""Numbers of one intermediate array: 16 MB."""

CONCAVE: dict[str, Callable[[FloatArray], FloatArray]] = {
    "sqrt": np.sqrt,
    "log": np.log1p,
    "saturated": lambda x: np.minimum(x, 1.0),
}
"""Concave functions of a feature's sum over the chosen rows, each 0 at 0."""


class RowFunction(ABC):
    """Set function of rows that keeps a state of the subset which grows.

    A search asks for F(front ∪ {c}) of many c. With the state of the front each costs one row's
    numbers, however many rows the front holds. Any subsets have their right value, also where
    they share nothing with those before.

    Parameters
    ----------
    rows : ndarray, (n, d)
        What each element adds to the state, (d,).
    """

    def __init__(self, rows: FloatArray) -> None:
        self.rows = np.ascontiguousarray(rows)
        self._front = np.zeros(len(rows), dtype=bool)
        self._state = np.zeros(rows.shape[1])
        self._before: BoolArray | None = None

    def __call__(self, subsets: BoolArray) -> FloatArray:
        """Values of subsets (B, n), (B,)."""
        self._advance(subsets)
        rest = subsets & ~self._front
        if (rest.sum(1) == 1).all():  # what searches ask for
            return self._with_each(rest.argmax(1))
        states = (self._joined(self._state, np.flatnonzero(row)) for row in rest)
        return np.array([self._value(state[None])[0] for state in states])

    def _advance(self, subsets: BoolArray) -> None:
        """Grow the front, or begin it anew: it stays within all of the subsets asked for."""
        common: BoolArray = np.logical_and.reduce(subsets)
        # Of one subset alone the last element may be a candidate; one of the same round tells.
        front = common
        if len(subsets) == 1 and self._before is not None:
            front = common & self._before
        if (self._front & ~front).any():
            self._front[:], self._state = False, np.zeros_like(self._state)
        self._state = self._joined(self._state, np.flatnonzero(front & ~self._front))
        self._front, self._before = front, common

    def _with_each(self, candidates: IntArray) -> FloatArray:
        """Values of the front with each candidate, (B,)."""
        size = max(1, _CHUNK // len(self._state))
        parts = (candidates[i : i + size] for i in range(0, len(candidates), size))
        return np.concatenate(
            [self._value(self._join(self._state, self.rows[part])) for part in parts]
        )

    def _joined(self, state: FloatArray, members: IntArray) -> FloatArray:
        for i in members:
            state = self._join(state, self.rows[i])
        return state

    @abstractmethod
    def _join(self, state: FloatArray, rows: FloatArray) -> FloatArray:
        """States (B, d) of a state (d,) with each of the rows (B, d)."""

    @abstractmethod
    def _value(self, states: FloatArray) -> FloatArray:
        """Values (B,) of states (B, d)."""


class FacilityLocation(RowFunction):
    """Σᵢ max over j ∈ S of K[i, j]: how similar each row is to the chosen one nearest to it.

    Parameters
    ----------
    similarity : ndarray of float64, (n, n)
        K[i, j] ≥ 0: how well row j stands for row i.
    """

    def __init__(self, similarity: FloatArray) -> None:
        super().__init__(similarity.T)

    def _join(self, state: FloatArray, rows: FloatArray) -> FloatArray:
        best: FloatArray = np.maximum(state, rows)
        return best

    def _value(self, states: FloatArray) -> FloatArray:
        values: FloatArray = states.sum(1)
        return values


class Coverage(RowFunction):
    """Σ_d φ(Σ over j ∈ S of X[j, d]): how much of each feature the chosen rows hold.

    Parameters
    ----------
    rows : ndarray of float64, (n, d)
        At least 0.
    concave : str
        φ, a key of `CONCAVE`.
    """

    def __init__(self, rows: FloatArray, concave: str) -> None:
        super().__init__(rows)
        self.concave = CONCAVE[concave]

    def _join(self, state: FloatArray, rows: FloatArray) -> FloatArray:
        return state + rows

    def _value(self, states: FloatArray) -> FloatArray:
        values: FloatArray = self.concave(states).sum(1)
        return values


def similarities(rows: FloatArray, kernel: str, gamma: float | None) -> FloatArray:
    """Similarities of all pairs of rows, (n, n), at least 0.

    Examples
    --------
    >>> similarities(np.array([[1.0, 0.0], [2.0, 0.0], [-1.0, 1.0]]), "cosine", None)[0]
    array([1., 1., 0.])
    """
    if kernel == "cosine":
        norms = np.linalg.norm(rows, axis=1, keepdims=True)
        unit = rows / np.where(norms > 0, norms, 1.0)
        cosine: FloatArray = np.clip(unit @ unit.T, 0.0, 1.0)
        return cosine
    spread: Any = rows.var()
    scale = gamma if gamma is not None else 1.0 / (rows.shape[1] * (spread or 1.0))
    squares = (rows**2).sum(1)
    distances = squares[:, None] + squares - 2.0 * rows @ rows.T
    rbf: AnyArray = np.exp(-scale * np.maximum(distances, 0.0))
    return rbf
