"""Figures of explained volumes and videos, slice by slice. Needs matplotlib."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from matplotlib.figure import Figure
from skimage.segmentation import find_boundaries

from submod_core._checks import (
    as_numbers,
    check_flag,
    check_index,
    check_positive,
    check_type,
    is_whole,
)
from submod_core._pictures import as_array
from submod_core._types import AnyArray, FloatArray, IntArray
from submod_core.figures.evidence import draw_curves, evidence_of, kept_map, scores_of, summary
from submod_core.figures.pictures import check_colours, draw_kept, write_title
from submod_core.results import Explanation, SufficientSet

_SHOWN = 5
_OUTLINE = (1.0, 1.0, 1.0, 1.0)


def plot_volume(
    explanation: Explanation,
    volume: Any,
    *,
    axis: int = 0,
    slices: Sequence[int] | None = None,
    signed: bool = False,
    title: str | None = None,
    shown: str | SufficientSet = "smallest",
    cmap: str = "viridis",
) -> Figure:
    """Draw slices of an explained volume: heatmap, regions that are enough, curves.

    Parameters
    ----------
    explanation : Explanation
        Of one volume; its regions are a (D, H, W) label map.
    volume : array_like or Tensor, (D, H, W), (D, H, W, C) or (C, D, H, W) with C of 1 or 3
        Values in any unit; they are rescaled together.
    axis : int
        The axis of the regions that slices lie across: 0 for D.
    slices : sequence of int, optional
        Places along the axis; by default up to five among those that hold the regions shown.
    signed : bool
        Colour the gains of regions, for and against the target, instead of their importance.
    title : str, optional
    shown : {"smallest", "highest"} or SufficientSet
        The regions of the second row, as in `plot_explanation`.
    cmap : str
        Colours of the importance, by the name of a matplotlib colour map.

    Returns
    -------
    matplotlib.figure.Figure
        Not registered with pyplot. The first row shows the heatmap with the outlines of regions.

    Raises
    ------
    TypeError, ValueError
        If the explanation is not of one volume, the volume is not as large as its regions, or an
        option is unknown.

    Examples
    --------
    >>> from submod_core import Curves, grid
    >>> curves = Curves(np.array([0, 0.5, 1]), np.array([0, 0.9, 0.92]), np.zeros(3))
    >>> order, searched = np.array([1, 0]), np.ones(2, bool)
    >>> one = Explanation(grid((6, 4, 4), (2, 1, 1)), order, order / 1.0, curves, searched, 3, 4)
    >>> figure = plot_volume(one, np.ones((6, 4, 4)))
    >>> [axes.get_title() for axes in figure.axes[:3]]
    ['slice 3', 'slice 4', 'slice 5']
    """
    shape = volume_shape(explanation, "volume")
    check_index("axis", axis, 3, "axes of places")
    voxels = np.moveaxis(voxels_of("volume", volume, shape), axis, 0)
    stack = _Stack("volume", "slices", voxels, axis, "slice {}")
    return _draw(explanation, stack, slices, signed=signed, title=title, shown=shown, cmap=cmap)


def plot_video(
    explanation: Explanation,
    video: Any,
    *,
    frames: Sequence[int] | None = None,
    seconds: float | None = None,
    signed: bool = False,
    title: str | None = None,
    shown: str | SufficientSet = "smallest",
    cmap: str = "viridis",
) -> Figure:
    """Draw frames of an explained video: heatmap, regions that are enough, curves.

    Parameters
    ----------
    explanation : Explanation
        Of one video; its regions are a (T, H, W) label map.
    video : array_like or Tensor, (T, H, W), (T, H, W, C), (T, C, H, W) or (C, T, H, W)
        With C of 1 or 3. Values in any unit; they are rescaled together.
    frames : sequence of int, optional
        Frames to draw; by default up to five among those that hold the regions shown.
    seconds : float, optional
        Duration of the whole; by default frames are counted.
    signed, title, shown, cmap
        As in `plot_volume`.

    Returns
    -------
    matplotlib.figure.Figure
        Not registered with pyplot.

    Raises
    ------
    TypeError, ValueError
        As in `plot_volume`.

    Examples
    --------
    >>> from submod_core import Curves
    >>> from submod_core.regions import tubes
    >>> curves = Curves(np.array([0, 0.5, 1]), np.array([0, 0.9, 0.92]), np.zeros(3))
    >>> order, searched = np.array([1, 0]), np.ones(2, bool)
    >>> video = np.zeros((10, 4, 4))
    >>> one = Explanation(tubes(video, (1, 2)), order, order / 1.0, curves, searched, 3, 4)
    >>> figure = plot_video(one, video, seconds=2.0)
    >>> [axes.get_title() for axes in figure.axes[:2]]
    ['0.0 s', '0.4 s']
    """
    shape = volume_shape(explanation, "video")
    if seconds is not None:
        check_positive("seconds", seconds)
    pixels = voxels_of("video", video, shape, also=1)
    step = None if seconds is None else seconds / shape[0]
    name = "frame {}" if step is None else f"{{:.{_digits(step)}f}} s"
    stack = _Stack("video", "frames", pixels, 0, name, 1 if step is None else step)
    return _draw(explanation, stack, frames, signed=signed, title=title, shown=shown, cmap=cmap)


def _digits(step: float) -> int:
    """Decimals that tell times apart: one, or more for steps below a tenth of a second."""
    return max(1, int(np.ceil(-np.log10(step))))


class _Stack(NamedTuple):
    """Slices of an input along one axis.

    Attributes
    ----------
    kind : str
        What the input is called.
    argument : str
        The argument that chooses slices.
    slices : ndarray of float64, (n, H, W, 3)
    axis : int
        The axis of the regions that they lie across.
    name : str
        Title of a slice, with its place in braces.
    step : float
        Distance of two slices.
    """

    kind: str
    argument: str
    slices: FloatArray
    axis: int
    name: str
    step: float = 1


def _draw(
    explanation: Explanation,
    stack: _Stack,
    given: Sequence[int] | None,
    *,
    signed: bool,
    title: str | None,
    shown: str | SufficientSet,
    cmap: str,
) -> Figure:
    """The figure of some slices."""
    check_flag("signed", signed)
    check_colours(cmap)
    evidence = evidence_of(explanation, shown)
    scores, low, high = scores_of(explanation, signed)
    colours = {"cmap": "PuOr" if signed else cmap, "alpha": 0.6, "vmin": low, "vmax": high}
    regions, painted, kept = (
        np.moveaxis(np.asarray(each), stack.axis, 0)
        for each in (
            explanation.regions,
            explanation.paint(signed),
            kept_map(explanation, evidence),
        )
    )
    chosen = chosen_slices(given, stack.argument, kept)
    n = len(chosen)
    figure = Figure(figsize=(2.2 * n + 4.4, 4.8), layout="constrained")
    write_title(figure, title)
    parts: Any = figure.subfigures(1, 2, width_ratios=(2.2 * n, 4.4))
    left, right = parts
    panels = left.subplots(2, n, squeeze=False)
    for top, bottom, k in zip(*panels, chosen, strict=True):
        grey = 0.35 + 0.65 * stack.slices[k].mean(-1)
        top.imshow(grey, cmap="gray", vmin=0, vmax=1)
        drawn = top.imshow(painted[k], **colours)
        edges = find_boundaries(regions[k], mode="inner")
        top.imshow(np.where(edges[..., None], _OUTLINE, 0.0), alpha=0.25 * edges)
        top.set_title(stack.name.format(k * stack.step))
        top.set_axis_off()
        draw_kept(bottom, kept[k], stack.slices[k])
    left.colorbar(drawn, ax=panels[0].tolist(), shrink=0.8)
    panels[1][0].set_title(
        summary(evidence, len(scores), "regions", stack.kind), loc="left", fontsize="medium"
    )
    draw_curves(right.subplots(), explanation.curves, evidence, stack.kind)
    return figure


def chosen_slices(given: Any, argument: str, kept: AnyArray) -> IntArray:
    """The slices to draw: those given, or a few that hold the regions shown, evenly."""
    if given is None:
        inside = np.flatnonzero(kept.any((1, 2)))
        n = min(_SHOWN, len(inside))
        return inside[np.arange(n) * len(inside) // n]
    check_type(argument, given, Sequence | np.ndarray, "a sequence of whole numbers")
    if isinstance(given, str) or not len(given):
        raise ValueError(f"`{argument}` (={given!r}) must be a sequence of one or more")
    bad = [k for k in given if not is_whole(k) or not 0 <= k < len(kept)]
    if bad:
        raise ValueError(
            f"`{argument}` (={list(given)!r}) must be whole numbers from 0 to {len(kept) - 1}"
        )
    return np.asarray(given, dtype=np.intp)


def volume_shape(explanation: Explanation, what: str) -> tuple[int, ...]:
    """Shape of an explained volume; ValueError for other inputs."""
    check_type("explanation", explanation, Explanation, "an Explanation")
    if isinstance(explanation.regions, tuple) or explanation.regions.ndim != 3:
        raise ValueError(
            f"`explanation` must be of one {what}, with a label map of three axes as its regions"
        )
    return explanation.regions.shape


def voxels_of(name: str, data: Any, shape: tuple[int, ...], also: int | None = None) -> FloatArray:
    """RGB array (…, 3) in [0, 1] of the regions' shape, with the channels of `data` found.

    They are last, first or, with `also`, on that axis.
    """
    array = as_numbers(name, as_array(data))
    if array.ndim == 3:
        array = array[..., None]
    axes = (3, 0) if also is None else (3, 0, also)
    fitting = [
        k
        for k in axes
        if array.ndim == 4
        and array.shape[k] in (1, 3)
        and (*array.shape[:k], *array.shape[k + 1 :]) == shape
    ]
    if len(fitting) != 1:
        said = "one axis alone that may be its channels" if fitting else "1 or 3 channels, or none"
        raise ValueError(
            f"`{name}` (of shape {np.shape(data)}) must have the size of the explanation's "
            f"regions, {shape}, and {said}"
        )
    array = np.moveaxis(array, fitting[0], -1)
    low, span = array.min(), np.ptp(array) or 1.0
    return np.broadcast_to((array - low) / span, (*shape, 3))
