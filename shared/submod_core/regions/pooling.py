"""Pooling: one number per region from a map of scores."""

import numpy as np

from submod_core._types import AnyArray, FloatArray


def region_means(scores: FloatArray, labels: AnyArray) -> FloatArray:
    """Mean score of each region, (n,); the label map broadcasts to the scores, −1 is no region.

    Examples
    --------
    >>> region_means(np.array([1.0, 3.0, 5.0, 9.0]), np.array([0, 0, 1, -1]))
    array([2., 5.])
    """
    flat = np.broadcast_to(labels, scores.shape).ravel()
    return np.asarray(region_sums(scores, labels) / np.bincount(flat[flat >= 0]))


def region_sums(scores: FloatArray, labels: AnyArray) -> FloatArray:
    """Summed score of each region, (n,); the label map broadcasts to the scores, −1 is no region.

    Examples
    --------
    >>> region_sums(np.array([1.0, 3.0, 5.0, 9.0]), np.array([0, 0, 1, -1]))
    array([4., 5.])
    """
    flat = np.broadcast_to(labels, scores.shape).ravel()
    inside = flat >= 0
    return np.bincount(flat[inside], weights=scores.ravel()[inside]).astype(np.float64)


def painted_regions(scores: FloatArray, labels: AnyArray) -> FloatArray:
    """Each element's score from those of the regions (n,), shaped like `labels`; 0 where −1.

    Examples
    --------
    >>> painted_regions(np.array([0.5, 1.0]), np.array([[0, 1, -1]]))
    array([[0.5, 1. , 0. ]])
    """
    return np.append(scores, 0.0)[labels]
