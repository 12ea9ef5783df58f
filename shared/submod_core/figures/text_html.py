"""An explained text as HTML that needs nothing else, on light and dark pages. Needs matplotlib."""

import html
from collections.abc import Sequence

from submod_core._checks import check_flag, check_text
from submod_core.figures._runs import STAYS, ranks_of, runs_of
from submod_core.figures.evidence import evidence_of
from submod_core.figures.pictures import check_colours
from submod_core.figures.text import colours_of
from submod_core.results import Explanation, SufficientSet
from submod_core.results._svg import SHOWN, curves_svg

# The page's own colours where it has some, the system's light or dark ones elsewhere.
_STYLE = f"""
.submod-text {{ color-scheme: light dark; background: Canvas; color: CanvasText;
  font: 16px/2.1 system-ui, sans-serif; max-width: 60rem; padding: .5rem 1rem; }}
.submod-text p {{ white-space: pre-wrap; margin: .5rem 0; overflow-wrap: anywhere; }}
.submod-text h3 {{ margin: .3rem 0; line-height: 1.3; }}
.submod-text mark {{ border-radius: 3px; padding: .1em .15em; }}
.submod-text mark.shown {{ outline: 2px solid {SHOWN}; }}
.submod-text sub {{ font-size: .65em; padding-left: .2em; }}
.submod-text svg {{ max-width: 100%; height: auto; }}
.submod-text svg text {{ fill: currentColor; font: 12px system-ui, sans-serif; }}
"""


def text_html(
    explanation: Explanation,
    pieces: Sequence[str],
    *,
    signed: bool = False,
    title: str | None = None,
    shown: str | SufficientSet = "smallest",
    cmap: str = "viridis",
) -> str:
    """HTML of a text with its regions coloured, their order as numbers, and the curves.

    For notebooks (``IPython.display.HTML(…)``) and files: style and curves are inside, the text is
    escaped, and all characters are ASCII, so that the encoding of a page does not matter.

    Parameters
    ----------
    explanation, pieces, signed, title, shown, cmap
        As in `plot_text`.

    Returns
    -------
    str

    Raises
    ------
    TypeError, ValueError
        As `plot_text` does.

    Examples
    --------
    >>> import numpy as np
    >>> from submod_core import Curves
    >>> curves = Curves(np.array([0, 0.5, 1]), np.array([0, 0.9, 0.92]), np.zeros(3))
    >>> order, searched = np.array([1, 0]), np.ones(2, bool)
    >>> one = Explanation(np.array([0, 1]), order, order / 1.0, curves, searched, 3, 4)
    >>> page = text_html(one, ["a", " <film>"])
    >>> "&lt;film&gt;<sub>1</sub>" in page, "<film>" in page
    (True, False)
    """
    check_flag("signed", signed)
    check_colours(cmap)
    check_text("title", title)
    runs, evidence = runs_of(explanation, pieces), evidence_of(explanation, shown)
    colours = colours_of(explanation, signed, "PuOr" if signed else cmap)
    scores = explanation.gains if signed else explanation.importance
    ranks, kept = ranks_of(explanation), set(evidence.regions.tolist())
    name = "gain" if signed else "importance"
    words = []
    for text, region in runs:
        if region == STAYS:
            words.append(html.escape(text))
            continue
        colour, ink = colours[region]
        mark = ' class="shown"' if region in kept else ""
        said = f"{ranks[region]} of {len(ranks)}, {name} {scores[region]:.3g}"
        words.append(
            f'<mark{mark} style="background:{colour};color:{ink}" title="{said}">'
            f"{html.escape(text)}<sub>{ranks[region]}</sub></mark>"
        )
    heading = f"<h3>{html.escape(title)}</h3>" if title else ""
    page = (
        f'<div class="submod-text"><style>{_STYLE}</style>{heading}<p>{"".join(words)}</p>'
        f"{curves_svg(explanation.curves, evidence.shown, 'text')}</div>\n"
    )
    return page.encode("ascii", "xmlcharrefreplace").decode()
