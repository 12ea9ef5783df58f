"""The ground set of an input: its regions, their sizes, and the inert ones."""

import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import repeat
from typing import Any

import numpy as np

from submod_core._types import AnyArray, BoolArray, FloatArray, IntArray
from submod_core.regions.divisions import compact, grid
from submod_core.regions.superpixels import slico

Regions = int | tuple[int, int] | AnyArray | Callable[[AnyArray], Any]
"""A count of superpixels, a grid, a label map, or a function from an image (H, W, C) to one."""

LabelMaps = tuple[IntArray, ...]
"""The label maps of one example, one per input, with ids 0 … n−1 shared across them."""

# Elements from which `every_element` warns: a search asks for about n² subsets.
_MANY = 1000


@dataclass(frozen=True, eq=False)
class GroundSet:
    """The regions of one input.

    Attributes
    ----------
    regions : ndarray of intp, or a tuple of them
        Label map (one per input tensor) with ids 0 … n−1.
    sizes : ndarray of float64, (n,)
        Elements of the input in each region.
    inert : ndarray of bool, (n,)
        Regions whose elements all equal the baseline, so that keeping them changes nothing.
    """

    regions: IntArray | tuple[IntArray, ...]
    sizes: FloatArray
    inert: BoolArray

    @classmethod
    def of(cls, maps: LabelMaps, changed: Sequence[BoolArray]) -> "GroundSet":
        """The ground set of an example's label maps.

        Parameters
        ----------
        maps : tuple of ndarray
            Each broadcasts to its input.
        changed : sequence of ndarray of bool
            For each input, shaped like it, where it differs from the baseline.

        Examples
        --------
        >>> GroundSet.of((np.array([0, 1, 1]),), [np.array([False, True, False])]).inert
        array([ True, False])
        """
        # A label map may broadcast to its input: one id then stands for several elements, such as
        # the channels of a pixel, and counts as many. A region is inert if none of its elements
        # differs from the baseline, in any input.
        n = 1 + max(int(labels.max()) for labels in maps)
        sizes, touched = np.zeros(n), np.zeros(n, dtype=bool)
        for labels, differs in zip(maps, changed, strict=True):
            sizes += np.bincount(labels.ravel(), minlength=n) * (differs.size / labels.size)
            touched[np.broadcast_to(labels, differs.shape)[differs]] = True
        return cls(maps if len(maps) > 1 else maps[0], sizes, ~touched)


def check_regions(regions: Any) -> None:
    """Raise ValueError unless `regions` is one of the kinds of `Regions`."""
    whole = isinstance(regions, int | np.integer) and not isinstance(regions, bool)
    pair = (
        isinstance(regions, tuple)
        and len(regions) == 2
        and all(isinstance(side, int) for side in regions)
    )
    if not ((whole and regions >= 1) or pair or callable(regions) or hasattr(regions, "__array__")):
        raise ValueError(
            f"`regions` (={regions!r}) must be a count ≥ 1, (rows, columns), a label map or a "
            "callable"
        )


def divide_images(images: AnyArray, regions: Regions) -> list[IntArray]:
    """Label maps (H, W) of the images (N, H, W, C).

    One per image where the division depends on the image, as that of a count or a function does;
    a single map for all images otherwise.

    Raises
    ------
    ValueError
        If `regions` does not fit the images, or an image is not finite.

    Examples
    --------
    >>> divide_images(np.zeros((5, 2, 4, 3)), (1, 2))
    [array([[0, 0, 1, 1],
           [0, 0, 1, 1]])]
    """
    if isinstance(regions, int | np.integer):
        # SLIC releases Python's lock: threads divide the images in parallel.
        with ThreadPoolExecutor() as pool:
            return list(pool.map(_divide, images, repeat(regions)))
    return [_divide(image, regions) for image in (images if callable(regions) else images[:1])]


def _divide(image: AnyArray, regions: Regions) -> IntArray:
    """The label map of one image; errors name the argument `regions`."""
    shape = (image.shape[0], image.shape[1])
    labels = np.asarray(regions(image) if callable(regions) else regions)
    try:
        if isinstance(regions, tuple):
            return grid(shape, regions)
        if isinstance(regions, int | np.integer):
            return slico(image, int(regions))
        return _covering(labels, shape)
    except ValueError as error:
        raise ValueError(f"`regions` cannot divide the image: {error}") from error


def _covering(labels: AnyArray, shape: tuple[int, int]) -> IntArray:
    """A given label map, checked and without gaps."""
    if labels.shape != shape:
        raise ValueError(
            f"the label map has shape {labels.shape}; it must cover the image, {shape}"
        )
    if labels.min() < 0:
        raise ValueError(
            f"the label map has the id {labels.min()}; every pixel needs an id of at least 0"
        )
    return compact(labels)


def every_element(shape: tuple[int, ...]) -> IntArray:
    """The label map in which each element is a region of its own.

    Warns
    -----
    UserWarning
        If there are more than 1000 elements: too many to search.

    Examples
    --------
    >>> every_element((2, 2))
    array([[0, 1],
           [2, 3]])
    """
    n = int(np.prod(shape))
    if n > _MANY:
        warnings.warn(
            f"every element is a region of its own, here {n} of them, and a search asks the model "
            f"about {n**2:.0e} times; group the elements by a mask",
            stacklevel=2,
        )
    return np.arange(n, dtype=np.intp).reshape(shape)


def number_apart(maps: Sequence[AnyArray]) -> LabelMaps:
    """Give the regions of several inputs ids of their own: each input's ids follow the last one's.

    Examples
    --------
    >>> number_apart([np.array([0, 1]), np.array([0, 0])])
    (array([0, 1]), array([2, 2]))
    """
    numbered, start = [], 0
    for labels in maps:
        numbered.append(labels + start)
        start += int(labels.max()) + 1
    return tuple(numbered)


def compact_together(maps: Sequence[AnyArray]) -> LabelMaps:
    """Renumber the label maps of several inputs without gaps; an id shared by two stays shared.

    Examples
    --------
    >>> compact_together([np.array([7, 99]), np.array([99])])
    (array([0, 1]), array([1]))
    """
    flat = compact(np.concatenate([labels.ravel() for labels in maps]))
    parts = np.split(flat, np.cumsum([labels.size for labels in maps])[:-1])
    return tuple(part.reshape(labels.shape) for part, labels in zip(parts, maps, strict=True))
