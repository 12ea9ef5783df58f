"""The ground set of an input: its regions, their sizes, and the inert ones."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np

from submod_core._checks import as_numbers, check_count, check_type, is_whole
from submod_core._types import AnyArray, BoolArray, FloatArray, IntArray
from submod_core.regions.divisions import compact, grid
from submod_core.regions.label_maps import (
    LabelMaps,
    check_groups,
    check_label_map,
    covers,
    every_element,
)
from submod_core.regions.layout import Layout
from submod_core.regions.superpixels import slico, supervoxels

Regions = int | tuple[int, ...] | AnyArray | Callable[[AnyArray], Any] | None
"""A count of regions, cells along each axis of places, a label map, a function from an example
(places…, C) to one, or None for the layout's default."""


@dataclass(frozen=True, eq=False)
class Division:
    """A way to divide inputs that come without label maps.

    Attributes
    ----------
    regions : Regions
        None divides images by `of_images`, volumes, videos and series with channels into
        `of_others` supervoxels or segments, and makes each feature of tables, or token, a region.
    name : str
        The option that says so, for errors.
    of_images : int or (int, int)
        The default for images.
    of_others : int
        The default for volumes, videos and series.
    """

    regions: Regions = None
    name: str = "regions"
    of_images: int | tuple[int, int] = 49
    of_others: int = 49

    def __post_init__(self) -> None:
        check_type("name", self.name, str, "a string")
        check_regions(self.regions, self.name)
        for size in self.of_images if isinstance(self.of_images, tuple) else (self.of_images,):
            check_count("of_images", size)
        check_count("of_others", self.of_others)

    def of(self, layout: Layout) -> Regions:
        """The division of inputs of a layout; None for a region per place.

        Examples
        --------
        >>> [Division().of(Layout(axes)) for axes in ("NCHW", "NTC", "NF")]
        [49, 49, None]
        """
        if self.regions is not None:
            return self.regions
        if layout.is_image:
            return self.of_images
        return self.of_others if layout.n_places > 2 or "C" in layout.axes else None


@dataclass(frozen=True, eq=False)
class GroundSet:
    """The regions of one input.

    Attributes
    ----------
    regions : ndarray of intp, or a tuple of them
        Label map (one per input tensor) with ids 0 … n−1, and −1 for what always stays.
    sizes : ndarray of float64, (n,)
        Elements of the input in each region.
    inert : ndarray of bool, (n,)
        Regions whose elements all equal the baseline, so that keeping them changes nothing.
    groups : ndarray of intp, (n,), optional
        The group of each region, 0 … k−1 without gaps: what is searched first, coarse to fine.
    """

    regions: IntArray | tuple[IntArray, ...]
    sizes: FloatArray
    inert: BoolArray
    groups: IntArray | None = None

    def __post_init__(self) -> None:
        sizes = as_numbers("sizes", self.sizes)
        if sizes.ndim != 1 or not len(sizes) or (sizes < 0).any():
            raise ValueError(f"`sizes` (of shape {sizes.shape}) must be (n,), each at least 0")
        if np.asarray(self.inert).dtype != bool or np.shape(self.inert) != sizes.shape:
            raise ValueError(f"`inert` must be a mask {sizes.shape} of bool, as long as `sizes`")
        maps = self.regions if isinstance(self.regions, tuple) else (self.regions,)
        for labels in maps:
            check_label_map("regions", labels)
        if not maps or max(int(labels.max()) for labels in maps) >= len(sizes):
            raise ValueError(f"`regions` must have ids below {len(sizes)}, the number of `sizes`")
        if self.groups is not None:
            check_groups("groups", self.groups, len(sizes))

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
        check_type("maps", maps, Sequence, "a sequence of label maps")
        check_type("changed", changed, Sequence, "a sequence of masks")
        if not maps or len(maps) != len(changed):
            raise ValueError(
                f"`changed` (of length {len(changed)}) must have a mask for each of `maps`, of "
                f"length {len(maps)}"
            )
        for labels, differs in zip(maps, changed, strict=True):
            check_label_map("maps", labels)
            if np.asarray(differs).dtype != bool or not covers(labels, np.shape(differs)):
                raise ValueError(
                    f"`changed` (of shape {np.shape(differs)}) must be of bool, with a label map "
                    f"that broadcasts to it, not one of shape {labels.shape}"
                )
        # A label map may broadcast to its input: one id then stands for several elements, such as
        # the channels of a pixel, and counts as many. A region is inert if none of its elements
        # differs from the baseline, in any input. Place n of both arrays is what always stays.
        n = 1 + max(int(labels.max()) for labels in maps)
        sizes, touched = np.zeros(n + 1), np.zeros(n + 1, dtype=bool)
        for labels, differs in zip(maps, changed, strict=True):
            ids = np.where(labels < 0, n, labels)
            sizes += np.bincount(ids.ravel(), minlength=n + 1) * (differs.size / labels.size)
            touched[np.broadcast_to(ids, differs.shape)[differs]] = True
        return cls(maps if len(maps) > 1 else maps[0], sizes[:n], ~touched[:n])

    @property
    def stays(self) -> bool:
        """Whether a part of the input is in no region, and always stays."""
        maps = self.regions if isinstance(self.regions, tuple) else (self.regions,)
        return any(int(labels.min()) < 0 for labels in maps)


