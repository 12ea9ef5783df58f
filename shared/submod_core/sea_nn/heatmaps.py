"""From the heatmaps of other methods to the cells of a deep submodular function, and back."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from submod_core._checks import check_count
from submod_core._types import BoolArray, FloatArray, IntArray
from submod_core.regions import grid, region_means

THRESHOLDS = (5, 10, 15, 20, 25, 30, 35, 40, 45, 50)


def scaled(heatmap: ArrayLike, name: str = "heatmap") -> FloatArray:
    """The map scaled to [0, 1].

    Parameters
    ----------
    heatmap : array_like
    name : str
        Of the map, for errors.

    Returns
    -------
    ndarray of float64

    Raises
    ------
    ValueError
        If it is not finite, or constant: such a map ranks nothing.

    Examples
    --------
    >>> scaled([1, 3, 2])
    array([0. , 1. , 0.5])
    """
    scores = np.asarray(heatmap, dtype=np.float64)
    if not np.isfinite(scores).all():
        raise ValueError(f"`{name}` holds NaN or infinite scores")
    if scores.size == 0 or np.ptp(scores) == 0:
        raise ValueError(f"`{name}` is constant: it ranks nothing")
    return np.asarray((scores - scores.min()) / np.ptp(scores))


def cells_of(shape: tuple[int, ...], side: int) -> IntArray:
    """The label map of the features that the function sees.

    Parameters
    ----------
    shape : tuple of int
        Of a map.
    side : int
        An image (H, W) is cut into at most side × side cells; elsewhere each element is one.

    Examples
    --------
    >>> int(cells_of((56, 70), 28).max()), cells_of((3,), 28)
    (783, array([0, 1, 2]))
    """
    check_count("side", side)
    if len(shape) != 2:
        return np.arange(int(np.prod(shape)), dtype=np.intp).reshape(shape)
    return grid((shape[0], shape[1]), (min(side, shape[0]), min(side, shape[1])))


def downsample(heatmap: FloatArray, cells: IntArray) -> FloatArray:
    """The mean of each cell, (n,).

    Parameters
    ----------
    heatmap : ndarray of float64
    cells : ndarray of intp
        Shaped like it.

    Examples
    --------
    >>> downsample(np.array([1.0, 3.0, 5.0]), np.array([0, 0, 1]))
    array([2., 5.])
    """
    return region_means(heatmap, cells)


def binary_maps(
    heatmap: FloatArray, cells: IntArray, thresholds: Sequence[int] = THRESHOLDS
) -> BoolArray:
    """The cells that hold the highest 5, 10, … pixels, one row for each threshold, (k, n).

    A cell counts if its number of such pixels exceeds the mean over cells (SEA-NN, supplement).

    Parameters
    ----------
    heatmap : ndarray of float64
    cells : ndarray of intp
        Shaped like it.
    thresholds : sequence of int
        Numbers of highest pixels.

    Raises
    ------
    ValueError
        If a threshold is not a whole number from 1 to the number of pixels.

    Examples
    --------
    >>> binary_maps(np.array([0.1, 0.9, 0.5, 0.2]), np.array([0, 0, 1, 1]), thresholds=[1])
    array([[ True, False]])
    """
    for k in thresholds:
        check_count("thresholds", k)
    if max(thresholds) > heatmap.size:
        raise ValueError(
            f"`thresholds` (={list(thresholds)}) must be at most the number of pixels, "
            f"{heatmap.size}"
        )
    # Equal scores in reading order.
    ordered, n = cells.ravel()[np.argsort(-heatmap, axis=None, kind="stable")], int(cells.max()) + 1
    rows = np.array([np.bincount(ordered[:k], minlength=n) > k / n for k in thresholds])
    # Where every cell has the same count nothing exceeds the mean: such a row says nothing.
    return rows[rows.any(axis=1)]


def upsample(scores: FloatArray, cells: IntArray) -> FloatArray:
    """The score of each pixel: its cell's.

    Examples
    --------
    >>> upsample(np.array([2.0, 5.0]), np.array([0, 0, 1]))
    array([2., 2., 5.])
    """
    return scores[cells]


def aggregate_mean(heatmaps: Sequence[ArrayLike], names: Sequence[str] | None = None) -> FloatArray:
    """Agg-Mean, the linear ensemble: the mean of the scaled maps.

    Parameters
    ----------
    heatmaps : sequence of array_like
        Of one shape.
    names : sequence of str, optional
        Of the maps, for errors.

    Raises
    ------
    ValueError
        If a map is constant or not finite.

    Examples
    --------
    >>> aggregate_mean([[0, 2], [4, 0]])
    array([0.5, 0.5])
    """
    called = list(names) if names is not None else [f"heatmaps[{i}]" for i in range(len(heatmaps))]
    return np.asarray(
        np.mean([scaled(one, name) for one, name in zip(heatmaps, called, strict=True)], axis=0)
    )
