"""Metrics computed from insertion and deletion curves (LiMA, Eq. 13–14)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np

from submod_core._checks import check_amount, check_choice, check_count
from submod_core._types import FloatArray
from submod_core.engine import Procedure
from submod_core.metrics.base import ModelMetric, Question
from submod_core.results import Curves, RevealOrder, check_areas, curves_along, reveal_order

Direction = Literal["both", "rise", "fall"]

_MOVEMENTS: dict[str, Callable[[FloatArray], FloatArray]] = {
    "both": np.abs,
    "rise": np.positive,
    "fall": np.negative,
}

_ANY = "pixel by pixel, or region by region where regions or an explanation are given"


@dataclass(frozen=True, kw_only=True)
class FaithfulnessCurves(Question[Curves]):
    """Insertion and deletion curves of an attribution (LiMA, Eq. 13–14).

    With regions the steps are region by region, ordered by the mean score of each region. Without
    regions they are pixel by pixel, or element by element in inputs that are no images.
    Explanations step by their own regions.

    Parameters
    ----------
    steps : int
        Number of pixel-wise steps, of nearly equal size; equal scores are taken in reading order.

    Raises
    ------
    ValueError
        If a setting is out of range.

    Examples
    --------
    >>> FaithfulnessCurves(steps=2).reveal([[0.1, 0.9]], (1, 2), None).regions
    array([[1, 0]])
    """

    curve: ClassVar[str | None] = None
    """The curve of `Curves` whose area the metric is."""

    steps: int = 50

    def __post_init__(self) -> None:
        check_count("steps", self.steps)

    def reveal(self, attribution: Any, shape: tuple[int, ...], regions: Any) -> RevealOrder:
        """Order of regions, or of groups of pixels of nearly equal size."""
        return reveal_order(attribution, shape, regions, self.steps)

    def ask(self, attribution: Any, order: RevealOrder, sizes: FloatArray) -> Procedure[Curves]:
        """Show every prefix of the order, and the input without it."""
        return curves_along(order.order, sizes)


@dataclass(frozen=True, kw_only=True)
class Insertion(FaithfulnessCurves, ModelMetric[Curves]):
    """Area under the insertion curve; higher is better.

    The area is taken by the trapezoid rule over the share of the input that is revealed.

    Parameters
    ----------
    steps : int
        Number of pixel-wise steps, of nearly equal size; equal scores are taken in reading order.

    Examples
    --------
    >>> Insertion().number(Curves(np.array([0, 0.5, 1]), np.array([0, 1, 1]), np.zeros(3)))
    0.75
    """

    name: ClassVar[str] = "insertion"
    curve: ClassVar[str | None] = "insertion"
    higher_is_better: ClassVar[bool | None] = True
    steps_by: ClassVar[str] = _ANY

    def number(self, answer: Curves) -> float:
        """Area under the insertion curve."""
        return answer.insertion_auc


@dataclass(frozen=True, kw_only=True)
class Deletion(FaithfulnessCurves, ModelMetric[Curves]):
    """Area under the deletion curve; lower is better.

    The area is taken by the trapezoid rule over the share of the input that is removed.

    Parameters
    ----------
    steps : int
        Number of pixel-wise steps, of nearly equal size; equal scores are taken in reading order.

    Examples
    --------
    >>> Deletion().number(Curves(np.array([0, 0.5, 1]), np.zeros(3), np.array([0, 1, 1])))
    0.25
    """

    name: ClassVar[str] = "deletion"
    curve: ClassVar[str | None] = "deletion"
    higher_is_better: ClassVar[bool | None] = False
    steps_by: ClassVar[str] = _ANY

    def number(self, answer: Curves) -> float:
        """Area under the deletion curve."""
        return answer.deletion_auc


@dataclass(frozen=True, kw_only=True)
class HighestConfidence(FaithfulnessCurves, ModelMetric[Curves]):
    """Highest score of the target with a part of the input revealed (LiMA, Eq. 15).

    Higher is better. The mean over examples is the papers' average highest confidence. NaN for an
    example whose first step already reveals more than `max_area`: a mean over examples is then NaN
    too, rather than silently over fewer.

    Parameters
    ----------
    steps : int
        Number of pixel-wise steps, of nearly equal size; equal scores are taken in reading order.
    max_area : float
        Largest share of the input that may be revealed, in (0, 1].

    Examples
    --------
    >>> curves = Curves(np.array([0, 0.4, 1]), np.array([0.1, 0.7, 0.8]), np.zeros(3))
    >>> HighestConfidence(max_area=0.25).number(curves), HighestConfidence().number(curves)
    (nan, 0.8)
    """

    name: ClassVar[str] = "highest_confidence"
    higher_is_better: ClassVar[bool | None] = True
    steps_by: ClassVar[str] = _ANY

    max_area: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        check_areas([self.max_area])

    def number(self, answer: Curves) -> float:
        """Highest score within the area."""
        highest = answer.highest_confidence(self.max_area)
        return np.nan if highest is None else highest.value


@dataclass(frozen=True, kw_only=True)
class StrongInteractions(FaithfulnessCurves, ModelMetric[Curves]):
    """Number of single steps that move the target's score by more than a threshold (LiMA, §5).

    The number only describes; neither more nor fewer are better.

    Parameters
    ----------
    steps : int
        Number of pixel-wise steps, of nearly equal size; equal scores are taken in reading order.
    threshold : float
        At least 0.
    direction : {"both", "rise", "fall"}
        Steps that count. The paper counts both to compare models (Fig. 3A), and falls alone to
        compare mistakes with correct predictions (Fig. 3B).

    Examples
    --------
    >>> curves = Curves(np.array([0, 0.5, 1]), np.array([0.1, 0.2, 0.9]), np.zeros(3))
    >>> StrongInteractions().number(curves), StrongInteractions(direction="fall").number(curves)
    (1.0, 0.0)
    """

    name: ClassVar[str] = "strong_interactions"
    higher_is_better: ClassVar[bool | None] = None
    steps_by: ClassVar[str] = _ANY

    threshold: float = 0.5
    direction: Direction = "both"

    def __post_init__(self) -> None:
        super().__post_init__()
        check_amount("threshold", self.threshold)
        check_choice("direction", self.direction, _MOVEMENTS)

    def number(self, answer: Curves) -> float:
        """Number of steps of the insertion curve beyond the threshold."""
        movement = _MOVEMENTS[self.direction](np.diff(answer.insertion))
        return float((movement > self.threshold).sum())
