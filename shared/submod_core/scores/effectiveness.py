"""Effectiveness score: the diversity of the regions in a subset."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike

from submod_core._checks import as_numbers, as_whole_numbers
from submod_core._types import BoolArray, FloatArray
from submod_core.scores.base import Answers, Need, Score
from submod_core.scores.distances import Distance, as_distance

# Number of nearest regions that are looked up first for each region.
_NEAREST = 8
# Upper bound on the (subsets × n × n) table in memory, in entries.
_MOST_ENTRIES = 1 << 22


@dataclass(frozen=True)
class Effectiveness(Score):
    """Summed distance of a subset's regions to their nearest neighbours in it (LiMA, Eq. 6–7).

    Parameters
    ----------
    distance : {"cosine", "angular"} or callable
        Distance between the features of two regions: 1 − cosine, angle / π, or a function from
        (n, d) to (n, n) arrays.

    Raises
    ------
    ValueError
        If the distance is unknown.

    Examples
    --------
    >>> answers = Answers(np.array([[True, True]]), region_features=np.eye(2))
    >>> Effectiveness().evaluate(answers)
    array([2.])
    """

    name: ClassVar[str] = "effectiveness"
    needs: ClassVar[frozenset[Need]] = frozenset({"region_features"})

    distance: str | Distance = "cosine"

    def __post_init__(self) -> None:
        as_distance(self.distance)

    def evaluate(self, answers: Answers) -> FloatArray | None:
        """Summed distances to the nearest neighbours, (B,); None where features have no direction.

        A model whose answer is one value has no features, and vectors of one number differ in
        their sign alone.
        """
        features = answers.region_features
        if features is None or features.shape[1] == 1:
            return None
        # Sorting the distances once per input makes every later batch of subsets cheap.
        neighbours = answers.once(self, lambda: NearestNeighbours(self._distances(answers)))
        return neighbours.effectiveness(answers.subsets)

    def _distances(self, answers: Answers) -> FloatArray:
        n = answers.subsets.shape[1]
        found = np.asarray(as_distance(self.distance)(answers.region_features), dtype=np.float64)
        if found.shape != (n, n) or np.isnan(found).any():
            what = "NaN" if found.shape == (n, n) else f"shape {found.shape}"
            raise ValueError(
                f"`distance` gave {what} for the features of {n} regions; it must give ({n}, {n}) "
                "numbers"
            )
        return found


def effectiveness(subsets: ArrayLike, distances: ArrayLike) -> FloatArray:
    """Summed distance of a subset's regions to their nearest neighbours in it (LiMA, Eq. 6–7).

    Parameters
    ----------
    subsets : array_like of bool, (B, n)
    distances : array_like, (n, n)
        Pairwise distances of the regions' features.

    Returns
    -------
    ndarray of float64, (B,)
        0 for subsets of fewer than two regions.

    Examples
    --------
    >>> from submod_core.scores import cosine_distance
    >>> distances = cosine_distance([[1, 0], [0, 1], [1, 0]])
    >>> effectiveness([[True, True, False], [True, False, False]], distances)
    array([2., 0.])
    """
    return NearestNeighbours(distances).effectiveness(subsets)


class NearestNeighbours:
    """Distances (n, n), prepared so that the effectiveness of many subsets takes little time.

    Examples
    --------
    >>> NearestNeighbours([[0, 2], [2, 0]]).effectiveness([[True, True]])
    array([4.])
    """

    def __init__(self, distances: ArrayLike) -> None:
        # A region is no neighbour of its own.
        self._matrix = as_numbers("distances", distances, finite=False).copy()
        square = self._matrix.ndim == 2 and len(set(self._matrix.shape)) == 1
        if not square or np.isnan(self._matrix).any():
            raise ValueError(
                f"`distances` (of shape {self._matrix.shape}) must be (n, n), without NaN"
            )
        np.fill_diagonal(self._matrix, np.inf)
        nearest = np.argsort(self._matrix, axis=1, kind="stable")[:, :_NEAREST]
        self._neighbours = nearest.T
        self._apart = np.take_along_axis(self._matrix, nearest, axis=1).T

    def effectiveness(self, subsets: ArrayLike) -> FloatArray:
        """Effectiveness of subsets (B, n), (B,): see the function `effectiveness`."""
        # Cut the subsets into parts whose tables stay below the bound on memory.
        chosen = as_whole_numbers("subsets", subsets) != 0
        if chosen.ndim != 2 or chosen.shape[1] != len(self._matrix):
            raise ValueError(
                f"`subsets` (of shape {chosen.shape}) must be (B, {len(self._matrix)})"
            )
        rows = max(1, _MOST_ENTRIES // max(1, self._matrix.size))
        starts = range(0, max(1, len(chosen)), rows)
        return np.concatenate([self._spread(chosen[i : i + rows]) for i in starts])

    def _spread(self, chosen: BoolArray) -> FloatArray:
        # Distance of every region to the nearest chosen one among its few nearest neighbours:
        # enough for most regions, and much smaller than a table of all n neighbours.
        near = np.take(chosen, self._neighbours, axis=1)
        spread = np.where(near, self._apart, np.inf).min(axis=1)
        # The rest, chosen regions none of whose nearest neighbours is chosen: look at all others.
        rows, regions = np.nonzero(chosen & np.isinf(spread))
        spread[rows, regions] = np.where(chosen[rows], self._matrix[regions], np.inf).min(axis=1)
        total = np.where(chosen, spread, 0.0).sum(axis=1)
        return np.where(chosen.sum(axis=1) > 1, total, 0.0)
