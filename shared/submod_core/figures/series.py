"""Figure of an explained series or waveform along time. Needs matplotlib."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from submod_core._checks import as_numbers, check_flag, check_positive, check_text, check_type
from submod_core._pictures import as_array
from submod_core._types import BoolArray, FloatArray, IntArray
from submod_core.figures.evidence import draw_curves, evidence_of, kept_map, scores_of
from submod_core.figures.pictures import check_colours, write_title
from submod_core.results import Explanation, SufficientSet

# Okabe and Ito without yellow, which is hard to see on white.
LINES = ("#000000", "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00")


def plot_series(
    explanation: Explanation,
    series: Any,
    *,
    step: float = 1.0,
    unit: str | None = None,
    names: Sequence[str] | None = None,
    signed: bool = False,
    title: str | None = None,
    shown: str | SufficientSet = "smallest",
    cmap: str = "viridis",
) -> Figure:
    """Draw a series along time over the colours of its segments, what is enough, and the curves.

    The first panel shows the series over the importance of each segment; the second the segments
    that are enough, with the rest pale; the third insertion and deletion.

    Parameters
    ----------
    explanation : Explanation
        Of one series; its regions are a label map (T,).
    series : array_like or Tensor, (T,), (T, C) or (C, T)
        What was explained, or what is to be drawn for it.
    step : float
        Time from one element to the next: 1 / 16000 for a waveform of 16 kHz.
    unit : str, optional
        Of time, for the axis: "s". By default elements are counted.
    names : sequence of str, C, optional
        Of the channels.
    signed : bool
        Colour the gains of segments, for and against the target, instead of their importance.
    title : str, optional
    shown : {"smallest", "highest"} or SufficientSet
        The regions of the second panel, as in `plot_explanation`.
    cmap : str
        Colours of the importance, by the name of a matplotlib colour map.

    Returns
    -------
    matplotlib.figure.Figure
        Not registered with pyplot.

    Raises
    ------
    TypeError, ValueError
        If the explanation is not of one series, `series` is not of its length, or an option is
        unknown.

    Examples
    --------
    >>> from submod_core import Curves
    >>> curves = Curves(np.array([0, 0.5, 1]), np.array([0, 0.9, 0.92]), np.zeros(3))
    >>> order, searched = np.array([1, 0]), np.ones(2, bool)
    >>> one = Explanation(np.array([0, 0, 1, 1]), order, order / 1.0, curves, searched, 3, 4)
    >>> figure = plot_series(one, [0.0, 1.0, 2.0, 3.0], step=0.5, unit="s")
    >>> figure.axes[1].get_xlabel()
    'time (s)'
    """
    check_type("explanation", explanation, Explanation, "an Explanation")
    check_colours(cmap)
    check_flag("signed", signed)
    check_positive("step", step)
    check_text("unit", unit)
    labels = segments_of(explanation)
    lines = lines_of(series, len(labels))
    check_type("names", names, Sequence | None, "a sequence of names")
    if names is not None and (isinstance(names, str) or len(names) != lines.shape[1]):
        raise ValueError(f"`names` (={names!r}) must be those of the {lines.shape[1]} channels")
    evidence = evidence_of(explanation, shown)
    figure = Figure(figsize=(12, 6.4), layout="constrained")
    write_title(figure, title)
    grid = figure.add_gridspec(2, 2, width_ratios=(1.7, 1))
    first, second = (figure.add_subplot(grid[row, 0]) for row in (0, 1))
    curves = figure.add_subplot(grid[:, 1])
    colours = "PuOr" if signed else cmap
    _draw_segments(first, labels, explanation, signed, colours, step)
    _draw_lines(first, lines, np.ones(len(labels), bool), step, names)
    _draw_lines(second, lines, kept_map(explanation, evidence).ravel(), step, None)
    value, n_shown, area = evidence.shown
    second.set_title(
        f"Score {value:.3f} with {n_shown} of {len(explanation.order)} segments, "
        f"{100 * area:.0f} % of the series"
    )
    second.set_xlabel(f"time ({unit})" if unit else "element")
    draw_curves(curves, explanation.curves, evidence, "series")
    return figure


def segments_of(explanation: Explanation) -> IntArray:
    """The segment of each point of time, (T,); ValueError for other inputs."""
    labels = explanation.regions
    if isinstance(labels, tuple) or labels.size != max(labels.shape):
        raise ValueError("`explanation` must be of one series, with a label for each point of time")
    return labels.ravel()


def lines_of(series: Any, n: int) -> FloatArray:
    """The series as (T, C); ValueError where its axes cannot be told."""
    array = as_numbers("series", as_array(series))
    if array.shape == (n,):
        return array[:, None]
    if array.ndim == 2 and array.shape[0] == array.shape[1] > 1:
        raise ValueError(
            f"`series` (of shape {array.shape}) may be (T, C) or (C, T): give one channel to draw"
        )
    if array.ndim != 2 or n not in array.shape:
        raise ValueError(
            f"`series` (of shape {array.shape}) must be ({n},), ({n}, C) or (C, {n}), as long as "
            "the explanation's regions"
        )
    return array if array.shape[0] == n else array.T


def _draw_segments(
    axes: Axes, labels: IntArray, explanation: Explanation, signed: bool, cmap: str, step: float
) -> None:
    """Colour the background of each segment by its score."""
    scores, low, high = scores_of(explanation, signed)
    norm = Normalize(low, high)
    # Beginnings and ends of stretches of one label.
    edges = np.flatnonzero(np.diff(labels)) + 1
    for start, stop in zip([0, *edges], [*edges, len(labels)], strict=True):
        if labels[start] >= 0:
            colour = colormaps[cmap](norm(scores[labels[start]]))
            axes.axvspan((start - 0.5) * step, (stop - 0.5) * step, color=colour, alpha=0.6, lw=0)
    drawn = ScalarMappable(norm, colormaps[cmap])
    axes.figure.colorbar(drawn, ax=axes, shrink=0.8, alpha=0.6)
    axes.set_title(f"{'Gain' if signed else 'Importance'} of each segment")


def _draw_lines(
    axes: Axes, lines: FloatArray, kept: BoolArray, step: float, names: Sequence[str] | None
) -> None:
    """Draw channels along time, pale where not kept."""
    time = np.arange(len(lines)) * step
    thin = 0.6 if len(lines) > 2000 else 1.4
    beside = np.pad(kept, 1)
    alone = kept & ~beside[:-2] & ~beside[2:]  # no line is drawn through one element
    for channel, values in enumerate(lines.T):
        colour = LINES[channel % len(LINES)]
        if not kept.all():
            axes.plot(time, values, color="#bbbbbb", linewidth=thin, zorder=1)
        shown = np.where(kept, values, np.nan)
        name = None if names is None else str(names[channel])
        axes.plot(time, shown, color=colour, linewidth=thin, zorder=2, label=name)
        if alone.any():
            axes.plot(time[alone], values[alone], ".", color=colour, markersize=5, zorder=2)
    axes.set_xlim(-0.5 * step, (len(lines) - 0.5) * step)
    if names is not None:
        axes.legend(loc="best", fontsize="small")
