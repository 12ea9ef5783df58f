"""Figures of explanations and mistakes. Need matplotlib."""

import textwrap
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray
from skimage.color import rgb2gray
from skimage.segmentation import find_boundaries

from submod_core._checks import as_numbers, check_type
from submod_core._types import AnyArray, FloatArray
from submod_core.methods import Mistake
from submod_core.results import Curves, Explanation, Prefix, check_areas

_DIMMED = 0.2
_MARK = "#d62728"


def plot_explanation(
    explanation: Explanation, image: Any, *, max_area: float = 1.0, title: str | None = None
) -> Figure:
    """Draw an explanation: heatmap, most convincing regions, curves (LiMA, Fig. 5).

    The first panel shows each region's importance over the image in grey; the second the prefix of
    the order at which the model is most confident of the target, with the rest dimmed; the third
    insertion and deletion along the order, region by region, with this prefix marked.

    Parameters
    ----------
    explanation : Explanation
        Of one image; its regions are an (H, W) label map.
    image : array_like or Tensor, (H, W), (H, W, C) or (C, H, W) with C of 1 or 3
        The picture to draw: floats in [0, 1] or integers in [0, 255]. Other floats, such as
        normalised inputs, are rescaled to [0, 1].
    max_area : float in (0, 1]
        Look for the most confident prefix among those that cover at most this share of the image.
    title : str, optional
        Written above the panels.

    Returns
    -------
    matplotlib.figure.Figure
        Not registered with pyplot: show it with ``display(figure)`` or write it with
        ``figure.savefig(file)``.

    Raises
    ------
    ValueError
        If the explanation is not of one image, the image is not as large as its regions, or no
        region is small enough for `max_area`.

    Examples
    --------
    >>> from submod_core import Curves, grid
    >>> curves = Curves(np.array([0, 0.5, 1]), np.array([0.1, 0.9, 0.8]), np.array([0.2, 0.7, 0.9]))
    >>> regions, order, importance = grid((8, 8), (1, 2)), np.array([1, 0]), np.array([0.0, 1.0])
    >>> one = Explanation(regions, order, importance, curves, np.ones(2, bool), 3, 4)
    >>> figure = plot_explanation(one, np.ones((8, 8)), title="left or right?")
    >>> figure.axes[1].get_title()
    'Score 0.900 with 1 of 2 regions (50 %)'
    """
    check_areas([max_area])
    if title is not None:
        check_type("title", title, str, "a string")
    shape = _image_shape(explanation)
    highest = explanation.curves.highest_confidence(max_area)
    if highest is None:
        raise ValueError(
            f"`max_area` (={max_area}) must be at least the first region's, "
            f"{explanation.curves.area[1]:.3g}"
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
    """Shape (H, W) of an explained image; ValueError for other inputs."""
    check_type("explanation", explanation, Explanation, "an Explanation")
    if isinstance(explanation.regions, tuple) or explanation.regions.ndim != 2:
        raise ValueError(
            "`explanation` must be of one image, with an (H, W) label map as its regions"
        )
    return explanation.regions.shape


def plot_mistake(mistake: Mistake, image: Any, *, classes: Sequence[str] | None = None) -> Figure:
    r"""Draw a mistake: the causes of the error, the support of the truth, the probabilities.

    The first panel shows the whole image with the causes tinted, the last of the order most; the
    second the regions that support the truth, with the rest dimmed; the third the probabilities of
    the classes concerned, for the whole image and without the causes.

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
    >>> from submod_core.methods import Mistake
    >>> curves = Curves(np.array([0, 0.5, 1]), np.array([0.5, 0.7, 0.1]), np.array([0.9, 0.2, 0.3]))
    >>> regions, order, importance = np.array([[0, 1]]), np.array([0, 1]), np.array([1.0, 0.0])
    >>> one = Explanation(regions, order, importance, curves, np.ones(2, bool), 3, 4)
    >>> before, after = np.array([0.9, 0.1]), np.array([0.3, 0.7])
    >>> mistake = Mistake(one, 1, np.array([0]), np.array([1]), before, after)
    >>> figure = plot_mistake(mistake, np.zeros((1, 2, 3)), classes=["dog", "cat"])
    >>> figure.axes[2].get_yticklabels()[0].get_text()
    'cat\n(the truth)'
    """
    check_type("mistake", mistake, Mistake, "a Mistake")
    check_classes(classes, len(mistake.before))
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


def check_classes(classes: Sequence[str] | None, n: int) -> None:
    """Raise TypeError or ValueError unless n classes have a name each, or none at all."""
    if classes is None:
        return
    check_type("classes", classes, Sequence | np.ndarray, "a sequence of names")
    if isinstance(classes, str) or len(classes) < n:
        raise ValueError(f"`classes` (={classes!r}) must hold a name for each of the {n} classes")


def _class_name(index: int, classes: Sequence[str] | None) -> str:
    return (
        f"class {index}"
        if classes is None
        else textwrap.shorten(str(classes[index]), 28, placeholder="…")
    )


def _draw_causes(axes: Axes, mistake: Mistake, picture: FloatArray, taken_for: str) -> None:
    n = len(mistake.causes)
    # Tint from full strength for the first cause to 15 % for the last; other regions stay clear.
    strength = np.zeros(len(mistake.explanation.order))
    strength[mistake.causes] = np.linspace(1, 0.15, n) if n else 0
    tint = 0.65 * strength[np.asarray(mistake.explanation.regions)][..., None]
    axes.imshow((1 - tint) * picture + tint * np.array([0.84, 0.15, 0.16]))
    axes.set_title(f"Taken for\n{taken_for}\nbecause of the red")
    axes.set_axis_off()


def _draw_probabilities(axes: Axes, mistake: Mistake, classes: Sequence[str] | None) -> None:
    shown = list(dict.fromkeys([mistake.truth, mistake.predicted, int(mistake.after.argmax())]))
    names = [
        _class_name(i, classes) + ("\n(the truth)" if i == mistake.truth else "") for i in shown
    ]
    places = np.arange(len(shown))
    axes.barh(places - 0.2, mistake.before[shown], height=0.4, color="#7f7f7f", label="whole image")
    axes.barh(
        places + 0.2, mistake.after[shown], height=0.4, color="#1f77b4", label="without the causes"
    )
    axes.set(
        yticks=places,
        yticklabels=names,
        xlim=(0, 1),
        xlabel="probability",
        title="What the model says",
    )
    axes.invert_yaxis()
    axes.legend(loc="best", fontsize="small")


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
    # Channels go last: an image (C, H, W) of the regions' size, with 1 or 3 channels, is moved.
    if hasattr(image, "detach"):
        image = image.detach().cpu()
        image = image.float() if image.is_floating_point() else image  # NumPy has no bfloat16
    array: AnyArray = np.asarray(image)
    as_numbers("image", array)
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


def _draw_heatmap(axes: Axes, explanation: Explanation, picture: FloatArray) -> None:
    axes.imshow(rgb2gray(picture), cmap="gray", vmin=0, vmax=1)
    drawn = axes.imshow(np.asarray(explanation.paint()), cmap="jet", alpha=0.55, vmin=0, vmax=1)
    axes.figure.colorbar(drawn, ax=axes, shrink=0.8)
    axes.set_title("Importance of each region")
    axes.set_axis_off()


def _draw_evidence(
    axes: Axes, explanation: Explanation, picture: FloatArray, highest: Prefix
) -> None:
    value, n_regions, area = highest
    _draw_kept(axes, explanation.prefix(n_regions), picture)
    axes.set_title(
        f"Score {value:.3f} with {n_regions} of {len(explanation.order)} regions "
        f"({100 * area:.0f} %)"
    )


def _draw_kept(axes: Axes, kept: NDArray[np.bool_], picture: FloatArray) -> None:
    """Draw the kept part of a picture clear and outlined, the rest dimmed."""
    shown = np.where(kept[..., None], picture, _DIMMED * picture)
    shown[_outline(kept)] = (1.0, 0.9, 0.2)
    axes.imshow(shown)
    axes.set_axis_off()


def _outline(kept: NDArray[np.bool_]) -> NDArray[np.bool_]:
    return find_boundaries(kept, mode="inner")


def _draw_curves(axes: Axes, curves: Curves, highest: Prefix) -> None:
    value, n_regions, area = highest
    axes.plot(
        curves.area,
        curves.insertion,
        color="#1f77b4",
        label=f"insertion, AUC {curves.insertion_auc:.3f}",
    )
    axes.plot(
        curves.area,
        curves.deletion,
        color="#7f7f7f",
        label=f"deletion, AUC {curves.deletion_auc:.3f}",
    )
    axes.axvline(area, color=_MARK, linewidth=1)
    axes.plot(
        [area], [value], "o", color=_MARK, label=f"highest, {value:.3f} at {n_regions} regions"
    )
    axes.set(
        title="Faithfulness, region by region",
        xlabel="share of the image",
        ylabel="score of the target",
        xlim=(0, 1),
    )
    axes.legend(loc="best", fontsize="small")
