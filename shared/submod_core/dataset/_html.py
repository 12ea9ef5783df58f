"""Pieces of a self-contained HTML page: tables, curves as SVG, figures as PNG."""

import base64
import html
import io
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from submod_core._types import FloatArray

# Colours that the colour-blind tell apart (Okabe and Ito).
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7f7f7f")

STYLE = """
:root { color-scheme: light dark; --line: #8884; --soft: #8881; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 68rem; margin: 2rem auto; padding: 0 1rem; }
h1, h2, h3 { line-height: 1.2; } h2 { margin-top: 2.5rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; margin: .8rem 0; }
caption { text-align: left; padding-bottom: .4rem; }
th, td { padding: .3rem .8rem; border-bottom: 1px solid var(--line); text-align: left; }
td.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
figure { margin: 1rem 0; } figure img { max-width: 100%; background: white; border-radius: 4px; }
figcaption, .note { color: #777; font-size: .9rem; }
svg text { fill: currentColor; font: 12px system-ui, sans-serif; }
svg { max-width: 100%; height: auto; }
details { margin: .5rem 0; } code { background: var(--soft); padding: 0 .2rem; }
"""


def page(title: str, sections: Sequence[str]) -> str:
    """Join sections into one page that needs nothing else.

    Examples
    --------
    >>> page("a < b", ["<p>text</p>"]).count("a &lt; b")
    2
    """
    name = html.escape(title)
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{name}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{STYLE}</style></head>'
        f"<body><main><h1>{name}</h1>\n" + "\n".join(sections) + "\n</main></body></html>\n"
    )


def section(title: str, *parts: str) -> str:
    """Make a section with its heading; empty where it has no content.

    Examples
    --------
    >>> section("Errors"), section("Errors", "<p>none</p>")
    ('', '<section><h2>Errors</h2><p>none</p></section>')
    """
    content = "".join(parts)
    return f"<section><h2>{html.escape(title)}</h2>{content}</section>" if content else ""


def table(head: Sequence[str], rows: Sequence[Sequence[Any]], caption: str = "") -> str:
    """Make a table whose first column names the rows; numbers stand to the right.

    Examples
    --------
    >>> table(["method", "mean"], [["LiMA", 0.5]]).count("<td")
    1
    """
    top = "".join(f'<th scope="col">{html.escape(name)}</th>' for name in head)
    lines = []
    for name, *cells in rows:
        shown = "".join(f'<td class="number">{_cell(cell)}</td>' for cell in cells)
        lines.append(f'<tr><th scope="row">{html.escape(str(name))}</th>{shown}</tr>')
    note = f"<caption>{html.escape(caption)}</caption>" if caption else ""
    body = "".join(lines)
    return (
        f'<div class="wide"><table>{note}<thead><tr>{top}</tr></thead><tbody>{body}</tbody>'
        "</table></div>"
    )


def _cell(value: Any) -> str:
    return f"{value:.4f}" if isinstance(value, float) else html.escape(str(value))


def image(figure: Any, text: str, dpi: int = 60) -> str:
    """Draw a matplotlib figure into the page, with a text for who does not see it."""
    stream = io.BytesIO()
    figure.savefig(stream, format="png", dpi=dpi)
    data = base64.b64encode(stream.getvalue()).decode()
    described = html.escape(text, quote=True)
    return (
        f'<figure><img alt="{described}" src="data:image/png;base64,{data}">'
        f"<figcaption>{html.escape(text)}</figcaption></figure>"
    )


def quartile_curves(
    title: str, area: FloatArray, curves: Mapping[str, FloatArray], label: str
) -> str:
    """Draw the median of curves with the band between their quartiles, one colour a method.

    Parameters
    ----------
    title : str
    area : ndarray, (k,)
        From 0 to 1.
    curves : mapping of str to ndarray, (n, k)
        The curves of each method's examples.
    label : str
        Of the vertical axis.

    Examples
    --------
    >>> drawn = quartile_curves("Insertion", np.array([0, 1]), {"LiMA": np.eye(2)}, "score")
    >>> drawn.count("<polyline"), drawn.count("<polygon")
    (1, 1)
    """
    low = min(0.0, *(float(np.nanmin(one)) for one in curves.values()))
    high = max(1.0, *(float(np.nanmax(one)) for one in curves.values()))

    def points(values: FloatArray, places: FloatArray) -> str:
        x, y = 48 + 380 * places, 240 - 200 * (values - low) / (high - low)
        return " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x, y, strict=True))

    drawn = [_axes(title, label, low, high)]
    for (name, values), colour in zip(curves.items(), COLOURS * len(curves), strict=False):
        first, middle, third = np.nanquantile(values, [0.25, 0.5, 0.75], axis=0)
        band = points(np.r_[first, third[::-1]], np.r_[area, area[::-1]])
        drawn.append(f'<polygon points="{band}" fill="{colour}" fill-opacity=".15"/>')
        line = points(middle, area)
        drawn.append(
            f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2">'
            f"<title>{html.escape(name)}: median</title></polyline>"
        )
    legend = [
        f'<rect x="444" y="{44 + 20 * i}" width="12" height="12" fill="{colour}"/>'
        f'<text x="462" y="{54 + 20 * i}">{html.escape(name)}</text>'
        for i, (name, colour) in enumerate(zip(curves, COLOURS * len(curves), strict=False))
    ]
    return (
        f'<svg viewBox="0 0 620 290" width="620" role="img" aria-label="{html.escape(title)}: '
        f'median and quartiles">{"".join(drawn + legend)}</svg>'
    )


def _axes(title: str, label: str, low: float, high: float) -> str:
    ticks = "".join(
        f'<text x="{48 + 380 * share}" y="258" text-anchor="middle">{share:.0%}</text>'
        f'<text x="42" y="{244 - 200 * share}" text-anchor="end">'
        f"{low + share * (high - low):.2g}</text>"
        for share in (0.0, 0.25, 0.5, 0.75, 1.0)
    )
    return (
        f'<text x="48" y="24" style="font-weight:600">{html.escape(title)}</text>'
        '<path d="M48 40V240H428" fill="none" stroke="currentColor" stroke-opacity=".5"/>'
        f'{ticks}<text x="238" y="278" text-anchor="middle">share of the input</text>'
        f'<text x="10" y="140" transform="rotate(-90 10 140)" text-anchor="middle">'
        f"{html.escape(label)}</text>"
    )
