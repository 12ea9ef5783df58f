"""Groups of regions, to be searched before single ones: coarse to fine."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from submod_core._checks import check_type
from submod_core._types import AnyArray, IntArray
from submod_core.regions.ground_set import Division, GroundSet, Regions, divide_inputs
from submod_core.regions.label_maps import check_groups, check_label_map
from submod_core.regions.layout import Layout


def with_groups(
    sets: Sequence[GroundSet], examples: AnyArray, layout: Layout, coarse: Regions
) -> list[GroundSet]:
    """Group the regions of inputs by a coarser division: each joins what it overlaps most.

    An input whose regions would all be groups of their own gets none, among others that get some.

    Grids of a half, a quarter, … of the cells along each axis nest exactly, as in a quadtree.

    Parameters
    ----------
    sets : sequence of GroundSet, N
        Each with a single label map.
    examples : ndarray, (N, …)
    layout : Layout
    coarse : Regions
        The coarser division, as `Division` takes it.

    Raises
    ------
    ValueError
        If the coarser division does not fit the inputs, leaves regions out, or groups the regions
        of none of them.

    Examples
    --------
    >>> cells = np.arange(4).reshape(2, 2)
    >>> ground_set = GroundSet(cells, np.ones(4), np.zeros(4, dtype=bool))
    >>> (found,) = with_groups([ground_set], np.zeros((1, 2, 2, 3)), Layout("NHWC"), (1, 2))
    >>> found.groups
    array([0, 1, 0, 1])
    """
    check_type("sets", sets, Sequence, "a sequence of GroundSet")
    for ground_set in sets:
        check_type("sets", ground_set, GroundSet, "a sequence of GroundSet")
    maps = divide_inputs(examples, layout, Division(coarse, "coarse"))
    found = [
        replace(ground_set, groups=_groups(ground_set, maps[i % len(maps)], layout))
        for i, ground_set in enumerate(sets)
    ]
    sizes = [len(ground_set.sizes) for ground_set in found]
    if max(sizes) > 1 and all(ground_set.groups is None for ground_set in found):
        raise ValueError(
            f"`coarse` must be coarser than the regions: each of the {max(sizes)} regions would be "
            "a group of its own"
        )
    return found


def _groups(ground_set: GroundSet, coarse: IntArray, layout: Layout) -> IntArray | None:
    """The group (n,) of each region: the one of a coarser label map that it overlaps most.

    None where each region would be a group of its own.
    """
    fine, n = ground_set.regions, len(ground_set.sizes)
    if isinstance(fine, tuple):
        if len(fine) > 1:
            raise ValueError("`coarse` must be None for several inputs: it divides a single one")
        (fine,) = fine
    # Over the places, or over all elements where channels differ.
    fine = layout.spread(fine) if fine.ndim == layout.n_places else fine
    fine, coarse = (labels.ravel() for labels in np.broadcast_arrays(fine, coarse))
    fine, coarse = fine[fine >= 0].astype(np.intp), coarse[fine >= 0].astype(np.intp)
    if (coarse < 0).any():
        raise ValueError("`coarse` must have a region wherever there is one: −1 is none")
    k = int(coarse.max()) + 1
    shared = np.bincount(fine * k + coarse, minlength=n * k).reshape(n, k)
    groups = np.unique(shared.argmax(axis=1), return_inverse=True)[1].astype(np.intp)
    return None if groups.max() + 1 == n else groups


def merged(ground_set: GroundSet, parts: IntArray) -> GroundSet:
    """The ground set whose regions are unions of others, without groups.

    A union is inert where all its regions are.

    Parameters
    ----------
    ground_set : GroundSet
    parts : ndarray of int, (n,)
        The union of each region, 0 … k−1 without gaps.

    Raises
    ------
    ValueError
        If `parts` are not such numbers.

    Examples
    --------
    >>> whole = GroundSet(np.array([0, 1, 2, -1]), np.ones(3), np.zeros(3, dtype=bool))
    >>> merged(whole, np.array([1, 0, 1])).regions
    array([ 1,  0,  1, -1])
    """
    check_type("ground_set", ground_set, GroundSet, "a GroundSet")
    check_groups("parts", parts, len(ground_set.sizes))
    maps, number = ground_set.regions, np.append(parts, -1)  # place −1 is what always stays
    regions = tuple(number[labels] for labels in maps) if isinstance(maps, tuple) else number[maps]
    changed = np.bincount(parts, weights=~ground_set.inert) > 0
    sizes = np.bincount(parts, weights=ground_set.sizes).astype(np.float64)
    return GroundSet(regions, sizes, ~changed)


def unions_of(ground_set: GroundSet, regions: Any) -> IntArray:
    """The region (n,) of a coarser label map that holds each region of a ground set.

    Parameters
    ----------
    ground_set : GroundSet
    regions : ndarray of int, or a tuple of them
        Shaped like those of the ground set; unions of its regions, as `merged` makes them.

    Raises
    ------
    TypeError, ValueError
        If `regions` are no such label maps.

    Examples
    --------
    >>> cells = GroundSet(np.array([0, 1, 2, -1]), np.ones(3), np.zeros(3, dtype=bool))
    >>> unions_of(cells, np.array([1, 0, 1, -1]))
    array([1, 0, 1])
    """
    check_type("ground_set", ground_set, GroundSet, "a GroundSet")
    given = regions if isinstance(regions, tuple) else (regions,)
    fine = ground_set.regions if isinstance(ground_set.regions, tuple) else (ground_set.regions,)
    if [np.shape(labels) for labels in given] != [labels.shape for labels in fine]:
        raise ValueError("`regions` must be label maps, shaped like those of the ground set")
    found = np.zeros(len(ground_set.sizes) + 1, dtype=np.intp)
    for labels, unions in zip(fine, given, strict=True):
        check_label_map("regions", unions)
        found[labels] = unions  # what always stays writes to the last place
    return found[:-1]
