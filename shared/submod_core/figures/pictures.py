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

from submod_core._checks import check_type
from submod_core._types import FloatArray
from submod_core.results import Explanation
from submod_core.results._page import map_shape

_DIMMED = 0.2


def image_shape(explanation: Explanation) -> tuple[int, ...]:
    """Shape (H, W) of an explained image; ValueError for other inputs."""
    check_type("explanation", explanation, Explanation, "an Explanation")
    return map_shape(explanation)


def draw_kept(axes: Axes, kept: NDArray[np.bool_], picture: FloatArray) -> None:
    """Draw the kept part of a picture clear and outlined, the rest dimmed."""
    shown = np.where(kept[..., None], picture, _DIMMED * picture)
    shown[find_boundaries(kept, mode="inner")] = (1.0, 0.9, 0.2)
    axes.imshow(shown)
    axes.set_axis_off()


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
