"""LiMA's four scores and their weights (LiMA, §4.2).

Consistency (Eq. 3) and collaboration (Eq. 4) are a model's answers for a subset and for its complement; confidence and
effectiveness are computed from them here.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import xlogy

from submod_core._types import BoolArray, FloatArray


@dataclass(frozen=True)
class Weights:
    """Weights of the four scores in F (LiMA, Eq. 8); the defaults are the paper's.

    Raises
    ------
    ValueError
        If a weight is negative or not finite, or if all are zero.

    Examples
    --------
    >>> Weights.of({"consistency": 1, "collaboration": 1})
    Weights(consistency=1.0, collaboration=1.0, confidence=0.0, effectiveness=0.0)
    """

    consistency: float = 20.0
    collaboration: float = 5.0
    confidence: float = 0.05
    effectiveness: float = 0.01

    def __post_init__(self) -> None:
        for name, value in asdict(self).items():
            if not isinstance(value, int | float | np.number) or not np.isfinite(value) or value < 0:
                raise ValueError(f"`weights[{name!r}]` (={value!r}) must be a finite number of at least 0")
            object.__setattr__(self, name, float(value))
        if not self.used:
            raise ValueError("`weights` must give at least one score a weight above 0")

    @classmethod
    def of(cls, weights: "Weights | Mapping[str, float] | None") -> "Weights":
        """The typed weights of a mapping from score names; those left out are 0, and None means the paper's."""
        if weights is None:
            return cls()
        if isinstance(weights, cls):
            return weights
        if not isinstance(weights, Mapping):
            raise TypeError(f"`weights` (={weights!r}) must be a mapping of score names to numbers, or Weights")
        if unknown := set(weights) - set(SCORES):
            raise ValueError(f"`weights` names {sorted(map(str, unknown))}; the scores are {list(SCORES)}")
        return cls(**{name: weights.get(name, 0.0) for name in SCORES})

    @cached_property
    def used(self) -> frozenset[str]:
        """The scores whose weight is above 0."""
        return frozenset(name for name, value in asdict(self).items() if value > 0)

    @property
    def both_parts(self) -> bool:
        """F looks at what a subset leaves as well as at the subset."""
        return "collaboration" in self.used and bool({"consistency", "confidence"} & self.used)

    def total(self, scores: Mapping[str, FloatArray]) -> FloatArray:
        """F, the weighted sum of the scores in use (LiMA, Eq. 8); a score that the model cannot give is left out."""
        terms = [getattr(self, name) * scores[name] for name in SCORES if name in self.used & scores.keys()]
        if not terms:
            raise ValueError(f"`weights` uses {sorted(self.used)} alone, which this model's outputs cannot give")
        return np.asarray(np.sum(terms, axis=0))


SCORES = tuple(field.name for field in fields(Weights))


def confidence(probabilities: ArrayLike) -> FloatArray:
    """One minus the normalised entropy of class probabilities (LiMA, Eq. 5).

    Parameters
    ----------
    probabilities : array_like, (..., C)
        Class probabilities, C ≥ 2; 0 · log 0 counts as 0.

    Returns
    -------
    ndarray of float64, (...)
        Values in [0, 1]: 0 for the uniform distribution, 1 for a certain class.

    Examples
    --------
    >>> confidence([[0.5, 0.5], [1.0, 0.0]])
    array([0., 1.])
    """
    p = np.asarray(probabilities, dtype=np.float64)
    return 1 + xlogy(p, p).sum(axis=-1) / np.log(p.shape[-1])


def cosine_distance(features: ArrayLike) -> FloatArray:
    """Pairwise 1 − cosine of feature vectors, LiMA's dist (§4.2).

    Parameters
    ----------
    features : array_like, (n, d)
        One vector per region. A zero vector has no direction; its cosine with any other counts as 0.

    Returns
    -------
    ndarray of float64, (n, n)
        Values in [0, 2].

    Examples
    --------
    >>> cosine_distance([[1, 0], [0, 2], [3, 0]])
    array([[0., 1., 0.],
           [1., 0., 1.],
           [0., 1., 0.]])
    """
    return 1 - _cosine(features)


