"""Distances of feature vectors."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from submod_core._checks import as_numbers, check_axes
from submod_core._types import FloatArray


def cosine_distance(features: ArrayLike) -> FloatArray:
    """Pairwise 1 − cosine of feature vectors, LiMA's dist (§4.2).

    Parameters
    ----------
    features : array_like, (n, d)
        One vector per region. A zero vector has no direction; its cosine with any other counts as
        0.

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
    """Pairwise angle of feature vectors as a share of π: the distance of the authors' code.

    Parameters
    ----------
    features : array_like, (n, d)
        One vector per region. A zero vector has no direction; its cosine with any other counts as
        0.

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
    """Cosine of each vector to a reference: consistency with a feature target (SMDL, Eq. 7).

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
    target, vectors = as_numbers("reference", reference), _vectors(features)
    if target.shape != vectors.shape[1:]:
        raise ValueError(
            f"`reference` (of shape {target.shape}) must be ({vectors.shape[1]},), as wide as "
            "`features`"
        )
    return np.clip(_directions(vectors) @ _directions(target[None])[0], -1.0, 1.0)


def _cosine(features: ArrayLike) -> FloatArray:
    """Pairwise cosines (n, n), without rounding beyond ±1."""
    vectors = _directions(_vectors(features))
    return np.clip(vectors @ vectors.T, -1.0, 1.0)


def _vectors(features: ArrayLike) -> FloatArray:
    vectors = as_numbers("features", features)
    check_axes("features", vectors, 2, "(n, d)")
    return vectors


def _directions(vectors: FloatArray) -> FloatArray:
    """Vectors divided by their lengths; zero vectors stay zero."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.where(lengths > 0, lengths, 1.0))


Distance = Callable[[Any], FloatArray]
"""From feature vectors (n, d) to their pairwise distances (n, n)."""

DISTANCES: dict[str, Distance] = {"cosine": cosine_distance, "angular": angular_distance}
"""The distances by name."""


def as_distance(distance: Any) -> Distance:
    """Distance of a name, or the function itself.

    Raises
    ------
    ValueError
        If `distance` is neither a function nor one of the names.

    Examples
    --------
    >>> as_distance("cosine") is cosine_distance
    True
    """
    if callable(distance):
        found: Distance = distance
        return found
    if not isinstance(distance, str) or distance not in DISTANCES:
        raise ValueError(
            f"`distance` (={distance!r}) must be one of {sorted(DISTANCES)} or a callable"
        )
    return DISTANCES[distance]
