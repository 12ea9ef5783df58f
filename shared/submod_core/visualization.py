"""The papers' figure of an explanation. Needs matplotlib, which the rest of the core does not import."""

import textwrap
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray
from skimage.color import rgb2gray
from skimage.segmentation import find_boundaries

from submod_core._types import AnyArray, FloatArray
from submod_core.curves import Curves, HighestConfidence
from submod_core.explanation import Explanation
from submod_core.mistakes import Mistake

_DIMMED = 0.2
_MARK = "#d62728"


def plot_explanation(
    explanation: Explanation, image: Any, *, max_area: float = 1.0, title: str | None = None
) -> Figure:
    """The three-panel figure of the papers (LiMA, Fig. 5): heatmap, most convincing regions, curves.

    The heatmap shows each region's importance over the image in grey; the second panel the prefix of the order at which
    the model is most confident of the target, the rest dimmed; the third insertion and deletion along the order, region
    by region, with that point marked.

    Parameters
    ----------
    explanation : Explanation
        Of one image; its regions are an (H, W) label map.
    image : array_like or Tensor, (H, W), (H, W, C) or (C, H, W) with C of 1 or 3
        The picture as a person sees it: floats in [0, 1] or integers in [0, 255]. Floats outside of that range, such as
        normalised inputs, are stretched to it.
    max_area : float in (0, 1]
        Look for the most confident prefix among those that cover at most this share of the image.
    title : str, optional
        Written above the panels.

    Returns
    -------
    matplotlib.figure.Figure
        Not registered with pyplot: show it with ``display(figure)`` or write it with ``figure.savefig(file)``.

    Raises
    ------
    ValueError
        If the explanation is not of one image, the image is not as large as its regions, or no region is small enough
        for `max_area`.

    Examples
    --------
    >>> from submod_core import Curves, grid
    >>> curves = Curves(np.array([0, 0.5, 1]), np.array([0.1, 0.9, 0.8]), np.array([0.2, 0.7, 0.9]))
    >>> one = Explanation(grid((8, 8), (1, 2)), np.array([1, 0]), np.array([0.0, 1.0]), curves, np.ones(2, bool), 3, 4)
    >>> figure = plot_explanation(one, np.ones((8, 8)), title="left or right?")
    >>> figure.axes[1].get_title()
    'Score 0.900 with 1 of 2 regions (50 %)'
    """
    shape = _image_shape(explanation)
    highest = explanation.curves.highest_confidence(max_area)
    if highest is None:
        raise ValueError(
            f"`max_area` (={max_area}) must be at least the first region's, {explanation.curves.area[1]:.3g}"
        )
    picture = as_picture(image, shape)
    figure = Figure(figsize=(12, 4), layout="constrained")
    heatmap, evidence, curves = figure.subplots(1, 3)
    _draw_heatmap(heatmap, explanation, picture)
    _draw_evidence(evidence, explanation, picture, highest)
    _draw_curves(curves, explanation.curves, highest)
    if title is not None:
        figure.suptitle(title)
    return figure


def _image_shape(explanation: Explanation) -> tuple[int, ...]:
    if isinstance(explanation.regions, tuple) or explanation.regions.ndim != 2:
        raise ValueError("`explanation` must be of one image, with an (H, W) label map as its regions")
    return explanation.regions.shape


def plot_mistake(mistake: Mistake, image: Any, *, classes: Sequence[str] | None = None) -> Figure:
    r"""What made the model err, and what it would have recognised the truth by: three panels.

    The first shows the whole image with the causes tinted, the more the later the search placed them; the second the
    regions that speak for the truth, the rest dimmed; the third the probabilities of the classes concerned, of the
    whole image and without the causes.

    Parameters
    ----------
    mistake : Mistake
        Of one image.
    image : array_like or Tensor
        As in `plot_explanation`.
    classes : sequence of str, optional
        Names of the classes.

    Returns
    -------
    matplotlib.figure.Figure
        Not registered with pyplot.

    Raises
    ------
    ValueError
        If the explanation is not of one image, or the image is not as large as its regions.

    Examples
    --------
    >>> from submod_core.mistakes import Mistake
    >>> curves = Curves(np.array([0, 0.5, 1]), np.array([0.5, 0.7, 0.1]), np.array([0.9, 0.2, 0.3]))
    >>> one = Explanation(np.array([[0, 1]]), np.array([0, 1]), np.array([1.0, 0.0]), curves, np.ones(2, bool), 3, 4)
    >>> mistake = Mistake(one, 1, np.array([0]), np.array([1]), np.array([0.9, 0.1]), np.array([0.3, 0.7]))
    >>> plot_mistake(mistake, np.zeros((1, 2, 3)), classes=["dog", "cat"]).axes[2].get_yticklabels()[0].get_text()
    'cat\n(the truth)'
    """
    explanation = mistake.explanation
    picture = as_picture(image, _image_shape(explanation))
    figure = Figure(figsize=(12, 4), layout="constrained")
    causes, supports, bars = figure.subplots(1, 3)
    _draw_causes(causes, mistake, picture, _class_name(mistake.predicted, classes))
    kept = explanation.prefix(len(mistake.supports))
    _draw_kept(supports, kept, picture)
    supports.set_title(f"Without them\n{_class_name(int(mistake.after.argmax()), classes)}")
    _draw_probabilities(bars, mistake, classes)
    return figure


