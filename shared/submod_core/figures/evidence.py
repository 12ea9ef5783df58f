"""Evidence: the regions that a figure shows as enough, and the curves along the order."""

from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes

from submod_core._checks import check_choice, check_type
from submod_core._types import BoolArray, FloatArray, IntArray
from submod_core.results import Curves, Explanation, Prefix, SufficientSet, check_areas
from submod_core.results._svg import DELETION, INSERTION, SHOWN

_SHARE = 0.95


class Evidence(NamedTuple):
    """Regions that are shown as enough for the decision.

    Attributes
    ----------
    regions : ndarray of intp
    shown : Prefix
        Their score, number and area.
    highest : Prefix
        The prefix of the highest confidence.
    """

    regions: IntArray
    shown: Prefix
    highest: Prefix


def evidence_of(explanation: Explanation, shown: Any, max_area: float = 1.0) -> Evidence:
    """The regions that `shown` asks for: see `plot_explanation`.

    Raises
    ------
    TypeError, ValueError
        If `shown` is unknown or of another explanation, or no region is small enough for
        `max_area`.

    Examples
    --------
    >>> from submod_core import Curves
    >>> curves = Curves(np.array([0, 0.5, 1]), np.array([0, 0.88, 0.9]), np.zeros(3))
    >>> order, searched = np.array([1, 0]), np.ones(2, bool)
    >>> one = Explanation(np.array([0, 1]), order, order / 1.0, curves, searched, 3, 4)
    >>> evidence_of(one, "smallest").regions
    array([1])
    """
    check_type("explanation", explanation, Explanation, "an Explanation")
    check_areas([max_area])
    highest = explanation.curves.highest_confidence(max_area)
    if highest is None:
        raise ValueError(
            f"`max_area` (={max_area}) must be at least the first region's, "
            f"{explanation.curves.area[1]:.3g}"
        )
    if isinstance(shown, SufficientSet):
        if not set(shown.regions) <= set(explanation.order.tolist()):
            raise ValueError(
                f"`shown` (with the regions {shown.regions}) must be of `explanation`, which has "
                f"{len(explanation.order)} regions"
            )
        found = Prefix(shown.value, len(shown.regions), shown.area)
        return Evidence(np.asarray(shown.regions, dtype=np.intp), found, highest)
    check_choice("shown", shown, ("smallest", "highest"))
    found = highest
    # Of a score that is not above 0, as a regression may have, there is no share.
    if shown == "smallest" and highest.value > 0:
        smallest = explanation.curves.smallest_prefix(value=_SHARE * highest.value)
        found = smallest or highest
    return Evidence(explanation.order[: found.n_regions], found, highest)


def kept_map(explanation: Explanation, evidence: Evidence) -> BoolArray:
    """The places that are in the regions shown, shaped like the label map."""
    return np.isin(np.asarray(explanation.regions), evidence.regions)


def summary(evidence: Evidence, n_regions: int, what: str, input_name: str) -> str:
    """Score, number and share of the regions shown, in two lines.

    Examples
    --------
    >>> prefix = Prefix(0.9, 1, 0.25)
    >>> print(summary(Evidence(np.array([1]), prefix, prefix), 4, "words", "text"))
    Score 0.900 with 1 of 4 words,
    25 % of the text
    """
    value, n_shown, area = evidence.shown
    return (
        f"Score {value:.3f} with {n_shown} of {n_regions} {what},\n"
        f"{100 * area:.0f} % of the {input_name}"
    )


def draw_curves(axes: Axes, curves: Curves, evidence: Evidence, input_name: str = "image") -> None:
    """Draw insertion and deletion along the order, with the regions shown and the highest score."""
    for curve, area, colour, name in (
        (curves.insertion, curves.insertion_auc, INSERTION, "insertion"),
        (curves.deletion, curves.deletion_auc, DELETION, "deletion"),
    ):
        axes.plot(curves.area, curve, color=colour, label=f"{name}, AUC {area:.3f}")
    # Hollow for the highest, so that both marks are seen where they meet.
    for mark, hollow, name in (
        (evidence.highest, True, "highest"),
        (evidence.shown, False, "shown"),
    ):
        regions = f"{mark.n_regions} region{'s' * (mark.n_regions > 1)}"
        axes.plot(
            [mark.area],
            [mark.value],
            "o",
            markersize=9 if hollow else 6,
            color=INSERTION if hollow else SHOWN,
            fillstyle="none" if hollow else "full",
            label=f"{name}, {mark.value:.3f} with {regions}",
        )
    axes.axvline(evidence.shown.area, color=SHOWN, linewidth=1)
    axes.set(
        title="Faithfulness, region by region",
        xlabel=f"share of the {input_name}",
        ylabel="score of the target",
        xlim=(0, 1),
    )
    axes.legend(loc="best", fontsize="small")


def scores_of(explanation: Explanation, signed: bool) -> tuple[FloatArray, float, float]:
    """The scores that a figure colours, (n,), and the ends of its colours.

    Importance from 0 to 1; gains, where `signed`, as far to both sides of 0 as the largest.

    Examples
    --------
    >>> from submod_core import Curves
    >>> curves = Curves(np.array([0, 0.5, 1]), np.array([0, 0.9, 0.8]), np.zeros(3))
    >>> order, searched = np.array([1, 0]), np.ones(2, bool)
    >>> one = Explanation(np.array([0, 1]), order, order / 1.0, curves, searched, 3, 4)
    >>> scores_of(one, signed=True)[1:]
    (-0.9, 0.9)
    """
    if not signed:
        return explanation.importance, 0.0, 1.0
    most = float(np.abs(explanation.gains).max()) or 1.0
    return explanation.gains, -most, most
