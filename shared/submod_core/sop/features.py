"""The features that groups are made of, as a label map: patches, segments, tokens or elements."""

from typing import Any, NamedTuple

import numpy as np

from submod_core._types import AnyArray, IntArray
from submod_core.regions import compact, every_element

Features = int | AnyArray | None
"""The side of square patches in pixels, a label map, or None: each element is a feature."""


class FeatureMap(NamedTuple):
    """A division of all inputs alike.

    Attributes
    ----------
    labels : ndarray of intp
        Ids 0 … n−1 over an input's axes but for channels; −1 where an element belongs to no feature
        and always stays.
    grid : tuple of int or None
        (rows, columns) of patches, (n,) elements or words of a row; None for other segments, which
        have no grid.
    """

    labels: IntArray
    grid: tuple[int, ...] | None

    @property
    def n(self) -> int:
        """Number of features."""
        return int(self.labels.max()) + 1


def feature_map(features: Features, shape: tuple[int, ...], images: bool) -> FeatureMap:
    """Divide inputs into features.

    Parameters
    ----------
    features : int, array_like of int or None
        Patches of that many pixels a side (for images), a label map that broadcasts to `shape`, or
        None for each element.
    shape : tuple of int
        (H, W) of images, or the shape of one input.
    images : bool

    Raises
    ------
    ValueError
        If the features do not fit the inputs.

    Examples
    --------
    >>> feature_map(2, (2, 4), images=True)
    FeatureMap(labels=array([[0, 0, 1, 1],
           [0, 0, 1, 1]]), grid=(1, 2))
    """
    if features is None:
        return FeatureMap(every_element(shape), shape if len(shape) == 1 else None)
    if isinstance(features, int | np.integer) and not isinstance(features, bool):
        if not images or not 1 <= features <= max(shape):
            raise ValueError(
                f"`features` (={features}) must be the side of patches of images, in pixels"
            )
        features = int(features)
        rows, columns = (-(-side // features) for side in shape)
        labels = (
            np.arange(shape[0])[:, None] // features * columns + np.arange(shape[1]) // features
        )
        return FeatureMap(labels.astype(np.intp), (rows, columns))
    labels = check_labels("features", features, shape)
    rows = labels.ndim == 1 and in_a_row(labels[None])
    return FeatureMap(labels, (int(labels.max()) + 1,) if rows else None)


def in_a_row(labels: IntArray) -> bool:
    """Whether features follow each other along one axis, in the order of their ids.

    Parameters
    ----------
    labels : ndarray of int, (N, T)
        Ids of features; elements below 0 are in none, wherever they are.

    Examples
    --------
    >>> in_a_row(np.array([[-1, 0, 0, -1, 1]])), in_a_row(np.array([[0, 1, 0]]))
    (True, False)
    """
    reached = np.maximum.accumulate(labels, axis=1)
    return bool(((labels < 0) | (labels == reached)).all())


def check_in_a_row(labels: IntArray) -> None:
    """Raise ValueError unless the features of a call (N, T) can be blurred over."""
    if not in_a_row(labels):
        raise ValueError(NOT_IN_A_ROW)


NOT_IN_A_ROW = (
    "`feature_mask` must number features in their order along the axis, each in one piece, for "
    "`blur` to smooth over them"
)


def check_labels(name: str, labels: Any, shape: tuple[int, ...]) -> IntArray:
    """A user's label map, with ids 0 … n−1 without gaps, and −1 for elements in no feature.

    Parameters
    ----------
    name : str
        The argument, for errors.
    labels : array_like of int
        Ids of 0 or more; any number below 0 for elements in no feature.
    shape : tuple of int

    Returns
    -------
    ndarray of intp
        Shaped like `labels`.

    Raises
    ------
    ValueError
        If it does not broadcast to `shape` with as many axes, or holds no feature.

    Examples
    --------
    >>> check_labels("features", [7, -1, 9], (3,))
    array([ 0, -1,  1])
    """
    array = np.asarray(labels)
    fits = array.ndim == len(shape) and all(
        a in (1, b) for a, b in zip(array.shape, shape, strict=True)
    )
    if not fits or array.dtype.kind not in "iu" or not (array >= 0).any():
        raise ValueError(
            f"`{name}` (of shape {array.shape} and dtype {array.dtype}) must be whole ids that "
            f"broadcast to {shape}, with at least one of 0 or more"
        )
    numbered = np.full(array.shape, -1, dtype=np.intp)
    numbered[array >= 0] = compact(array[array >= 0])
    return numbered


def cells(shape: tuple[int, ...], map_shape: tuple[int, ...]) -> IntArray:
    """The cell of a layer's map that lies under each element of an input, numbered row by row.

    Parameters
    ----------
    shape, map_shape : tuple of int
        The axes of the input and of the map, as many of each.

    Returns
    -------
    ndarray of intp, `shape`

    Examples
    --------
    >>> cells((4,), (2,))
    array([0, 0, 1, 1])
    """
    numbers = np.zeros((1,) * len(shape), dtype=np.intp)
    for axis, (length, size) in enumerate(zip(shape, map_shape, strict=True)):
        along = (np.arange(length) * size // length).reshape(
            [-1 if a == axis else 1 for a in range(len(shape))]
        )
        numbers = numbers * size + along
    return np.ascontiguousarray(np.broadcast_to(numbers, shape)).astype(np.intp)


def rows_of(rows: Any, some: slice) -> Any:
    """The rows of some of the examples, or the one row that all of them share.

    Parameters
    ----------
    rows : array, (1 or N, …), or None
    some : slice
        Of the N examples.

    Examples
    --------
    >>> rows_of([1, 2, 3], slice(0, 2)), rows_of([1], slice(2, 3))
    ([1, 2], [1])
    """
    return rows if rows is None or len(rows) == 1 else rows[some]
