"""Label maps: the ids of regions over the elements of one input or of several."""

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from submod_core._checks import check_counts, check_type
from submod_core._types import AnyArray, IntArray
from submod_core.regions.divisions import compact

LabelMaps = tuple[IntArray, ...]
"""The label maps of one example, one per input, with ids 0 … n−1 shared across them."""

# Elements from which `every_element` warns: a search asks for about n² subsets.
_MANY = 1000


def check_label_map(name: str, labels: Any) -> None:
    """Raise TypeError or ValueError unless an array holds ids from 0 on, and perhaps −1."""
    check_type(name, labels, np.ndarray, "an array of ids")
    if labels.dtype.kind not in "iu" or not labels.size or labels.min() < -1:
        raise ValueError(
            f"`{name}` (of dtype {labels.dtype} and shape {labels.shape}) must hold whole ids from "
            "0 on, and −1 for what always stays"
        )


def check_groups(name: str, groups: Any, n: int) -> None:
    """Raise ValueError unless an array holds a group of each of n regions, 0 … k−1 without gaps."""
    array = np.asarray(groups)
    whole = array.dtype.kind in "iu" and array.shape == (n,)
    if not whole or not np.array_equal(np.unique(array), np.arange(array.max() + 1)):
        raise ValueError(
            f"`{name}` (of dtype {array.dtype} and shape {array.shape}) must hold a group for each "
            f"of the {n} regions, with whole numbers from 0 on without gaps"
        )


def holds_all(maps: Sequence[IntArray], n: int) -> bool:
    """Whether label maps, of ids from −1 to n − 1, hold each of 0 … n − 1.

    Examples
    --------
    >>> holds_all([np.array([0, -1]), np.array([1])], 2), holds_all([np.array([1])], 2)
    (True, False)
    """
    counts = np.zeros(n + 1, dtype=np.intp)
    for labels in maps:
        counts += np.bincount(labels.ravel().astype(np.intp, copy=False) + 1, minlength=n + 1)
    return bool(counts[1:].all())


def covers(labels: IntArray, shape: tuple[int, ...]) -> bool:
    """Whether a label map broadcasts to a shape.

    Examples
    --------
    >>> covers(np.zeros((1, 3), int), (2, 3)), covers(np.zeros(4, int), (2, 3))
    (True, False)
    """
    try:
        return np.broadcast_shapes(labels.shape, shape) == shape
    except ValueError:
        return False


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
    check_counts("shape", shape)
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
    check_type("maps", maps, Sequence, "a sequence of label maps")
    numbered, start = [], 0
    for labels in maps:
        check_label_map("maps", labels)
        numbered.append(np.where(labels < 0, labels, labels + start))
        start += int(labels.max()) + 1
    return tuple(numbered)


def compact_together(maps: Sequence[AnyArray]) -> LabelMaps:
    """Renumber the label maps of several inputs without gaps; an id shared by two stays shared.

    Examples
    --------
    >>> compact_together([np.array([7, 99]), np.array([99])])
    (array([0, 1]), array([1]))
    """
    check_type("maps", maps, Sequence, "a sequence of label maps")
    for labels in maps:
        check_type("maps", labels, np.ndarray, "a sequence of label maps")
    flat = compact(np.concatenate([labels.ravel() for labels in maps]))
    parts = np.split(flat, np.cumsum([labels.size for labels in maps])[:-1])
    return tuple(part.reshape(labels.shape) for part, labels in zip(parts, maps, strict=True))
