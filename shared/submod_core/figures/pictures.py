"""Pictures: what all figures draw of an image, and the names of its classes."""

import textwrap
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import NDArray
from skimage.segmentation import find_boundaries

from submod_core._checks import as_numbers, check_type
from submod_core._types import AnyArray, FloatArray
from submod_core.results import Explanation

_DIMMED = 0.2


def as_picture(image: Any, shape: tuple[int, ...]) -> FloatArray:
    """RGB array (H, W, 3) in [0, 1], from any form of image that `plot_explanation` takes.

    Raises
    ------
    ValueError
        If the image is not of the size `shape`, or has another number of channels than 1 or 3.

    Examples
    --------
    >>> as_picture(np.array([[0, 255]]), (1, 2))
    array([[[0., 0., 0.],
            [1., 1., 1.]]])
    """
    array = as_array(image)
    as_numbers("image", array)
    # Channels go last: an image (C, H, W) of the regions' size, with 1 or 3 channels, is moved.
    if array.ndim == 3 and array.shape[1:] == shape and array.shape[2] not in (1, 3):
        array = np.moveaxis(array, 0, -1)
    if array.ndim == 2:
        array = array[..., None]
    if array.ndim != 3 or array.shape[:2] != shape:
        raise ValueError(
            f"`image` (of shape {np.shape(image)}) must have the size of the explanation's "
            f"regions, {shape}"
        )
    if array.shape[2] not in (1, 3):
        raise ValueError(
            f"`image` (of shape {np.shape(image)}) has {array.shape[2]} channels; give the 1 or 3 "
            "of them that are to be drawn"
        )
    picture = array.astype(np.float64) / (255 if array.dtype.kind in "iu" else 1)
    if picture.min() < 0 or picture.max() > 1:
        picture = (picture - picture.min()) / (np.ptp(picture) or 1.0)
    return np.broadcast_to(picture, (*shape, 3)).copy()


def as_array(data: Any) -> AnyArray:
    """A NumPy array of any array or tensor, on whatever device.

    Examples
    --------
    >>> as_array([1, 2])
    array([1, 2])
    """
    if hasattr(data, "detach"):
        data = data.detach().cpu()
        data = data.float() if data.is_floating_point() else data  # NumPy has no bfloat16
    return np.asarray(data)


def image_shape(explanation: Explanation) -> tuple[int, ...]:
    """Shape (H, W) of an explained image; ValueError for other inputs."""
    check_type("explanation", explanation, Explanation, "an Explanation")
    if isinstance(explanation.regions, tuple) or explanation.regions.ndim != 2:
        raise ValueError(
            "`explanation` must be of one image, with an (H, W) label map as its regions"
        )
    return explanation.regions.shape


def draw_kept(axes: Axes, kept: NDArray[np.bool_], picture: FloatArray) -> None:
    """Draw the kept part of a picture clear and outlined, the rest dimmed."""
    shown = np.where(kept[..., None], picture, _DIMMED * picture)
    shown[find_boundaries(kept, mode="inner")] = (1.0, 0.9, 0.2)
    axes.imshow(shown)
    axes.set_axis_off()


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


def draw_box(axes: Axes, corners: FloatArray | None) -> None:
    """Outline a box of `as_box`, light on dark so that it is seen on anything."""
    if corners is None:
        return
    left, top, right, bottom = corners - 0.5  # pixel 0 reaches from −0.5 to 0.5
    for colour, width in (("black", 3.5), ("#56b4e9", 1.8)):
        outline = Rectangle(
            (left, top),
            right - left,
            bottom - top,
            fill=False,
            edgecolor=colour,
            linewidth=width,
            clip_on=False,
        )
        axes.add_patch(outline)


def check_colours(cmap: Any) -> None:
    """Raise ValueError unless `cmap` is the name of a colour map."""
    if not isinstance(cmap, str) or cmap not in colormaps:
        raise ValueError(f"`cmap` (={cmap!r}) must be the name of a colour map of matplotlib")


def check_classes(classes: Sequence[str] | None, n: int) -> None:
    """Raise TypeError or ValueError unless n classes have a name each, or none at all."""
    if classes is None:
        return
    check_type("classes", classes, Sequence | np.ndarray, "a sequence of names")
    if isinstance(classes, str) or len(classes) < n:
        raise ValueError(f"`classes` (={classes!r}) must hold a name for each of the {n} classes")


def class_name(index: int, classes: Sequence[str] | None, width: int = 28) -> str:
    """The name of a class, cut to `width` characters so that it stays above its own panel.

    Examples
    --------
    >>> class_name(0, ["a very long name of an animal indeed"]), class_name(3, None)
    ('a very long name of an…', 'class 3')
    """
    if classes is None:
        return f"class {index}"
    name = str(classes[index])
    short = textwrap.shorten(name, width, placeholder="…")
    return short if short != "…" else name[: width - 1] + "…"  # where one word alone is too long


def write_title(figure: Figure, title: str | None) -> None:
    """Write a title above all panels, in as many lines as it needs; TypeError for anything else.

    Examples
    --------
    >>> figure = Figure(figsize=(4, 4))
    >>> write_title(figure, "a title that is wider than a figure of a few inches can be")
    >>> figure.get_suptitle().count(chr(10))
    1
    """
    if title is None:
        return
    check_type("title", title, str, "a string")
    # A bold character of the title's size is about 0.11 inches wide.
    lines = (textwrap.fill(line, int(figure.get_figwidth() / 0.11)) for line in title.splitlines())
    figure.suptitle("\n".join(lines), weight="bold")
