"""Boxes in images, given in pixels."""

from typing import Any

from submod_core._checks import as_numbers
from submod_core._pictures import as_array
from submod_core._types import FloatArray


def as_box(box: Any) -> FloatArray | None:
    """A box (left, top, right, bottom) in pixels, as numbers; None for none.

    Raises
    ------
    TypeError, ValueError
        If it is no box.

    Examples
    --------
    >>> as_box((1, 2, 5, 9))
    array([1., 2., 5., 9.])
    """
    if box is None:
        return None
    corners = as_numbers("box", as_array(box))
    if corners.shape != (4,) or not (corners[2:] > corners[:2]).all():
        raise ValueError(
            f"`box` (={box!r}) must be left, top, right, bottom in pixels, with left < right and "
            "top < bottom"
        )
    return corners
