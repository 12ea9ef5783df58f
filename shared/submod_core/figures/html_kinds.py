"""Explained series, spectrograms, volumes, videos and rows of tables as HTML to touch.

Each is an element as `explanation_html` makes it, that needs nothing else. Needs matplotlib.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from submod_core._checks import check_choice, check_flag, check_index, check_text, check_type
from submod_core._pictures import as_picture
from submod_core._types import FloatArray
from submod_core.figures.columns import check_row, labels_of
from submod_core.figures.evidence import evidence_of
from submod_core.figures.pictures import image_shape
from submod_core.figures.series import LINES, lines_of, segments_of
from submod_core.figures.spectrograms import Upright, power_of
from submod_core.figures.text_html import Marks
from submod_core.figures.volumes import chosen_slices, volume_shape, voxels_of
from submod_core.results import Explanation
from submod_core.results._page import fragment
from submod_core.results._views import View, mosaic

_WIDE, _HIGH = 512, 192
"""Pixels of the picture of a series."""


def series_html(explanation: Explanation, series: Any, *, title: str | None = None) -> str:
    """HTML of an explained series or waveform along time, with a slider over its segments.

    Parameters
    ----------
    explanation : Explanation
        Of one series; its regions are a label map (T,).
    series : array_like or Tensor, (T,), (T, C) or (C, T)
        As in `plot_series`.
    title : str, optional

    Returns
    -------
    str
        As of `explanation_html`.

    Raises
    ------
    TypeError, ValueError
        If the explanation is not of one series, or `series` is not of its length.

    Examples
    --------
    >>> from submod_core import Curves
    >>> curves = Curves(np.array([0, 0.5, 1]), np.array([0, 0.9, 0.92]), np.zeros(3))
    >>> order, searched = np.array([1, 0]), np.ones(2, bool)
    >>> one = Explanation(np.array([0, 0, 1, 1]), order, order / 1.0, curves, searched, 3, 4)
    >>> "50 % of the series" in series_html(one, [0.0, 1.0, 2.0, 3.0])
    True
    """
    check_type("explanation", explanation, Explanation, "an Explanation")
    check_text("title", title)
    labels = segments_of(explanation)
    lines = lines_of(series, len(labels))
    columns = (np.arange(_WIDE) + 0.5) * len(labels) / _WIDE
    spread = np.broadcast_to(labels[columns.astype(int)], (_HIGH, _WIDE))
    view = View(spread, _drawn(lines), "series")
    return fragment({"": explanation}, [view], title=title)


def _drawn(lines: FloatArray) -> FloatArray:
    """Lines (T, C) on white, (H, W, 3): each column has all values that fall into it."""
    picture = np.ones((_HIGH, _WIDE, 3))
    low, span = lines.min(), np.ptp(lines) or 1.0
    rows = (0.95 - 0.9 * (lines - low) / span) * (_HIGH - 1)
    # Where a pixel's column begins and ends, and the points of time between.
    time, edges = np.arange(len(lines)) + 0.5, np.linspace(0, len(lines), _WIDE + 1)
    between = np.searchsorted(time, edges)
    for channel in reversed(range(lines.shape[1])):
        at_edges = np.interp(edges, time, rows[:, channel])
        colour = np.frombuffer(bytes.fromhex(LINES[channel % len(LINES)][1:]), np.uint8) / 255
        for x in range(_WIDE):
            values = [*at_edges[x : x + 2], *rows[between[x] : between[x + 1], channel]]
            top, bottom = int(min(values)), int(np.ceil(max(values)))
            picture[max(0, top - 1) : bottom + 1, x] = colour
    return picture


def spectrogram_html(
    explanation: Explanation, spectrogram: Any, *, axes: str = "TF", title: str | None = None
) -> str:
    """HTML of an explained spectrogram, low frequencies at the bottom, time to the right.

    Parameters
    ----------
    explanation : Explanation
        Of one spectrogram; its regions are a label map of two axes.
    spectrogram : array_like or Tensor, of the size of the regions
        As in `plot_spectrogram`; high values are dark.
    axes : {"TF", "FT"}
        As in `plot_spectrogram`.
    title : str, optional

    Returns
    -------
    str
        As of `explanation_html`.

    Raises
    ------
    TypeError, ValueError
        If the explanation is not of one spectrogram, the spectrogram is not of its size, or an
        option is unknown.

    Examples
    --------
    >>> from submod_core import Curves, grid
    >>> curves = Curves(np.array([0, 0.5, 1]), np.array([0, 0.9, 0.92]), np.zeros(3))
    >>> order, searched = np.array([1, 0]), np.ones(2, bool)
    >>> one = Explanation(grid((4, 6), (2, 1)), order, order / 1.0, curves, searched, 3, 4)
    >>> "50 % of the spectrogram" in spectrogram_html(one, np.ones((4, 6)))
    True
    """
    shape = image_shape(explanation)
    check_choice("axes", axes, ("TF", "FT"))
    check_text("title", title)
    values = power_of(spectrogram, shape)
    upright = Upright(axes, shape, None, None)
    # The page's first row is the top, and the first bin belongs to the bottom.
    dark = (values - values.min()) / (np.ptp(values) or 1.0)
    labels, strength = (upright.turn(each)[::-1] for each in (explanation.regions, dark))
    view = View(labels, as_picture(1 - strength, strength.shape), "spectrogram")
    return fragment({"": explanation}, [view], title=title)


def volume_html(
    explanation: Explanation,
    volume: Any,
    *,
    axis: int = 0,
    slices: Sequence[int] | None = None,
    title: str | None = None,
) -> str:
    """HTML of an explained volume: its slices side by side, with one slider.

    Parameters
    ----------
    explanation : Explanation
        Of one volume; its regions are a (D, H, W) label map.
    volume : array_like or Tensor, (D, H, W), (D, H, W, C) or (C, D, H, W) with C of 1 or 3
        As in `plot_volume`.
    axis : int
        The axis of the regions that slices lie across: 0 for D.
    slices : sequence of int, optional
        Places along the axis; by default at most 16, evenly, the first and the last among them.
    title : str, optional

    Returns
    -------
    str
        As of `explanation_html`. Shares and scores are those of the whole volume.

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
    >>> "50 % of the volume" in volume_html(one, np.ones((6, 4, 4)))
    True
    """
    shape = volume_shape(explanation, "volume")
    check_index("axis", axis, 3, "axes of places")
    voxels = voxels_of("volume", volume, shape)
    return _slices(explanation, voxels, axis, "volume", "slices", slices, title)


def video_html(
    explanation: Explanation,
    video: Any,
    *,
    frames: Sequence[int] | None = None,
    title: str | None = None,
) -> str:
    """HTML of an explained video: its frames side by side, with one slider.

    Parameters
    ----------
    explanation : Explanation
        Of one video; its regions are a (T, H, W) label map.
    video : array_like or Tensor, (T, H, W), (T, H, W, C), (T, C, H, W) or (C, T, H, W)
        As in `plot_video`.
    frames : sequence of int, optional
        By default at most 16, evenly, the first and the last among them.
    title : str, optional

    Returns
    -------
    str
        As of `explanation_html`. Shares and scores are those of the whole video.

    Raises
    ------
    TypeError, ValueError
        As in `volume_html`.

    Examples
    --------
    >>> from submod_core import Curves
    >>> from submod_core.regions import tubes
    >>> curves = Curves(np.array([0, 0.5, 1]), np.array([0, 0.9, 0.92]), np.zeros(3))
    >>> order, searched = np.array([1, 0]), np.ones(2, bool)
    >>> video = np.zeros((10, 4, 4))
    >>> one = Explanation(tubes(video, (1, 2)), order, order / 1.0, curves, searched, 3, 4)
    >>> "50 % of the video" in video_html(one, video)
    True
    """
    shape = volume_shape(explanation, "video")
    pixels = voxels_of("video", video, shape, also=1)
    return _slices(explanation, pixels, 0, "video", "frames", frames, title)


def _slices(
    explanation: Explanation,
    voxels: FloatArray,
    axis: int,
    noun: str,
    argument: str,
    given: Sequence[int] | None,
    title: str | None,
) -> str:
    check_text("title", title)
    regions = np.moveaxis(np.asarray(explanation.regions), axis, 0)
    pictures = np.moveaxis(voxels, axis, 0)
    chosen = None if given is None else chosen_slices(given, argument, regions >= 0)
    return fragment({"": explanation}, [mosaic(regions, pictures, noun, chosen)], title=title)


def columns_html(
    explanation: Explanation,
    names: Sequence[str],
    *,
    values: Any = None,
    signed: bool = True,
    title: str | None = None,
) -> str:
    """HTML of an explained row of a table: its columns in their order, with a slider.

    Parameters
    ----------
    explanation : Explanation
        Of one row of a table; its regions are a label map (F,).
    names : sequence of str, n
        Of the regions, as `column_regions` gives them.
    values : array_like, (F,), optional
        The row, written beside the names of single columns.
    signed : bool
        Colour gains, for and against the target; False colours the importance.
    title : str, optional

    Returns
    -------
    str
        As of `explanation_html`.

    Raises
    ------
    TypeError, ValueError
        If the explanation is not of a row of a table, or names or values do not fit it.

    Examples
    --------
    >>> from submod_core import Curves
    >>> curves = Curves(np.array([0, 0.5, 1]), np.array([0, 0.9, 0.8]), np.zeros(3))
    >>> order, searched = np.array([1, 0]), np.ones(2, bool)
    >>> one = Explanation(np.array([0, 1, 1]), order, order / 1.0, curves, searched, 3, 4)
    >>> page = columns_html(one, ["age", "place"], values=[41.0, 0.5, 0.25])
    >>> page.index("place<sub>1</sub>") < page.index("age = 41<sub>2</sub>")
    True
    """
    check_row(explanation)
    check_flag("signed", signed)
    check_text("title", title)
    labels, evidence = labels_of(explanation, names, values), evidence_of(explanation, "smallest")
    marks = Marks(explanation, evidence, signed, "viridis")
    rows = "\n".join(marks.of(labels[region], region) for region in explanation.order.tolist())
    view = View(None, noun="row", marks=f'<p class="marks">{rows}</p>')
    return fragment({"": explanation}, [view], title=title, shown=evidence.shown)
