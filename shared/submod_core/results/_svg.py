"""Curves along an order as SVG, without matplotlib."""

import numpy as np

from submod_core._types import FloatArray
from submod_core.results.curves import Curves, Prefix

# Blue and orange, which the colour-blind tell apart, and grey between them.
INSERTION, DELETION, SHOWN = "#0072b2", "#7f7f7f", "#d55e00"
_WIDE, _HIGH, _LEFT, _TOP = 420, 180, 46, 12


def curves_svg(curves: Curves, shown: Prefix, input_name: str, *, dots: bool = False) -> str:
    """Insertion and deletion along the order, as SVG, and a line in words.

    Parameters
    ----------
    curves : Curves
    shown : Prefix
        Where the upright line stands.
    input_name : str
        Of the kind of input, such as "text".
    dots : bool
        Mark the line's places on the curves, for a cursor; `shown` is then a prefix of the order,
        and the words say nothing of it.
    """
    both = np.concatenate([curves.insertion, curves.deletion])
    low, high = min(0.0, float(both.min())), max(float(both.max()), float(both.min()) + 1e-9)
    x = _LEFT + curves.area * _WIDE
    lines = [
        f'<polyline points="{_points(x, curve, low, high)}" fill="none" stroke="{colour}" '
        'stroke-width="2"/>'
        for curve, colour in ((curves.insertion, INSERTION), (curves.deletion, DELETION))
    ]
    value, n_shown, area = shown
    place = _LEFT + area * _WIDE
    bottom, right = _TOP + _HIGH, _LEFT + _WIDE
    lines.append(
        f'<line x1="{place:.1f}" x2="{place:.1f}" y1="{_TOP}" y2="{bottom}" stroke="{SHOWN}"/>'
    )
    if dots:
        for curve, colour in ((curves.insertion, INSERTION), (curves.deletion, DELETION)):
            x_dot, y_dot = _points(x, curve, low, high).split()[n_shown].split(",")
            lines.append(f'<circle cx="{x_dot}" cy="{y_dot}" r="4" fill="{colour}"/>')
    frame = (
        f'<path d="M{_LEFT} {_TOP}V{bottom}H{right}" fill="none" stroke="currentColor"/>'
        f'<text x="4" y="{_TOP + 10}">{high:.2f}</text><text x="4" y="{bottom}">{low:.2f}</text>'
        f'<text x="{_LEFT}" y="{bottom + 18}">0</text>'
        f'<text x="{right - 8}" y="{bottom + 18}">1</text>'
        f'<text x="{_LEFT + 120}" y="{bottom + 18}">share of the {input_name} shown, or removed'
        "</text>"
    )
    said = (
        f'<span style="color:{INSERTION}">&#9632;</span> insertion, AUC {curves.insertion_auc:.3f}'
        f' &nbsp; <span style="color:{DELETION}">&#9632;</span> deletion, AUC '
        f"{curves.deletion_auc:.3f}"
    )
    if not dots:  # a cursor leaves the place that these words are of
        said += (
            f' &nbsp; <span style="color:{SHOWN}">&#9633;</span> score {value:.3f} with {n_shown} '
            f"of {len(curves.area) - 1} regions, {100 * area:.0f} % of the {input_name}"
        )
    size = f'viewBox="0 0 {right + 10} {bottom + 26}" width="{right + 10}"'
    return (
        f'<svg {size} role="img" aria-label="insertion and deletion">{frame}{"".join(lines)}</svg>'
        f"<div>{said}</div>"
    )


def _points(x: FloatArray, curve: FloatArray, low: float, high: float) -> str:
    y = _TOP + _HIGH * (high - curve) / (high - low)
    return " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x, y, strict=True))
