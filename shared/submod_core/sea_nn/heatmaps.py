"""From the heatmaps of other methods to the cells of a deep submodular function, and back."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from submod_core._checks import (
    as_numbers,
    as_whole_numbers,
    check_alike,
    check_axes,
    check_count,
    check_counts,
    check_type,
)
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
    check_type("name", name, str, "a string")
    scores = as_numbers(name, heatmap)
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
    check_counts("shape", shape)
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
    scores, labels = as_numbers("heatmap", heatmap), as_whole_numbers("cells", cells)
    check_alike("cells", labels, "heatmap", scores.shape)
    return region_means(scores, labels)


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
    check_counts("thresholds", thresholds)
    heatmap, cells = as_numbers("heatmap", heatmap), as_whole_numbers("cells", cells)
    check_alike("cells", cells, "heatmap", heatmap.shape)
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
    values, labels = as_numbers("scores", scores), as_whole_numbers("cells", cells)
    check_axes("scores", values, 1, "(n,)")
    if labels.min() < 0 or labels.max() >= len(values):
        raise ValueError(f"`cells` must hold ids of the {len(values)} `scores`, from 0 on")
    return values[labels]


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
    return np.asarray(np.mean(each_scaled(heatmaps, names), axis=0))


def each_scaled(heatmaps: Any, names: Any) -> list[FloatArray]:
    """The maps, each scaled to [0, 1].

    Raises
    ------
    TypeError, ValueError
        If there is no map, one is constant or not finite, they are not of one shape, or have
        `names` and not one each.
    """
    check_type("heatmaps", heatmaps, Sequence | np.ndarray, "a sequence of maps")
    if names is not None:
        check_type("names", names, Sequence, "a sequence of strings")
        if len(names) != len(heatmaps):
            raise ValueError(f"`names` (={names!r}) must hold one for each of {len(heatmaps)} maps")
    called = list(names) if names is not None else [f"heatmaps[{i}]" for i in range(len(heatmaps))]
    maps = [scaled(heatmap, name) for heatmap, name in zip(heatmaps, called, strict=True)]
    if not maps or any(heatmap.shape != maps[0].shape for heatmap in maps):
        raise ValueError(
            f"`heatmaps` (of shapes {[m.shape for m in maps]}) must be one or more maps of one "
            "shape"
        )
    return maps
