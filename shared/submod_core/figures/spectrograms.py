"""Figure of an explained spectrogram, low frequencies at the bottom. Needs matplotlib."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from skimage.segmentation import find_boundaries

from submod_core._checks import as_numbers, check_choice, check_flag, check_positive
from submod_core._pictures import as_array
from submod_core._types import BoolArray, FloatArray
from submod_core.figures.evidence import draw_curves, evidence_of, kept_map, scores_of, summary
from submod_core.figures.pictures import check_colours, image_shape, write_title
from submod_core.results import Explanation, SufficientSet

_TICKS = 6


def plot_spectrogram(
    explanation: Explanation,
    spectrogram: Any,
    *,
    axes: str = "TF",
    seconds: float | None = None,
    frequencies: Any = None,
    signed: bool = False,
    title: str | None = None,
    shown: str | SufficientSet = "smallest",
    cmap: str = "viridis",
) -> Figure:
    """Draw an explained spectrogram: heatmap, regions that are enough, curves.

    Time goes to the right and low frequencies are at the bottom, however the array lies.

    Parameters
    ----------
    explanation : Explanation
        Of one spectrogram; its regions are a label map of two axes.
    spectrogram : array_like or Tensor, of the size of the regions
        With one channel or none, in any unit; decibels are seen best.
    axes : {"TF", "FT"}
        What the axes of the regions are, time and frequency: the last two letters of the
        method's `layout`, and of the spectrogram.
    seconds : float, optional
        Duration of the whole; by default frames are counted.
    frequencies : array_like, (F,), optional
        Middle of each bin in hertz, rising or falling; by default bins are counted.
    signed : bool
        Colour the gains of regions, for and against the target, instead of their importance.
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
        If the explanation is not of one spectrogram, the spectrogram or the frequencies are not of
        its size, or an option is unknown.

    Examples
    --------
    >>> from submod_core import Curves, grid
    >>> curves = Curves(np.array([0, 0.5, 1]), np.array([0, 0.9, 0.92]), np.zeros(3))
    >>> order, searched = np.array([1, 0]), np.ones(2, bool)
    >>> one = Explanation(grid((4, 6), (2, 1)), order, order / 1.0, curves, searched, 3, 4)
    >>> hertz = np.array([100, 200, 400, 800, 1600, 3200])
    >>> figure = plot_spectrogram(one, np.ones((4, 6)), seconds=2.0, frequencies=hertz)
    >>> figure.axes[0].get_ylabel()
    'frequency (Hz)'
    """
    shape = image_shape(explanation)
    check_choice("axes", axes, ("TF", "FT"))
    check_colours(cmap)
    check_flag("signed", signed)
    if seconds is not None:
        check_positive("seconds", seconds)
    values = power_of(spectrogram, shape)
    upright = Upright(axes, shape, seconds, frequencies)
    evidence = evidence_of(explanation, shown)
    figure = Figure(figsize=(13, 4), layout="constrained")
    write_title(figure, title)
    left, middle, right = figure.subplots(1, 3, width_ratios=(1.25, 1, 1))
    scores, low, high = scores_of(explanation, signed)
    painted, colours = np.asarray(explanation.paint(signed)), "PuOr" if signed else cmap
    upright.draw(left, values, "gray_r", None)
    drawn = upright.draw(left, painted, colours, 0.6, low, high)
    figure.colorbar(drawn, ax=left, shrink=0.8)
    left.set_title(f"{'Gain' if signed else 'Importance'} of each region")
    _draw_kept(middle, upright, values, kept_map(explanation, evidence))
    middle.set_title(summary(evidence, len(scores), "regions", "spectrogram"))
    draw_curves(right, explanation.curves, evidence, "spectrogram")
    return figure


def power_of(spectrogram: Any, shape: tuple[int, ...]) -> FloatArray:
    """The spectrogram without its one channel; ValueError if it is not of the regions' shape."""
    values = as_numbers("spectrogram", as_array(spectrogram))
    if values.size == np.prod(shape) and values.ndim == 3:  # one channel, first or last
        values = values.squeeze(0 if values.shape[0] == 1 else -1)
    if values.shape != shape:
        raise ValueError(
            f"`spectrogram` (of shape {values.shape}) must have the size of the explanation's "
            f"regions, {shape}, and one channel at most"
        )
    return values


class Upright:
    """Draws arrays of one spectrogram with time to the right and frequency upwards."""

    def __init__(
        self, axes: str, shape: tuple[int, ...], seconds: float | None, frequencies: Any
    ) -> None:
        self.turned = axes == "TF"
        n_frames, self.n_bins = shape if self.turned else shape[::-1]
        self.seconds, self.hertz = seconds, None
        self.end = float(n_frames) if seconds is None else float(seconds)
        if frequencies is not None:
            self.hertz = as_numbers("frequencies", frequencies)
            steps = np.diff(self.hertz) if self.hertz.ndim == 1 else np.zeros(1)
            if self.hertz.shape != (self.n_bins,) or not ((steps > 0).all() or (steps < 0).all()):
                raise ValueError(
                    f"`frequencies` (of shape {self.hertz.shape}) must be the {self.n_bins} bins "
                    "of the spectrogram, rising or falling"
                )
        self.falls = self.hertz is not None and self.hertz[-1] < self.hertz[0]

    def turn(self, array: Any) -> Any:
        """The array as (F, T), the lowest frequency first."""
        turned = array.T if self.turned else array
        return turned[::-1] if self.falls else turned

    def draw(
        self,
        panel: Axes,
        array: FloatArray,
        cmap: str,
        alpha: float | None,
        low: float | None = None,
        high: float | None = None,
    ) -> Any:
        """Draw an array of the regions' shape, and name the axes."""
        extent = (0, self.end, -0.5, self.n_bins - 0.5)
        options: dict[str, Any] = {"cmap": cmap, "alpha": alpha, "vmin": low, "vmax": high}
        drawn = panel.imshow(
            self.turn(array),
            origin="lower",
            aspect="auto",
            extent=extent,
            interpolation="nearest",
            **options,
        )
        panel.set_xlabel("frame" if self.seconds is None else "time (s)")
        panel.set_ylabel("bin" if self.hertz is None else "frequency (Hz)")
        if self.hertz is not None:
            rising = self.hertz[::-1] if self.falls else self.hertz
            places = np.unique(np.linspace(0, self.n_bins - 1, _TICKS).round().astype(int))
            panel.set_yticks(places, [f"{rising[place]:.0f}" for place in places])
        return drawn


def _draw_kept(panel: Axes, upright: Upright, values: FloatArray, kept: BoolArray) -> None:
    """Draw the regions shown dark on white, with their outline, and the rest pale."""
    dark = np.ptp(values) or 1.0
    strength = (values - values.min()) / dark
    shown = 1 - np.where(kept, 0.15 + 0.85 * strength, 0.15 * strength)
    upright.draw(panel, shown, "gray", None, 0.0, 1.0)
    edges = find_boundaries(kept, mode="inner").astype(float)
    upright.draw(panel, np.where(edges > 0, 1.0, np.nan), "autumn", 0.9, 0.0, 1.5)