def _class_name(index: int, classes: Sequence[str] | None) -> str:
    return f"class {index}" if classes is None else textwrap.shorten(str(classes[index]), 28, placeholder="…")


def _draw_causes(axes: Axes, mistake: Mistake, picture: FloatArray, taken_for: str) -> None:
    n = len(mistake.causes)
    strength = np.zeros(len(mistake.explanation.order))
    strength[mistake.causes] = np.linspace(1, 0.15, n) if n else 0
    tint = 0.65 * strength[np.asarray(mistake.explanation.regions)][..., None]
    axes.imshow((1 - tint) * picture + tint * np.array([0.84, 0.15, 0.16]))
    axes.set_title(f"Taken for\n{taken_for}\nbecause of the red")
    axes.set_axis_off()


def _draw_probabilities(axes: Axes, mistake: Mistake, classes: Sequence[str] | None) -> None:
    shown = list(dict.fromkeys([mistake.truth, mistake.predicted, int(mistake.after.argmax())]))
    names = [_class_name(i, classes) + ("\n(the truth)" if i == mistake.truth else "") for i in shown]
    places = np.arange(len(shown))
    axes.barh(places - 0.2, mistake.before[shown], height=0.4, color="#7f7f7f", label="whole image")
    axes.barh(places + 0.2, mistake.after[shown], height=0.4, color="#1f77b4", label="without the causes")
    axes.set(yticks=places, yticklabels=names, xlim=(0, 1), xlabel="probability", title="What the model says")
    axes.invert_yaxis()
    axes.legend(loc="best", fontsize="small")


def as_picture(image: Any, shape: tuple[int, ...]) -> FloatArray:
    """An RGB array (H, W, 3) in [0, 1] of any of the forms that `plot_explanation` takes."""
    array: AnyArray = np.asarray(image.detach().cpu() if hasattr(image, "detach") else image)
    if array.ndim == 3 and array.shape[1:] == shape and array.shape[0] in (1, 3):
        array = np.moveaxis(array, 0, -1)
    if array.ndim == 2:
        array = array[..., None]
    if array.shape[:2] != shape or array.shape[2] not in (1, 3):
        raise ValueError(
            f"`image` (of shape {np.shape(image)}) must have the size of the explanation's regions, {shape}"
        )
    picture = array.astype(np.float64) / (255 if array.dtype.kind in "iu" else 1)
    if picture.min() < 0 or picture.max() > 1:
        picture = (picture - picture.min()) / (np.ptp(picture) or 1.0)
    return np.broadcast_to(picture, (*shape, 3)).copy()


def _draw_heatmap(axes: Axes, explanation: Explanation, picture: FloatArray) -> None:
    axes.imshow(rgb2gray(picture), cmap="gray", vmin=0, vmax=1)
    drawn = axes.imshow(np.asarray(explanation.paint()), cmap="jet", alpha=0.55, vmin=0, vmax=1)
    axes.figure.colorbar(drawn, ax=axes, shrink=0.8)
    axes.set_title("Importance of each region")
    axes.set_axis_off()


def _draw_evidence(axes: Axes, explanation: Explanation, picture: FloatArray, highest: HighestConfidence) -> None:
    value, n_regions, area = highest
    _draw_kept(axes, explanation.prefix(n_regions), picture)
    axes.set_title(f"Score {value:.3f} with {n_regions} of {len(explanation.order)} regions ({100 * area:.0f} %)")


def _draw_kept(axes: Axes, kept: NDArray[np.bool_], picture: FloatArray) -> None:
    shown = np.where(kept[..., None], picture, _DIMMED * picture)
    shown[_outline(kept)] = (1.0, 0.9, 0.2)
    axes.imshow(shown)
    axes.set_axis_off()


def _outline(kept: NDArray[np.bool_]) -> NDArray[np.bool_]:
    return find_boundaries(kept, mode="inner")


def _draw_curves(axes: Axes, curves: Curves, highest: HighestConfidence) -> None:
    value, n_regions, area = highest
    axes.plot(curves.area, curves.insertion, color="#1f77b4", label=f"insertion, AUC {curves.insertion_auc:.3f}")
    axes.plot(curves.area, curves.deletion, color="#7f7f7f", label=f"deletion, AUC {curves.deletion_auc:.3f}")
    axes.axvline(area, color=_MARK, linewidth=1)
    axes.plot([area], [value], "o", color=_MARK, label=f"highest, {value:.3f} at {n_regions} regions")
    axes.set(
        title="Faithfulness, region by region", xlabel="share of the image", ylabel="score of the target", xlim=(0, 1)
    )
    axes.legend(loc="best", fontsize="small")
