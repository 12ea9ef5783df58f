"""Figure of a map of any method. Needs matplotlib."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure
from skimage.color import rgb2gray

from submod_core._checks import as_numbers, check_axes
from submod_core._pictures import as_picture
from submod_core.figures.pictures import check_colours, write_title

_OUTLIERS = 99.5
"""Percentile at which colours end: a few elements of gradients outweigh all others."""


def plot_map(scores: Any, image: Any, *, title: str | None = None, cmap: str = "viridis") -> Figure:
    """Draw a map of any method over its image.

    Parameters
    ----------
    scores : array_like, (H, W)
        Maps with negative values are drawn in two colours around 0.
    image : array_like or Tensor, (H, W), (H, W, C) or (C, H, W) with C of 1 or 3
        As in `plot_explanation`.
    title : str, optional
    cmap : str
        Colours of a map without negative values, by the name of a matplotlib colour map.

    Returns
    -------
    matplotlib.figure.Figure
        Not registered with pyplot.

    Raises
    ------
    TypeError, ValueError
        If the map is not one of the image's size, or holds NaN.

    Examples
    --------
    >>> figure = plot_map(np.eye(4), np.ones((4, 4)), title="a diagonal")
    >>> len(figure.axes)
    3
    """
    check_colours(cmap)
    values = as_numbers("scores", scores)
    check_axes("scores", values, 2, "a map (H, W)")
    picture = as_picture(image, values.shape)
    figure = Figure(figsize=(8, 4), layout="constrained")
    write_title(figure, title)
    left, right = figure.subplots(1, 2)
    left.imshow(picture)
    most = float(np.percentile(np.abs(values), _OUTLIERS)) or 1.0
    signed = bool((values < 0).any())
    right.imshow(0.35 + 0.65 * rgb2gray(picture), cmap="gray", vmin=0, vmax=1)
    colours = {"cmap": "PuOr", "vmin": -most} if signed else {"cmap": cmap, "vmin": 0}
    drawn = right.imshow(values, alpha=0.6, vmax=most, **colours)
    # Beside both, which leaves the panels alike.
    extend = "both" if signed else "max"
    figure.colorbar(drawn, ax=[left, right], shrink=0.8, extend=extend)
    for axes in (left, right):
        axes.set_axis_off()
    return figure
