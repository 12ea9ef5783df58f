"""Page of explanations of one input: HTML that needs nothing else. Without matplotlib."""

import base64
import html
import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from submod_core._pictures import png
from submod_core._types import FloatArray, IntArray
from submod_core.results._page_script import SCRIPT, STYLE
from submod_core.results._svg import curves_svg
from submod_core.results._views import View
from submod_core.results.curves import Prefix

_LARGEST = 512
"""Pixels of the longer side of a page's picture and label map."""

# The colour map "viridis" (van der Walt and Smith, 2015) at 33 places from 0 to 1.
_VIRIDIS = (
    "440154 470d60 48186a 482374 472d7b 453781 424086 3e4989 3b528b 375b8d 33638d "
    "2f6b8e 2c728e 297a8e 26828e 23898e 21918c 1f988b 1fa088 22a785 28ae80 32b67a "
    "3fbc73 4ec36b 5ec962 70cf57 84d44b 98d83e addc30 c2df23 d8e219 ece51b fde725"
)


# An explanation is typed loosely here and below: its own module imports this one.
def map_shape(explanation: Any) -> tuple[int, ...]:
    """Shape (H, W) of an explained image; ValueError for other inputs."""
    if isinstance(explanation.regions, tuple) or explanation.regions.ndim != 2:
        raise ValueError(
            "`explanation` must be of one image, with an (H, W) label map as its regions"
        )
    return explanation.regions.shape


def fragment(
    explanations: Mapping[str, Any],
    views: Sequence[View],
    *,
    title: str | None = None,
    by: str = "prefix",
    largest: int = _LARGEST,
    shown: Prefix | None = None,
) -> str:
    """Element with explanations of one input, a slider over their prefixes, and their curves.

    Parameters
    ----------
    explanations : mapping of str to Explanation
        Of one input; the names are headings, none where empty.
    views : sequence of View
        What each panel shows: all of one size, over one picture.
    title : str, optional
    by : {"prefix", "share"}
        The slider's unit: regions, or per cent of the input, which all explanations have in common.
    largest : int
        Pixels of the longer side, at most.
    shown : Prefix, optional
        Where a single explanation's slider stands at first; by default the smallest prefix.

    Returns
    -------
    str
        Of ASCII characters. Equal explanations and views give equal text.
    """
    ones, view = list(explanations.values()), views[0]
    size = None if view.labels is None else _size(view.labels.shape, largest)
    first = [enough(one) if shown is None else shown for one in ones]
    data = {
        "by": by,
        "noun": view.noun,
        **({} if size is None else {"height": size[0], "width": size[1]}),
        **({} if view.box is None else {"box": view.box}),
        "panels": [_data(*pair, size) for pair in zip(ones, views, strict=True)],
    }
    start, most = _slider(ones[0], first[0], by)
    heading = f"<h3>{html.escape(title)}</h3>" if title else ""
    panels = "".join(
        _panel(*each, wide=len(ones) == 1)
        for each in zip(explanations, ones, views, first, strict=True)
    )
    label = f"Explanation: {title}" if title else "Explanation"
    choice = view.picture is not None or bool(view.marks)
    source = "" if size is None else _source(view, size)
    page = (
        f'<div class="submod-explanation" role="group" aria-label="{html.escape(label)}" '
        f"data-explanation='{_attribute(data)}'><style>{STYLE}</style>{heading}"
        f"{_form(by, view.noun, start, most, choice)}{source}"
        f'<div class="panels">{panels}</div>{_colour_bar() if size else ""}'
        f"<script>{SCRIPT}</script></div>\n"
    )
    return page.encode("ascii", "xmlcharrefreplace").decode()


def document(part: str, title: str | None) -> str:
    """Whole document around the element that `fragment` made."""
    name = html.escape(title or "Explanation")
    page = (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{name}</title>'
        '<meta name="viewport" content="width=device-width">'
        '<meta name="color-scheme" content="light dark"></head>'
        f"<body>{part}</body></html>\n"
    )
    return page.encode("ascii", "xmlcharrefreplace").decode()


def enough(explanation: Any) -> Prefix:
    """The smallest prefix that reaches 95 % of the highest confidence."""
    highest = explanation.highest_confidence
    # Of a score that is not above 0, as a regression may have, there is no share.
    smallest = explanation.smallest_prefix() if highest.value > 0 else None
    return smallest or highest


def runs(labels: IntArray) -> list[int]:
    """Run lengths of a label map, row by row: [label, length, label, length, …].

    Examples
    --------
    >>> runs(np.array([[0, 0, 1], [1, 1, -1]]))
    [0, 2, 1, 3, -1, 1]
    """
    flat = labels.ravel()
    starts = np.flatnonzero(np.r_[True, flat[1:] != flat[:-1]])
    lengths = np.diff(np.r_[starts, flat.size])
    return np.stack([flat[starts], lengths], axis=1).ravel().tolist()


