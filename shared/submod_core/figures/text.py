"""Figures of an explained text, drawn and as HTML. They need matplotlib."""

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from submod_core._checks import check_flag
from submod_core._types import FloatArray
from submod_core.figures._runs import STAYS, Run, ink_on, ranks_of, runs_of, width
from submod_core.figures.evidence import Evidence, draw_curves, evidence_of, scores_of
from submod_core.figures.pictures import check_colours, write_title
from submod_core.results import Explanation, SufficientSet
from submod_core.results._svg import SHOWN

_COLUMNS, _COLUMN, _LINE, _SIZE = 92, 0.092, 0.42, 11  # characters, inches, inches, points
_FONT: dict[str, Any] = {"family": "monospace", "size": _SIZE, "va": "center", "ha": "center"}
_FONT["parse_math"] = False  # a dollar is a character like any other
# Colours are mixed with white, as those of heatmaps are with their picture: all words are read.
_OPACITY = 0.6


class _Segment(NamedTuple):
    """A part of a run on one line: its text, region, line, first column and whether it begins."""

    text: str
    region: int
    line: int
    column: int
    first: bool


def plot_text(
    explanation: Explanation,
    pieces: Sequence[str],
    *,
    signed: bool = False,
    title: str | None = None,
    shown: str | SufficientSet = "smallest",
    cmap: str = "viridis",
) -> Figure:
    """Draw a text with its regions coloured, their order as numbers, and the curves.

    Regions that are enough for the decision have a frame. What always stays has no colour.

    Parameters
    ----------
    explanation : Explanation
        Of one text; its regions are a label map (T,).
    pieces : sequence of str, T
        The characters of each token with the space before it, as `text_pieces` gives them; words
        without spaces are set apart by regions.
    signed : bool
        Colour the gains of regions, for and against the target, instead of their importance.
    title : str, optional
    shown : {"smallest", "highest"} or SufficientSet
        The regions with a frame, as in `plot_explanation`.
    cmap : str
        Colours of the importance, by the name of a matplotlib colour map.

    Returns
    -------
    matplotlib.figure.Figure
        Not registered with pyplot.

    Raises
    ------
    TypeError, ValueError
        If the explanation is not of one text, the pieces are not one for each token, or an option
        is unknown.

    Examples
    --------
    >>> from submod_core import Curves
    >>> curves = Curves(np.array([0, 0.5, 1]), np.array([0, 0.9, 0.92]), np.zeros(3))
    >>> order, searched = np.array([1, 0]), np.ones(2, bool)
    >>> one = Explanation(np.array([-1, 0, 1, -1]), order, order / 1.0, curves, searched, 3, 4)
    >>> figure = plot_text(one, ["", "a", " film", ""])
    >>> [text.get_text() for text in figure.axes[0].texts]
    ['a', '2', 'film', '1']
    """
    check_flag("signed", signed)
    check_colours(cmap)
    runs, evidence = runs_of(explanation, pieces), evidence_of(explanation, shown)
    segments = _segments(runs)
    n_lines = 1 + max((segment.line for segment in segments), default=0)
    heading = 0.45 * (1 + title.count("\n")) if isinstance(title, str) else 0.15
    text, below = n_lines * _LINE + 0.1, 3.6
    size = (_COLUMNS * _COLUMN + 1.6, heading + text + below)
    figure = Figure(figsize=size)
    write_title(figure, title)
    # Inches to shares of the figure: the text on top, the curves below.
    left, wide = 0.4 / size[0], _COLUMNS * _COLUMN / size[0]
    axes = figure.add_axes((left, below / size[1], wide, text / size[1]))
    curves = figure.add_axes((0.8 / size[0], 0.6 / size[1], 0.72, (below - 1.1) / size[1]))
    bar = figure.add_axes((left + wide + 0.25 / size[0], 0.6 / size[1], 0.02, 2.5 / size[1]))
    _draw_text(axes, segments, explanation, evidence, signed, "PuOr" if signed else cmap)
    _draw_bar(bar, explanation, signed, "PuOr" if signed else cmap)
    draw_curves(curves, explanation.curves, evidence, "text")
    return figure


def _segments(runs: Sequence[Run]) -> list[_Segment]:
    """Lay runs out in lines of `_COLUMNS`, broken between words."""
    found: list[_Segment] = []
    line = column = 0
    for run in runs:
        first, begun = True, len(found)
        for atom in re.findall(r"\n|[^\S\n]+|\S+", run.text):
            if atom == "\n":
                line, column = line + 1, 0
                continue
            # Space at the beginning of a line is left out; words too long for one are cut.
            if column and column + width(atom) > _COLUMNS:
                line, column = line + 1, 0
            if atom.isspace() and not column:
                continue
            for start in range(0, len(atom), _COLUMNS):
                part = " " * len(atom) if atom.isspace() else atom[start : start + _COLUMNS]
                if len(found) > begun and found[-1].line == line:
                    found[-1] = found[-1]._replace(text=found[-1].text + part)
                else:
                    found.append(_Segment(part, run.region, line, column, first))
                first, column = False, column + width(part)
                if len(atom) > _COLUMNS:
                    line, column = line + 1, 0
    return found


def _draw_text(
    axes: Axes,
    segments: Sequence[_Segment],
    explanation: Explanation,
    evidence: Evidence,
    signed: bool,
    cmap: str,
) -> None:
    colours, ranks = _colours(explanation, signed, cmap), ranks_of(explanation)
    kept = set(evidence.regions.tolist())
    n_lines = 1 + max((segment.line for segment in segments), default=0)
    axes.set(xlim=(0, _COLUMNS), ylim=(n_lines, 0))
    axes.set_axis_off()
    for text, region, line, column, first in segments:
        n, y, ink = width(text), line + 0.36, "#000000"
        if region != STAYS:
            colour = colours[region]
            edge = SHOWN if region in kept else "none"
            box = Rectangle((column, line + 0.06), n, 0.6, facecolor=colour, edgecolor=edge)
            box.set_linewidth(2)
            axes.add_patch(box)
            ink = ink_on(colour)
        if text.strip():
            axes.text(column + n / 2, y, text, color=ink, **_FONT)
        if region != STAYS and first:
            small = _FONT | {"family": "sans-serif"}
            number = str(ranks[region])
            small["size"] = 6.5 if len(number) <= n else 4.5
            axes.text(column + n / 2, line + 0.83, number, color="#444444", **small)


def _draw_bar(axes: Axes, explanation: Explanation, signed: bool, cmap: str) -> None:
    _, low, high = scores_of(explanation, signed)
    drawn = ScalarMappable(Normalize(low, high), cmap)
    name = "gain of the region" if signed else "importance of the region"
    axes.figure.colorbar(drawn, cax=axes, label=name, alpha=_OPACITY)


def _colours(explanation: Explanation, signed: Any, cmap: str) -> FloatArray:
    """Colour of each region, (n, 3)."""
    scores, low, high = scores_of(explanation, signed)
    pure: FloatArray = colormaps[cmap](Normalize(low, high)(scores))[:, :3]
    return _OPACITY * pure + (1 - _OPACITY)


def colours_of(explanation: Explanation, signed: Any, cmap: str) -> list[tuple[str, str]]:
    """Colour of each region and of the text on it, as they are written in HTML."""
    rgb = _colours(explanation, signed, cmap)
    named = ["#" + "".join(f"{round(255 * one):02x}" for one in colour) for colour in rgb]
    return [(name, ink_on(np.asarray(colour))) for name, colour in zip(named, rgb, strict=True)]
