"""Flat pictures of inputs of any kind, for pages: without matplotlib."""

from typing import Any, NamedTuple

import numpy as np

from submod_core._types import AnyArray, FloatArray, IntArray

_STRIP = 24
"""Height of a strip for a sequence, in 192ths of its width."""
_MOST_SLICES = 16


class View(NamedTuple):
    """View of an input on a panel of a page: a label map over a picture, or marked pieces.

    Attributes
    ----------
    labels : ndarray of intp, (H, W), or None
        −1 is what always stays.
    picture : ndarray of float, (H, W, 3), or None
        In [0, 1].
    noun : str
        What the input is called, such as "image".
    marks : str
        HTML in place of a picture: each ``<mark data-region="…">`` is a piece of a region.
    box : list of float, 4, or None
        To outline: left, top, right, bottom as shares of the width and height.
    """

    labels: IntArray | None
    picture: FloatArray | None = None
    noun: str = "image"
    marks: str = ""
    box: list[float] | None = None


def bare_view(regions: IntArray) -> View | None:
    """The label map of an image, series or volume without its picture; None for other inputs.

    Examples
    --------
    >>> bare_view(np.array([0, 1])).labels.shape
    (1, 2)
    >>> bare_view(np.zeros((5, 4, 4), int)).noun
    'volume'
    """
    if regions.ndim == 2:
        return View(regions)
    if regions.ndim == 1:
        return View(strip(regions), noun="input")
    return mosaic(regions, None, "volume") if regions.ndim == 3 else None


def strip(row: AnyArray) -> AnyArray:
    """A row (T,) or (T, C) as a flat picture, low and wide.

    Examples
    --------
    >>> strip(np.arange(16)).shape
    (2, 16)
    """
    return np.repeat(row[None], max(1, len(row) * _STRIP // 192), axis=0)


def spread_slices(n: int) -> IntArray:
    """Places of at most 16 slices of n, evenly, the first and the last among them.

    Examples
    --------
    >>> spread_slices(3), len(spread_slices(100))
    (array([0, 1, 2]), 16)
    """
    return np.unique(np.linspace(0, n - 1, min(n, _MOST_SLICES)).round().astype(np.intp))


def mosaic(regions: IntArray, slices: FloatArray | None, noun: str, chosen: Any = None) -> View:
    """Slices of a volume or frames of a video side by side, in reading order.

    Parameters
    ----------
    regions : ndarray of intp, (D, H, W)
    slices : ndarray of float, (D, H, W, 3), or None
        In [0, 1].
    noun : str
    chosen : array_like of int, optional
        The slices; by default at most 16, evenly.

    Examples
    --------
    >>> mosaic(np.zeros((5, 4, 4), int), None, "volume").labels.shape
    (9, 14)
    """
    chosen = spread_slices(len(regions)) if chosen is None else chosen
    labels = _side_by_side(regions[chosen], -1)
    picture = None if slices is None else _side_by_side(slices[chosen], 1.0)
    return View(labels, picture, noun)


def _side_by_side(slices: AnyArray, gap: float) -> AnyArray:
    """Slices (n, H, W, …) in reading order, about as wide as high, with a gap between."""
    n, height, width = slices.shape[:3]
    n_columns = int(np.ceil(np.sqrt(n * height / width)))
    n_rows = -(-n // n_columns)
    apart = max(1, max(height, width) // 32)
    size = n_rows * (height + apart) - apart, n_columns * (width + apart) - apart
    whole = np.full((*size, *slices.shape[3:]), gap, dtype=slices.dtype)
    for k, one in enumerate(slices):
        y, x = (k // n_columns) * (height + apart), (k % n_columns) * (width + apart)
        whole[y : y + height, x : x + width] = one
    return whole
