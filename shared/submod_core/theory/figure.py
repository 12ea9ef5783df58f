"""Figures of the least errors (SOP v2, Fig. 2 and 10). Needs matplotlib."""

import os

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from submod_core._files import path_of, whole_file
from submod_core.theory.fits import (
    CURVES,
    DELETION,
    INSERTION,
    Curve,
    fit_exponential,
    relative_error,
)
from submod_core.theory.problems import binomial_insertion, monomial_deletion
from submod_core.theory.reduced import least_error


def plot_least_errors(largest: int = 60) -> Figure:
    """Draw the least error of scores for single features against the number of features.

    Four panels. Dots are minima of the linear program over block counts, the line is the closed
    form, dashed lines are the exponentials in print.

    Parameters
    ----------
    largest : int
        Largest number of features.

    Returns
    -------
    matplotlib.figure.Figure
        Not registered with pyplot.

    Raises
    ------
    ValueError
        If `largest` is below 3, the least that an insertion has.

    Examples
    --------
    >>> len(plot_least_errors(largest=9).axes)
    4
    """
    if isinstance(largest, bool) or not isinstance(largest, int) or largest < 3:
        raise ValueError(f"`largest` (={largest!r}) must be a whole number of at least 3 features")
    figure = Figure(figsize=(11, 8), layout="constrained")
    panels = figure.subplots(2, 2)
    for row, squared in zip(panels, (False, True), strict=True):
        for axes, problem in zip(row, (INSERTION, DELETION), strict=True):
            _draw(axes, problem, squared, largest)
    figure.suptitle("What scores for single features must get wrong, at the least")
    return figure


def _draw(axes: Axes, problem: str, squared: bool, largest: int) -> None:
    """Draw one panel; the band marks the dimensions on which the papers fit, up to 20."""
    curves = [curve for curve in CURVES if curve.problem == problem and curve.squared is squared]
    d = curves[0].dimensions(largest)
    fine = np.linspace(d[0], d[-1], 200)
    axes.plot(
        d, _least(problem, squared, d), "o", ms=4, color="#1f77b4", label="least error", zorder=3
    )
    axes.plot(
        d,
        Curve("", problem, squared, curves[0].printed).least_errors(largest),
        color="#1f77b4",
        lw=1,
    )
    for curve, colour in zip(curves, ("#d62728", "#ff7f0e"), strict=False):
        # A printed λ0 above 0 is drawn with the other sign, which fits better: see `fits_table`.
        signed = curve.printed.mirrored() if curve.printed.lambda0 > 0 else curve.printed
        axes.plot(fine, signed(fine), "--", lw=1, color=colour, label=f"fit of {curve.paper}")
    axes.axvspan(d[0], min(20, largest), color="0.93", zorder=0)
    axes.set(
        yscale="log",
        xlabel="features d",
        title=f"{problem}, {'squared' if squared else 'absolute'}",
    )
    axes.set_ylim(bottom=0.1)
    axes.legend(frameon=False)


def _least(problem: str, squared: bool, d: np.ndarray) -> list[float]:
    """Minima of the reduced linear program for each number of features."""
    if problem == DELETION:
        return [least_error(monomial_deletion(int(k)), squared).error for k in d]
    return [least_error(binomial_insertion(*[int(k) // 3] * 3), squared).error for k in d]


def fits_table(largest: int = 20) -> str:
    """Markdown table of the fits in print beside ours, with the relative error of each.

    Parameters
    ----------
    largest : int
        Largest number of features that the fits are judged on; the papers' is 20.

    Examples
    --------
    >>> print(fits_table().splitlines()[2].split("|")[3])
    0.000 + exp(-1.159 + 0.664 d)
    """
    rows = [
        "| paper | problem | in print | its error | with −λ0 | our fit | its error |",
        "|---|---|---|---|---|---|---|",
    ]
    for curve in CURVES:
        d, errors = curve.dimensions(largest), curve.least_errors(largest)
        ours = fit_exponential(d, errors)
        apart = [
            f"{relative_error(each, d, errors):.3f}"
            for each in (curve.printed, curve.printed.mirrored(), ours)
        ]
        printed, fitted = (
            "{:.3f} + exp({:.3f} + {:.3f} d)".format(*each) for each in (curve.printed, ours)
        )
        name = f"{curve.problem}, {'squared' if curve.squared else 'absolute'}"
        rows.append(
            f"| {curve.paper} | {name} |{printed}| {apart[0]} | {apart[1]} | {fitted} | "
            f"{apart[2]} |"
        )
    return "\n".join(rows)


def save_figure(figure: Figure, file: str | os.PathLike[str]) -> None:
    """Write a figure in the format of the file's suffix, whole or not at all.

    Parameters
    ----------
    figure : Figure
    file : str or PathLike
        Without a suffix a PNG of exactly that name.
    """
    suffix = os.path.splitext(path_of(file))[1].lstrip(".") or "png"
    with whole_file(file) as unfinished, open(unfinished, "wb") as stream:
        figure.savefig(stream, dpi=120, format=suffix)
