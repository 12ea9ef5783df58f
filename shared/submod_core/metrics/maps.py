"""Numbers of a map: against noise, against masks, alone."""

import numpy as np
from numpy.typing import ArrayLike

from submod_core._checks import check_count
from submod_core._types import BoolArray


def top_k(scores: ArrayLike, k: int) -> BoolArray:
    """Where the k highest scores lie; equal ones in reading order.

    Parameters
    ----------
    scores : array_like, any shape
    k : int

    Raises
    ------
    ValueError
        If `k` is not a whole number from 1 to the number of scores, or a score is not finite.

    Examples
    --------
    >>> top_k([[1, 3], [2, 3]], 2)
    array([[False,  True],
           [False,  True]])
    """
    array = np.asarray(scores, dtype=np.float64)
    check_count("k", k)
    if k > array.size:
        raise ValueError(f"`k` (={k}) must be at most the number of scores, {array.size}")
    if not np.isfinite(array).all():
        raise ValueError("`attributions` holds NaN or infinite values")
    chosen = np.zeros(array.size, dtype=bool)
    chosen[np.argsort(-array, axis=None, kind="stable")[:k]] = True
    return chosen.reshape(array.shape)


def jaccard(one: BoolArray, other: BoolArray) -> float:
    """Size of the intersection of two masks over that of their union; NaN if both are empty.

    Examples
    --------
    >>> jaccard(np.array([True, True]), np.array([True, False]))
    0.5
    """
    union = int((one | other).sum())
    return float((one & other).sum() / union) if union else np.nan


def human_agreement(scores: ArrayLike, human: ArrayLike, k: int) -> float:
    """Jaccard score of the k highest scores with a human's mask (SEA-NN, §5).

    Parameters
    ----------
    scores : array_like, any shape
    human : array_like, same shape
        A boolean mask, or a heatmap, of which the k highest are taken too.
    k : int

    Raises
    ------
    ValueError
        If the shapes differ, or `k` is out of range.

    Examples
    --------
    >>> human_agreement([0.9, 0.1, 0.5], np.array([True, False, False]), k=2)
    0.5
    """
    return jaccard(top_k(scores, k), _mask(scores, human, k))


def _mask(scores: ArrayLike, human: ArrayLike, k: int | None = None) -> BoolArray:
    mask = np.asarray(human)
    if mask.shape != np.shape(scores):
        raise ValueError(f"`mask` (of shape {mask.shape}) must be shaped like the attribution, {np.shape(scores)}")
    if mask.dtype == bool:
        return mask
    if k is None:
        raise ValueError(f"`mask` (of dtype {mask.dtype}) must be boolean")
    return top_k(mask, k)


def pointing(scores: ArrayLike, mask: ArrayLike) -> float:
    """Whether the highest score lies in the mask: 1 or 0, or the share of the equally highest that do.

    Raises
    ------
    ValueError
        If the shapes differ, the mask is not boolean, or a score is not finite.

    Examples
    --------
    >>> pointing([0.9, 0.1], np.array([True, False])), pointing([0.9, 0.9], np.array([True, False]))
    (1.0, 0.5)
    """
    inside = _mask(scores, mask)
    array = np.asarray(scores, dtype=np.float64)
    if not np.isfinite(array).all():
        raise ValueError("`attributions` holds NaN or infinite values")
    return float(inside[array == array.max()].mean())


def sparsity(scores: ArrayLike) -> float:
    """Gini index of the scores' absolute values: 0 if all are equal, near 1 if one has everything; NaN if all are 0.

    Examples
    --------
    >>> sparsity([1, 1, 1, 1]), sparsity([0, 0, 0, 5])
    (0.0, 0.75)
    """
    ordered = np.sort(np.abs(np.asarray(scores, dtype=np.float64)), axis=None)
    if not np.isfinite(ordered).all():
        raise ValueError("`attributions` holds NaN or infinite values")
    n, total = len(ordered), ordered.sum()
    return float(2 * (np.arange(1, n + 1) @ ordered) / (n * total) - (n + 1) / n) if total else np.nan
