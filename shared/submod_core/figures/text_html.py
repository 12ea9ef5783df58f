"""An explained text as HTML that needs nothing else, on light and dark pages. Needs matplotlib."""

import html
from collections.abc import Sequence

from submod_core._checks import check_flag, check_text
from submod_core.figures._runs import STAYS, ranks_of, runs_of
from submod_core.figures.evidence import Evidence, evidence_of
from submod_core.figures.pictures import check_colours
from submod_core.figures.text import colours_of
from submod_core.results import Explanation, SufficientSet
from submod_core.results._page import fragment
from submod_core.results._views import View


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

    A slider brings in one region after the other, as in `explanation_html`; regions that `shown`
    asks for are underlined. For notebooks (``IPython.display.HTML(…)``) and files: style, script
    and curves are inside, the text is escaped, and all characters are ASCII, so that the encoding
    of a page does not matter.

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
    marks = Marks(explanation, evidence, signed, cmap)
    words = "".join(marks.of(text, region) for text, region in runs)
    view = View(None, noun="text", marks=f'<p class="marks">{words}</p>')
    prefix = None if isinstance(shown, SufficientSet) else evidence.shown
    return fragment({"": explanation}, [view], title=title, shown=prefix)


class Marks:
    """Makes pieces of regions into coloured HTML, with their place in the order."""

    def __init__(
        self, explanation: Explanation, evidence: Evidence, signed: bool, cmap: str
    ) -> None:
        self.colours = colours_of(explanation, signed, "PuOr" if signed else cmap)
        self.scores = explanation.gains if signed else explanation.importance
        self.name = "gain" if signed else "importance"
        self.ranks, self.enough = ranks_of(explanation), set(evidence.regions.tolist())

    def of(self, text: str, region: int) -> str:
        """The HTML of a piece; what always stays has no colour."""
        if region == STAYS:
            return html.escape(text)
        colour, ink = self.colours[region]
        marked = ' class="enough shown"' if region in self.enough else ""
        rank = self.ranks[region]
        said = f"{rank} of {len(self.ranks)}, {self.name} {self.scores[region]:.3g}"
        return (
            f'<mark{marked} data-region="{region}" style="background:{colour};color:{ink}" '
            f'title="{said}">{html.escape(text)}<sub>{rank}</sub></mark>'
        )