def check_regions(regions: Any, name: str = "regions") -> None:
    """Raise ValueError unless `regions` is one of the kinds of `Regions`."""
    cells = isinstance(regions, tuple) and len(regions) > 0 and all(map(is_whole, regions))
    count = is_whole(regions) and regions >= 1
    if not (
        regions is None or count or cells or callable(regions) or hasattr(regions, "__array__")
    ):
        raise ValueError(
            f"`{name}` (={regions!r}) must be a count ≥ 1, cells along each axis such as (rows, "
            "columns), a label map, a callable or None"
        )


def divide_inputs(examples: AnyArray, layout: Layout, division: Division) -> list[IntArray]:
    """Label maps of inputs (N, …), each broadcasting to one example.

    One per example where the division depends on it, as that of a count or a function does; a
    single map for all otherwise.

    Parameters
    ----------
    examples : ndarray, (N, …)
    layout : Layout
    division : Division

    Raises
    ------
    ValueError
        If the division does not fit the inputs, or an input is not finite.

    Examples
    --------
    >>> divide_inputs(np.zeros((5, 2, 4, 3)), Layout("NHWC"), Division((1, 2)))[0][..., 0]
    array([[0, 0, 1, 1],
           [0, 0, 1, 1]])
    """
    check_type("layout", layout, Layout, "a Layout")
    check_type("division", division, Division, "a Division")
    if as_numbers("examples", examples, finite=False).ndim != len(layout.axes):
        raise ValueError(f"`examples` (of shape {np.shape(examples)}) must be {layout}")
    places, regions = layout.places(examples.shape[1:]), division.of(layout)
    if regions is None:
        return [layout.spread(every_element(places))]
    given = None if callable(regions) or isinstance(regions, tuple) else np.asarray(regions)
    if given is not None and given.ndim > len(places):
        return _given(given, examples.shape, layout, division.name)
    rows = layout.channels_last(examples)
    if is_whole(regions) and layout.n_places > 1:
        # SLIC releases Python's lock: threads divide the images in parallel.
        with ThreadPoolExecutor() as pool:
            maps = list(pool.map(lambda row: _divide(row, layout, regions, division.name), rows))
    else:
        some = rows if callable(regions) else rows[:1]
        maps = [_divide(row, layout, regions, division.name) for row in some]
    return [layout.spread(labels) for labels in maps]


def _given(maps: AnyArray, shape: tuple[int, ...], layout: Layout, name: str) -> list[IntArray]:
    """Label maps that a user gave for each example, or over all elements of one or of each."""
    n, example, places = shape[0], shape[1:], layout.places(shape[1:])
    wholes = (example, (1, *example), (n, *example))
    if maps.shape not in (*wholes, (1, *places), (n, *places)):
        raise ValueError(
            f"`{name}` (of shape {maps.shape}) must be a label map {places} or, with regions of "
            f"single channels, {example}, or one for each of the {n} inputs"
        )
    if maps.shape == example and maps.shape == (n, *places) != (1, *places):
        raise ValueError(
            f"`{name}` (of shape {maps.shape}) may be a map for each input or one over all "
            f"channels: give {(1, *example)} for the latter, and for the former regions of single "
            f"channels, {(n, *example)}"
        )
    try:
        if maps.shape in wholes:
            return [compact(one) for one in (maps[None] if maps.shape == example else maps)]
        return [layout.spread(compact(one)) for one in maps]
    except ValueError as error:
        raise ValueError(f"`{name}` cannot divide {layout}: {error}") from error


def _divide(example: AnyArray, layout: Layout, regions: Any, name: str) -> IntArray:
    """The label map over the places of one example (places…, C)."""
    places = example.shape[:-1]
    try:
        if isinstance(regions, tuple):
            return grid(places, tuple(map(int, regions)))
        if is_whole(regions):
            if layout.n_places == 1:
                return grid(places, (min(int(regions), places[0]),))
            superpixels = slico if layout.is_image else supervoxels
            return superpixels(example, int(regions))
        # A function of grey images, as of all others, gets an axis of channels.
        return covering(regions(example) if callable(regions) else regions, places, layout)
    except ValueError as error:
        raise ValueError(f"`{name}` cannot divide {layout}: {error}") from error


def covering(labels: Any, places: tuple[int, ...], layout: Layout) -> IntArray:
    """A label map that a user gave, or a function made, broadcast to the places, without gaps.

    Raises
    ------
    ValueError
        If it does not broadcast to the places, or is no label map.

    Examples
    --------
    >>> covering([[0], [7]], (2, 3), Layout("NHW"))
    array([[0, 0, 0],
           [1, 1, 1]])
    """
    array = np.asarray(labels)
    fits = array.ndim == len(places) and all(
        a in (1, p) for a, p in zip(array.shape, places, strict=True)
    )
    if not fits:
        raise ValueError(
            f"the label map has shape {array.shape}; it must cover the places of {layout}, {places}"
        )
    return np.broadcast_to(compact(array), places)
