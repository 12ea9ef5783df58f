"""Divisions of an input into regions, as integer label maps with ids 0 … n−1 and no gaps."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from skimage.measure import label
from skimage.morphology import local_minima
from skimage.segmentation import watershed as flooded

from submod_core._checks import (
    as_numbers,
    check_axes,
    check_count,
    check_counts,
    check_type,
    is_number,
)
from submod_core._types import AnyArray, BoolArray, IntArray


def compact(labels: ArrayLike) -> IntArray:
    """Renumber a label map to 0 … n−1 without gaps, keeping the order of the ids.

    Parameters
    ----------
    labels : array_like of int, any shape
        One id per element; gaps are allowed. −1 is no region but what always stays, and is kept.

    Returns
    -------
    ndarray of intp, same shape

    Raises
    ------
    ValueError
        If `labels` is empty, holds no region, or holds anything but whole numbers from −1 on.

    Examples
    --------
    >>> compact([[7, 7], [99, -1]])
    array([[ 0,  0],
           [ 1, -1]])
    """
    array = _labels(labels)
    if array.size == 0:
        raise ValueError(f"`labels` (of shape {array.shape}) must hold at least one element")
    whole = array.dtype.kind in "iub" or (
        array.dtype.kind == "f" and np.array_equal(array, np.rint(array))
    )
    if not whole or array.min() < -1:
        raise ValueError(
            f"`labels` (of dtype {array.dtype}, from {array.min()} on) must hold whole numbers: "
            "region ids from 0 on, and −1 for what always stays"
        )
    if array.max() < 0:
        raise ValueError("`labels` holds −1 alone, which always stays; there must be a region")
    ids, inverse = np.unique(array, return_inverse=True)
    # The lowest id is number 0, or −1 where it stands for what stays.
    return inverse.reshape(array.shape).astype(np.intp) - int(ids[0] == -1)


def _labels(labels: Any) -> AnyArray:
    """An array of labels; TypeError where it holds anything but finite numbers."""
    as_numbers("labels", labels)
    return np.asarray(labels)


def grid(shape: tuple[int, ...], cells: tuple[int, ...]) -> IntArray:
    """Rectangular patches, numbered row by row; blocks of a volume, segments of a series.

    Parameters
    ----------
    shape : tuple of int
        Lengths of the input's axes: height and width of an image.
    cells : tuple of int
        Number of patches along each axis. Sides of patches differ by at most one element.

    Returns
    -------
    ndarray of intp, `shape`

    Raises
    ------
    ValueError
        If there is not one number of cells for each axis, from 1 to the axis' length.

    Examples
    --------
    >>> grid((2, 5), (1, 2))
    array([[0, 0, 0, 1, 1],
           [0, 0, 0, 1, 1]])
    >>> grid((5,), (2,))
    array([0, 0, 0, 1, 1])
    """
    check_counts("shape", shape)
    check_counts("cells", cells)
    fits = len(shape) == len(cells) and all(
        1 <= count <= side for side, count in zip(shape, cells, strict=True)
    )
    if not fits:
        least = (1,) * len(shape)
        raise ValueError(f"`cells` (={cells}) must be between {least} and `shape` (={shape})")
    # Along each axis, the cell that an element lies in; the cell of all axes by mixed radix.
    labels = np.zeros(shape, dtype=np.intp)
    for axis, (side, count) in enumerate(zip(shape, cells, strict=True)):
        along = np.arange(side) * count // side
        labels = labels * count + along.reshape(-1, *(1,) * (len(shape) - 1 - axis))
    return labels


def watershed(image: ArrayLike, n: int = 64) -> IntArray:
    """Basins of a map, which follow its valleys (SOP, App. C.1.2).

    SOP divides weak-lensing maps in this way.

    Parameters
    ----------
    image : array_like, (H, W)
        Real values.
    n : int
        Largest number of basins, around the lowest minima; at most the number of minima.

    Returns
    -------
    ndarray of intp, (H, W)
        The label map; each region is connected.

    Raises
    ------
    ValueError
        If the image has other axes or non-finite values, or `n` < 1.

    Examples
    --------
    >>> int(watershed(np.cos(np.linspace(0, 20, 400)).reshape(20, 20), n=4).max()) + 1
    4
    """
    check_count("n", n)
    array = as_numbers("image", image)
    if array.ndim != 2 or not array.size:
        raise ValueError(f"`image` (of shape {array.shape}) must be (H, W), with a pixel or more")
    # The value of each local minimum; ids begin at 1, and 0 is the rest of the map.
    minima = label(local_minima(array))
    lowest = np.full(int(minima.max()) + 1, np.inf)
    np.minimum.at(lowest, minima.ravel(), array.ravel())
    lowest[0] = np.inf
    # Flood from the n lowest minima: the basins of the others join their neighbours.
    kept = np.zeros(len(lowest), dtype=np.intp)
    kept[np.argsort(lowest, kind="stable")[: min(int(n), len(lowest) - 1)]] = 1
    if not kept.any():  # a constant map has no minimum
        return np.zeros(array.shape, dtype=np.intp)
    return compact(flooded(array, markers=minima * kept[minima]))


def saliency_patches(saliency: ArrayLike, patches: tuple[int, int], n: int) -> IntArray:
    """Patches of like saliency joined into regions (SMDL, Algorithm 1).

    The patches are ranked by the mean of a prior saliency map; the most salient make the first
    region, the next ones the second, and so on. Regions need not be connected.

    Parameters
    ----------
    saliency : array_like, (H, W)
        The prior map, of the size of the image; finite.
    patches : (int, int)
        Rows and columns of patches. Sides of patches differ by at most one pixel.
    n : int
        Number of regions. Regions differ by at most one patch.

    Returns
    -------
    ndarray of intp, (H, W)

    Raises
    ------
    ValueError
        If the map is not finite, or has fewer pixels than patches, or fewer patches than regions.

    Examples
    --------
    >>> saliency_patches([[0.1, 0.9, 0.8, 0.2]], (1, 4), 2)
    array([[1, 0, 0, 1]])
    """
    prior = as_numbers("saliency", saliency)
    check_axes("saliency", prior, 2, "(H, W), with a score for every pixel")
    check_count("n", n)
    check_counts("patches", patches)
    cells = grid((prior.shape[0], prior.shape[1]), patches)
    n_patches = patches[0] * patches[1]
    if n > n_patches:
        raise ValueError(f"`n` (={n}) must be at most the number of patches, {n_patches}")
    means = np.bincount(cells.ravel(), weights=prior.ravel()) / np.bincount(cells.ravel())
    # The region of each patch. Rank r, from 1, is of region l where (l − 1)·d < r ≤ l·d, with
    # d = n_patches / n. Whole numbers compute l = ⌈r / d⌉ exactly, as −(−r · n // n_patches).
    region = np.empty(n_patches, dtype=np.intp)
    region[np.argsort(-means, kind="stable")] = -(-np.arange(1, n_patches + 1) * n // n_patches) - 1
    return region[cells]


def from_masks(
    masks: ArrayLike | Sequence[ArrayLike | Mapping[str, Any]] | Mapping[str, Any],
    min_area: float = 0.0005,
) -> IntArray:
    """A partition from overlapping masks, such as Segment Anything's (LiMA, Algorithm 2).

    Of two masks that overlap, the larger gives up the intersection (the second where they are
    equal). Masks of at most `min_area` are dropped; every element that no kept mask covers goes
    into one last region. The paper's algorithm subtracts the dropped masks too and so loses their
    elements; here each element is in exactly one region.

    Parameters
    ----------
    masks : array_like of bool, (K, H, W), a sequence of (H, W) masks, or a mapping with "masks"
        Entries may also be mappings with a ``"segmentation"``, as Segment Anything's mask generator
        returns, or a ``"mask"``, as Hugging Face's ``pipeline("image-segmentation")`` does; the
        output of ``pipeline("mask-generation")`` is taken as it is. All of these must have seen the
        picture: see `PixelSpace.regions`.
    min_area : float in [0, 1)
        Share of the image that a mask must exceed, the paper's δ.

    Returns
    -------
    ndarray of intp, (H, W)

    Raises
    ------
    ValueError
        If there is no mask, the masks differ in shape, or `min_area` is out of range.

    Examples
    --------
    >>> from_masks([[[1, 1, 1, 0]], [[0, 0, 1, 0]]])
    array([[0, 0, 1, 2]])
    >>> from_masks({"masks": [np.array([[True, False]])], "scores": np.array([0.9])})
    array([[0, 1]])
    """
    if isinstance(masks, Mapping):
        if "masks" not in masks:
            raise ValueError(f"`masks` (with the keys {list(masks)}) must have an entry 'masks'")
        listed: Any = masks["masks"]
        masks = list(listed) if hasattr(listed, "__len__") else listed
    check_type("masks", masks, Sequence | np.ndarray, "an array or a sequence of masks")
    layers = [_mask(one) for one in masks]  # type: ignore[union-attr]
    if not layers or any(layer.shape != layers[0].shape or layer.ndim != 2 for layer in layers):
        raise ValueError(
            f"`masks` (of shapes {[m.shape for m in layers]}) must be one or more (H, W) masks "
            "alike"
        )
    if not is_number(min_area) or not 0 <= min_area < 1:
        raise ValueError(f"`min_area` (={min_area}) must be in [0, 1)")
    # Empty masks have no bounding box. Each mask that is large enough claims its elements from
    # the last region, which covers everything at first.
    shape = layers[0].shape
    layers = _disjoint([layer.copy() for layer in layers if layer.any()])
    labels = np.full(shape, len(layers), dtype=np.intp)
    for index, layer in enumerate(layers):
        if layer.mean() > min_area:
            labels[layer] = index
    return compact(labels)


def _mask(layer: Any) -> BoolArray:
    if isinstance(layer, Mapping):
        name = next((key for key in ("segmentation", "mask") if key in layer), None)
        if name is None:
            raise ValueError(
                f"`masks` (with the keys {list(layer)}) must have a 'segmentation' or a 'mask' each"
            )
        layer = layer[name]
    values = as_numbers("masks", layer.cpu() if hasattr(layer, "cpu") else layer)
    inside = values != 0
    if inside.any() and not (values[inside] == values.max()).all():
        raise ValueError(f"`masks` (up to {values.max():.3g}) must be True or False: threshold")
    return inside


def _disjoint(layers: list[BoolArray]) -> list[BoolArray]:
    """Take each intersection of two masks out of the larger one; areas are those left so far."""
    areas = [int(layer.sum()) for layer in layers]
    boxes = [_bounding_box(layer) for layer in layers]
    for i in range(len(layers)):
        for j in range(i + 1, len(layers)):
            # Look only where both bounding boxes overlap: masks are many and small.
            window = tuple(
                slice(max(a.start, b.start), min(a.stop, b.stop))
                for a, b in zip(boxes[i], boxes[j], strict=True)
            )
            common = layers[i][window] & layers[j][window]
            larger = i if areas[i] > areas[j] else j
            layers[larger][window] &= ~common
            areas[larger] -= int(common.sum())
    return layers


def _bounding_box(layer: BoolArray) -> tuple[slice, ...]:
    """The smallest (rows, columns) that hold a mask with at least one element."""
    extents = (np.flatnonzero(layer.any(axis=1 - axis)) for axis in (0, 1))
    return tuple(slice(int(extent[0]), int(extent[-1]) + 1) for extent in extents)