def angular_distance(features: ArrayLike) -> FloatArray:
    """Pairwise angle of feature vectors as a share of π, the distance of the authors' released code.

    Parameters
    ----------
    features : array_like, (n, d)
        One vector per region. A zero vector has no direction; its cosine with any other counts as 0.

    Returns
    -------
    ndarray of float64, (n, n)
        Values in [0, 1].

    Examples
    --------
    >>> angular_distance([[1, 0], [0, 2]])
    array([[0. , 0.5],
           [0.5, 0. ]])
    """
    return np.arccos(_cosine(features)) / np.pi


def cosine_to(reference: ArrayLike, features: ArrayLike) -> FloatArray:
    """Cosine of each feature vector to a reference: consistency with a feature target (SMDL, Eq. 7).

    Parameters
    ----------
    reference : array_like, (d,)
    features : array_like, (B, d)

    Returns
    -------
    ndarray of float64, (B,)
        Values in [-1, 1]; 0 where a vector is zero.

    Examples
    --------
    >>> cosine_to([2, 0], [[1, 0], [0, 1], [0, 0]])
    array([1., 0., 0.])
    """
    return np.clip(_directions(features) @ _directions(np.asarray(reference)[None])[0], -1.0, 1.0)


def _cosine(features: ArrayLike) -> FloatArray:
    vectors = _directions(features)
    return np.clip(vectors @ vectors.T, -1.0, 1.0)


def _directions(features: ArrayLike) -> FloatArray:
    vectors = np.asarray(features, dtype=np.float64)
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.where(lengths > 0, lengths, 1.0))


Distance = Callable[[Any], FloatArray]
DISTANCES: dict[str, Distance] = {"cosine": cosine_distance, "angular": angular_distance}


def effectiveness(subsets: ArrayLike, distances: ArrayLike) -> FloatArray:
    """Sum over a subset's regions of the distance to their nearest fellow (LiMA, Eq. 6–7).

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
    >>> effectiveness([[True, True, False], [True, False, False]], cosine_distance([[1, 0], [0, 1], [1, 0]]))
    array([2., 0.])
    """
    return NearestFellows(distances).effectiveness(subsets)


# So many of the regions nearest to each are looked up first.
_NEAREST = 8
# Of a region by region table for each subset, so many entries are held at a time.
_MOST_ENTRIES = 1 << 22


class NearestFellows:
    """Distances (n, n), prepared so that the effectiveness of many subsets takes little time."""

    def __init__(self, distances: ArrayLike) -> None:
        self._matrix = np.array(distances, dtype=np.float64)
        np.fill_diagonal(self._matrix, np.inf)
        nearest = np.argsort(self._matrix, axis=1, kind="stable")[:, :_NEAREST]
        self._fellows, self._apart = nearest.T, np.take_along_axis(self._matrix, nearest, axis=1).T

    def effectiveness(self, subsets: ArrayLike) -> FloatArray:
        """See `effectiveness`."""
        chosen = np.asarray(subsets, dtype=bool)
        rows = max(1, _MOST_ENTRIES // max(1, self._matrix.size))
        return np.concatenate([self._spread(chosen[i : i + rows]) for i in range(0, max(1, len(chosen)), rows)])

    def _spread(self, chosen: BoolArray) -> FloatArray:
        spread = np.where(np.take(chosen, self._fellows, axis=1), self._apart, np.inf).min(axis=1)
        # Few regions have no fellow among their nearest: for these all are looked at.
        rows, regions = np.nonzero(chosen & np.isinf(spread))
        spread[rows, regions] = np.where(chosen[rows], self._matrix[regions], np.inf).min(axis=1)
        return np.where(chosen.sum(axis=1) > 1, np.where(chosen, spread, 0.0).sum(axis=1), 0.0)


def prefixes(order: ArrayLike) -> BoolArray:
    """The n + 1 prefixes of an order, the empty one first, as a boolean (n + 1, n) array.

    Examples
    --------
    >>> prefixes([1, 0])
    array([[False, False],
           [False,  True],
           [ True,  True]])
    """
    ranks = np.argsort(np.asarray(order))
    return np.arange(len(ranks) + 1)[:, None] > ranks
