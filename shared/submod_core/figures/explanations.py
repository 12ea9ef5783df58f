"""Figure of an explanation (LiMA, Fig. 5). Needs matplotlib."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from skimage.color import rgb2gray

from submod_core._pictures import as_picture
from submod_core._types import BoolArray, FloatArray
from submod_core.figures.boxes import as_box
from submod_core.figures.evidence import draw_curves, evidence_of, kept_map, summary
from submod_core.figures.pictures import (
    check_colours,
    draw_box,
    draw_kept,
    image_shape,
    write_title,
)
from submod_core.results import Explanation, SufficientSet


def plot_explanation(
    explanation: Explanation,
    image: Any,
    *,
    max_area: float = 1.0,
    title: str | None = None,
    shown: str | SufficientSet = "smallest",
    cmap: str = "viridis",
    box: Any = None,
) -> Figure:
    """Draw an explanation: heatmap, regions that are enough, curves.

    The first panel shows each region's importance over the image in grey; the second a few regions
    that are enough for the decision, with the rest dimmed; the third insertion and deletion along
    the order, region by region, with these regions and the highest confidence marked.

    Parameters
    ----------
    explanation : Explanation
        Of one image; its regions are an (H, W) label map.
    image : array_like or Tensor, (H, W), (H, W, C) or (C, H, W) with C of 1 or 3
        The picture to draw: floats in [0, 1] or integers in [0, 255]. Other floats, such as
        normalised inputs, are rescaled to [0, 1].
    max_area : float in (0, 1]
        Look for the highest confidence among the prefixes that cover at most this share of the
        image.
    title : str, optional
        Written above the panels.
    shown : {"smallest", "highest"} or SufficientSet
        The second panel: the smallest prefix of the order that reaches 95 % of the highest
        confidence; the prefix of the highest confidence itself, as in the paper's figure (LiMA,
        Fig. 5); or a set that the hosts' `sufficient` found.
    cmap : str
        Colours of the heatmap, by the name of a matplotlib colour map. Equal steps of the default
        look equal, also to the colour-blind; the papers' is "jet".
    box : sequence of 4 numbers, optional
        A box to outline, such as the one that a detector found: left, top, right, bottom in pixels
        of the regions.

    Returns
    -------
    matplotlib.figure.Figure
        Not registered with pyplot: show it with ``display(figure)`` or write it with
        ``figure.savefig(file)``.

    Raises
    ------
    TypeError, ValueError
        If the explanation is not of one image, the image is not as large as its regions, no region
        is small enough for `max_area`, or an option is unknown.

    Examples
    --------
    >>> from submod_core import Curves, grid
    >>> curves = Curves(np.array([0, 0.5, 1]), np.array([0.1, 0.9, 0.92]), np.array([0.2, 0.7, 1]))
    >>> regions, order, importance = grid((8, 8), (1, 2)), np.array([1, 0]), np.array([0.0, 1.0])
    >>> one = Explanation(regions, order, importance, curves, np.ones(2, bool), 3, 4)
    >>> figure = plot_explanation(one, np.ones((8, 8)), title="left or right?")
    >>> print(figure.axes[1].get_title())
    Score 0.900 with 1 of 2 regions,
    50 % of the image
    """
    check_colours(cmap)
    shape = image_shape(explanation)
    evidence = evidence_of(explanation, shown, max_area)
    picture, corners = as_picture(image, shape), as_box(box)
    figure = Figure(figsize=(12, 4), layout="constrained")
    write_title(figure, title)
    left, middle, right = figure.subplots(1, 3, width_ratios=(1.1, 1, 1.1))
    _draw_heatmap(left, explanation, picture, cmap)
    said = summary(evidence, len(explanation.order), "regions", "image")
    _draw_evidence(middle, kept_map(explanation, evidence), picture, said)
    for panel in (left, middle):
        draw_box(panel, corners)
    draw_curves(right, explanation.curves, evidence)
    return figure


def _draw_heatmap(axes: Axes, explanation: Explanation, picture: FloatArray, cmap: str) -> None:
    # Light greys below: over black the colours would not be those of the colour bar.
    axes.imshow(0.35 + 0.65 * rgb2gray(picture), cmap="gray", vmin=0, vmax=1)
    drawn = axes.imshow(np.asarray(explanation.paint()), cmap=cmap, alpha=0.6, vmin=0, vmax=1)
    axes.figure.colorbar(drawn, ax=axes, shrink=0.8)
    axes.set_title("Importance of each region")
    axes.set_axis_off()


def _draw_evidence(axes: Axes, kept: BoolArray, picture: FloatArray, said: str) -> None:
    draw_kept(axes, kept, picture)
    axes.set_title(said)