def viridis(scores: FloatArray) -> NDArray[np.uint8]:
    """Colours (n, 3) of scores (n,) in [0, 1].

    Examples
    --------
    >>> viridis(np.array([0.0, 1.0])).tolist()
    [[68, 1, 84], [253, 231, 37]]
    """
    stops = np.array([list(bytes.fromhex(colour)) for colour in _VIRIDIS.split()], dtype=float)
    places = np.linspace(0, 1, len(stops))
    mixed = [np.interp(scores, places, channel) for channel in stops.T]
    return np.rint(np.stack(mixed, axis=-1)).astype(np.uint8)


def _size(shape: tuple[int, ...], largest: int) -> tuple[int, ...]:
    shrunk = min(1.0, largest / max(shape))
    return tuple(max(1, round(side * shrunk)) for side in shape)


def _data(explanation: Any, view: View, size: tuple[int, ...] | None) -> dict[str, Any]:
    """All that the script reads of an explanation."""
    curves = explanation.curves
    unsearched = np.flatnonzero(~explanation.searched[: len(explanation.order)]) + 1
    drawn: dict[str, Any] = {}
    if view.labels is not None and size is not None:
        rows, columns = (
            ((np.arange(new) + 0.5) * old / new).astype(int)
            for old, new in zip(view.labels.shape, size, strict=True)
        )
        drawn["runs"] = runs(view.labels[np.ix_(rows, columns)])
        drawn["colours"] = [bytes(colour).hex() for colour in viridis(explanation.importance)]
    return drawn | {
        "order": explanation.order.tolist(),
        "unsearched": unsearched.tolist(),
        "gains": _short(explanation.gains),
        "importance": _short(explanation.importance),
        "area": _short(curves.area),
        "insertion": _short(curves.insertion),
        "deletion": _short(curves.deletion),
    }


def _short(values: FloatArray) -> list[float]:
    """Six digits of each value: half of the characters, and more than a page shows."""
    return [float(f"{value:.6g}") for value in values]


def _attribute(data: Mapping[str, Any]) -> str:
    """JSON for an attribute in single quotes: double quotes, of which there are many, stay."""
    text = json.dumps(data, separators=(",", ":"))
    return text.replace("&", "&amp;").replace("<", "&lt;").replace("'", "&#39;")


def _slider(explanation: Any, shown: Prefix, by: str) -> tuple[int, int]:
    """Where the slider stands at first, and its end."""
    if by == "prefix":
        return shown.n_regions, len(explanation.order)
    return int(np.ceil(100 * shown.area - 1e-6)), 100


def _form(by: str, noun: str, start: int, most: int, choice: bool) -> str:
    name = "Regions, in order" if by == "prefix" else f"Share of the {noun}, in order"
    # A form keeps its radio buttons apart from those of other explanations on a page.
    buttons = "".join(
        f'<label><input type="radio" name="view" value="{view}"'
        f"{' checked' if view == 'heatmap' else ''}> {view}</label>"
        for view in ("heatmap", "kept", "removed")
    )
    return (
        f'<form hidden autocomplete="off"><label>{name} <input type="range" min="0" max="{most}" '
        f'step="1" value="{start}"></label>'
        + (f"<fieldset><legend>View</legend>{buttons}</fieldset>" if choice else "")
        + "</form>"
    )


def _source(view: View, size: tuple[int, ...]) -> str:
    """The picture, which shows where no script runs."""
    picture = view.picture
    if picture is None:
        return ""
    if picture.shape[:2] != size:
        from skimage.transform import resize  # half a second, which few need

        picture = np.clip(resize(picture, (*size, 3), anti_aliasing=True), 0, 1)
    data = base64.b64encode(png(np.rint(255 * picture).astype(np.uint8))).decode()
    return f'<img class="source" alt="the {view.noun}" src="data:image/png;base64,{data}">'


def _panel(name: str, explanation: Any, view: View, shown: Prefix, *, wide: bool) -> str:
    heading = f"<h4>{html.escape(name)}</h4>" if name else ""
    over = f"{name}: regions over the {view.noun}, in their order" if name else "the regions"
    drawn = view.marks or f'<canvas hidden role="img" aria-label="{html.escape(over)}"></canvas>'
    return (
        f'<section class="panel{" wide" if wide else ""}">{heading}<div>{drawn}'
        "<p><label hidden>Region by rank <select></select></label></p>"
        '<p class="region" role="status" aria-live="polite"></p></div>'
        f'<div><p class="state" role="status" aria-live="polite">'
        f"{_state(explanation, shown, view.noun)}</p>"
        f"{curves_svg(explanation.curves, shown, view.noun, dots=True)}</div></section>"
    )


def _state(explanation: Any, shown: Prefix, noun: str) -> str:
    """The words of the script for a prefix, for who has none."""
    without = explanation.curves.deletion[shown.n_regions]
    return (
        f"{shown.n_regions} of {len(explanation.order)} regions, {100 * shown.area:.0f} % of the "
        f"{noun}. Score with these alone {shown.value:.3f}, without them {without:.3f}."
    )


def _colour_bar() -> str:
    stops = ",".join(f"#{colour}" for colour in _VIRIDIS.split())
    return (
        '<div class="scale">importance 0 <span class="bar" style="background:'
        f'linear-gradient(to right,{stops})"></span> 1</div>'
    )
