"""Pooling: one number per region from a map of scores."""

import numpy as np

from submod_core._types import AnyArray, FloatArray


def region_means(scores: FloatArray, labels: AnyArray) -> FloatArray:
    """Mean score of each region, (n,); the label map broadcasts to the scores.

    Examples
    --------
    >>> region_means(np.array([1.0, 3.0, 5.0]), np.array([0, 0, 1]))
    array([2., 5.])
    """
    flat = np.broadcast_to(labels, scores.shape).ravel()
    return np.asarray(region_sums(scores, labels) / np.bincount(flat))


def region_sums(scores: FloatArray, labels: AnyArray) -> FloatArray:
    """Summed score of each region, (n,); the label map broadcasts to the scores.

    Examples
    --------
    >>> region_sums(np.array([1.0, 3.0, 5.0]), np.array([0, 0, 1]))
    array([4., 5.])
    """
    return np.bincount(
        np.broadcast_to(labels, scores.shape).ravel(), weights=scores.ravel()
    ).astype(np.float64)
