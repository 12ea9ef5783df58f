"""Figure of an explained row of a table. Needs matplotlib."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from submod_core._checks import as_numbers, check_count, check_flag, check_type
from submod_core._pictures import as_array
from submod_core.figures.evidence import draw_curves, evidence_of
from submod_core.figures.pictures import write_title
from submod_core.results import Explanation, SufficientSet
from submod_core.results._svg import DELETION, INSERTION, SHOWN


def plot_columns(
    explanation: Explanation,
    names: Sequence[str],
    *,
    values: Any = None,
    signed: bool = True,
    most: int = 20,
    title: str | None = None,
    shown: str | SufficientSet = "smallest",
) -> Figure:
    """Draw the columns of a table as bars, in their order, and the curves.

    Bars are the gain of each column, or group of columns: what the score rises by when it joins
    those above it, blue for the target and orange against it.

    Parameters
    ----------
    explanation : Explanation
        Of one row of a table; its regions are a label map (F,).
    names : sequence of str, n
        Of the regions, as `column_regions` gives them.
    values : array_like, (F,), optional
        The row, written beside the names of single columns.
    signed : bool
        Draw gains; False draws the importance, LiMA's Eq. 11.
    most : int
        Largest number of bars; the first of the order are drawn.
    title : str, optional
    shown : {"smallest", "highest"} or SufficientSet
        The regions whose names are bold, as in `plot_explanation`.

    Returns
    -------
    matplotlib.figure.Figure
        Not registered with pyplot.

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
    >>> figure = plot_columns(one, ["age", "place"], values=[41.0, 0.5, 0.25])
    >>> [label.get_text() for label in figure.axes[0].get_yticklabels()]
    ['place', 'age = 41']
    """
    check_row(explanation)
    check_count("most", most)
    check_flag("signed", signed)
    labels = labels_of(explanation, names, values)
    evidence = evidence_of(explanation, shown)
    drawn = explanation.order[:most]
    figure = Figure(figsize=(11, max(3.6, 0.8 + 0.3 * len(drawn))), layout="constrained")
    write_title(figure, title)
    left, right = figure.subplots(1, 2, width_ratios=(1.2, 1))
    scores = (explanation.gains if signed else explanation.importance)[drawn]
    colours = [INSERTION if score >= 0 else SHOWN for score in scores]
    places = np.arange(len(drawn))
    left.barh(places, scores, color=colours)
    left.set_yticks(places, [labels[region] for region in drawn])
    for text, region in zip(left.get_yticklabels(), drawn.tolist(), strict=True):
        text.set_parse_math(False)
        text.set_fontweight("bold" if region in evidence.regions else "normal")
    _dress(left, signed, len(explanation.order) - len(drawn))
    draw_curves(right, explanation.curves, evidence, "row")
    return figure


def check_row(explanation: Explanation) -> None:
    """Raise TypeError or ValueError unless the explanation is of a row of a table."""
    check_type("explanation", explanation, Explanation, "an Explanation")
    if isinstance(explanation.regions, tuple) or explanation.regions.ndim != 1:
        raise ValueError("`explanation` must be of a row of a table, with a label for each column")


def labels_of(explanation: Explanation, names: Any, values: Any) -> list[str]:
    """The name of each region, with its value where it is a single column."""
    n = len(explanation.order)
    check_type("names", names, Sequence | np.ndarray, "a sequence of names")
    if isinstance(names, str) or len(names) != n:
        raise ValueError(f"`names` (={names!r}) must be those of the {n} regions")
    labels = [str(name) for name in names]
    if values is None:
        return labels
    row, regions = as_numbers("values", as_array(values)), np.asarray(explanation.regions)
    if row.shape != regions.shape:
        raise ValueError(f"`values` (of shape {row.shape}) must be a row of {len(regions)} columns")
    for region in range(n):
        columns = np.flatnonzero(regions == region)
        if len(columns) == 1:
            labels[region] += f" = {row[columns[0]]:.4g}"
    return labels


def _dress(axes: Axes, signed: bool, n_left: int) -> None:
    axes.invert_yaxis()
    axes.axvline(0, color=DELETION, linewidth=1)
    rest = f" ({n_left} more are not drawn)" if n_left else ""
    axes.set_title(f"In their order{rest}")
    axes.set_xlabel(
        "gain of the score: for the target, or below 0 against it"
        if signed
        else "importance of the region"
    )
