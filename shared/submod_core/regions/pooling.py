"""Pooling: one number per region from a map of scores."""

import numpy as np

from submod_core._checks import as_numbers, as_whole_numbers, check_axes
from submod_core._types import AnyArray, FloatArray, IntArray


def region_means(scores: FloatArray, labels: AnyArray) -> FloatArray:
    """Mean score of each region, (n,); the label map broadcasts to the scores, −1 is no region.

    Examples
    --------
    >>> region_means(np.array([1.0, 3.0, 5.0, 9.0]), np.array([0, 0, 1, -1]))
    array([2., 5.])
    """
    flat = _flat(scores, labels)
    return np.asarray(region_sums(scores, labels) / np.bincount(flat[flat >= 0]))


def region_sums(scores: FloatArray, labels: AnyArray) -> FloatArray:
    """Summed score of each region, (n,); the label map broadcasts to the scores, −1 is no region.

    Examples
    --------
    >>> region_sums(np.array([1.0, 3.0, 5.0, 9.0]), np.array([0, 0, 1, -1]))
    array([4., 5.])
    """
    flat = _flat(scores, labels)
    inside = flat >= 0
    return np.bincount(flat[inside], weights=np.ravel(scores)[inside]).astype(np.float64)


def painted_regions(scores: FloatArray, labels: AnyArray) -> FloatArray:
    """Each element's score from those of the regions (n,), shaped like `labels`; 0 where −1.

    Examples
    --------
    >>> painted_regions(np.array([0.5, 1.0]), np.array([[0, 1, -1]]))
    array([[0.5, 1. , 0. ]])
    """
    values, places = as_numbers("scores", scores), as_whole_numbers("labels", labels)
    check_axes("scores", values, 1, "(n,)")
    if places.size and not -1 <= places.min() <= places.max() < len(values):
        raise ValueError(f"`labels` must hold ids of the {len(values)} `scores`, or −1")
    return np.append(values, 0.0)[places]


def _flat(scores: FloatArray, labels: AnyArray) -> IntArray:
    """The label of each score, one after the other."""
    shape, places = as_numbers("scores", scores).shape, as_whole_numbers("labels", labels)
    missing = len(shape) - places.ndim
    wanted = shape[missing:] if missing >= 0 else shape
    if missing < 0 or any(a not in (1, b) for a, b in zip(places.shape, wanted, strict=True)):
        raise ValueError(f"`labels` (of shape {places.shape}) must broadcast to {shape}")
    return np.broadcast_to(places, shape).ravel()
