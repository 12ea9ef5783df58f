"""Faithfulness curves: a model's score as regions are revealed or removed in order."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike

from submod_core._checks import (
    as_numbers,
    as_order,
    check_alike,
    check_axes,
    check_number,
    check_share,
    check_type,
)
from submod_core._types import FloatArray
from submod_core.engine import Procedure, Query
from submod_core.scores import SCORES
from submod_core.search import prefixes


def auc(values: ArrayLike, area: ArrayLike) -> float:
    """Area under a curve by the trapezoid rule (LiMA, Eq. 13–14).

    Parameters
    ----------
    values : array_like, (k,)
    area : array_like, (k,)
        Share of the input revealed or removed, ascending from 0 to 1, both ends included.

    Returns
    -------
    float

    Examples
    --------
    >>> auc([0.0, 1.0, 1.0], [0.0, 0.5, 1.0])
    0.75
    """
    heights, places = as_numbers("values", values), as_numbers("area", area)
    check_axes("area", places, 1, "(k,)")
    check_alike("values", heights, "area", places.shape)
    if (np.diff(places) < 0).any():
        raise ValueError(f"`area` (={area!r}) must ascend")
    return float(np.trapezoid(heights, places))


# Tolerance of areas, which are sums of shares.
_ROUNDING = 1e-12

# The same, of areas that users give in any precision.
_SLACK = 1e-6


class Prefix(NamedTuple):
    """A prefix of an order: the first regions alone, and the target's score with them.

    Attributes
    ----------
    value : float
        The score there.
    n_regions : int
        Length of the prefix.
    area : float
        Share of the input that the prefix covers, in (0, 1].

    Examples
    --------
    >>> value, n_regions, area = Prefix(0.7, 1, 0.4)
    """

    value: float
    n_regions: int
    area: float


@dataclass(frozen=True, eq=False)
class Curves:
    """The scores along an order, over its n + 1 prefixes from the empty one to all n regions.

    Attributes
    ----------
    area : ndarray of float64, (n + 1,)
        Share of the input's elements in each prefix, from 0 to 1.
    consistency : ndarray of float64, (n + 1,)
        The target's score with only the prefix kept (LiMA, Eq. 3).
    collaboration : ndarray of float64, (n + 1,)
        One minus the target's score with the prefix removed (LiMA, Eq. 4).
    confidence, effectiveness, objective : ndarray of float64, (n + 1,), or None
        Eq. 5, Eq. 7 and F (Eq. 8); None where they were not part of the objective.
    own : dict of ndarray of float64, (n + 1,)
        The curves of further scores, by name.
    """

    area: FloatArray
    consistency: FloatArray
    collaboration: FloatArray
    confidence: FloatArray | None = None
    effectiveness: FloatArray | None = None
    objective: FloatArray | None = None
    own: Mapping[str, FloatArray] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_type("own", self.own, Mapping, "a mapping of names to curves")
        area = as_numbers("area", self.area)
        outside = (area < -_SLACK).any() or (area > 1 + _SLACK).any()
        if area.ndim != 1 or outside or (np.diff(area) < 0).any():
            raise ValueError(f"`area` (of shape {area.shape}) must ascend from 0 to 1")
        for name, curve in ({"consistency": None, "collaboration": None} | self.arrays()).items():
            values = as_numbers(name, curve)
            check_alike(name, values, "area", area.shape)
            object.__setattr__(self, name, values)
        for curve in self.own.values():
            check_alike("own", as_numbers("own", curve), "area", area.shape)

    @classmethod
    def of(
        cls, area: FloatArray, scores: Mapping[str, FloatArray], objective: FloatArray | None = None
    ) -> Self:
        """Curves from scores by name; consistency and collaboration must be among them."""
        known = {name: scores[name] for name in SCORES if name in scores}
        own = {name: curve for name, curve in scores.items() if name not in SCORES}
        return cls(area, **known, objective=objective, own=own)

    def arrays(self) -> dict[str, FloatArray]:
        """All curves but `own`, by the names of the fields."""
        named = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: curve for name, curve in named.items() if name != "own" and curve is not None}

    @property
    def scores(self) -> dict[str, FloatArray]:
        """The curve of every score, by name."""
        named = {name: getattr(self, name) for name in SCORES}
        return {name: curve for name, curve in named.items() if curve is not None} | dict(self.own)

    @property
    def insertion(self) -> FloatArray:
        """The target's score as regions are revealed in order: another name of consistency."""
        return self.consistency

    @property
    def deletion(self) -> FloatArray:
        """The target's score as regions are removed in order: 1 − collaboration."""
        return 1 - self.collaboration

    @property
    def insertion_auc(self) -> float:
        """Area under the region-wise insertion curve; higher is better."""
        return auc(self.insertion, self.area)

    @property
    def deletion_auc(self) -> float:
        """Area under the region-wise deletion curve; lower is better."""
        return auc(self.deletion, self.area)

    def highest_confidence(self, max_area: float = 1.0) -> Prefix | None:
        """The best non-empty prefix that covers at most `max_area` of the input (LiMA, Eq. 15).

        The shortest of equals. None if the first region alone covers more.

        Raises
        ------
        ValueError
            If `max_area` is not in (0, 1].

        Examples
        --------
        >>> area, consistency = np.array([0, 0.4, 1]), np.array([0.1, 0.7, 0.8])
        >>> curves = Curves(area, consistency, collaboration=np.array([0.2, 0.7, 0.9]))
        >>> curves.highest_confidence(max_area=0.5)
        Prefix(value=0.7, n_regions=1, area=0.4)
        """
        check_areas([max_area])
        small = 1 + np.flatnonzero(self.area[1:] <= max_area + _ROUNDING)
        if not len(small):
            return None
        return self._prefix(int(small[np.argmax(self.insertion[small])]))

    def smallest_prefix(
        self, share: float = 0.95, *, value: float | None = None, max_area: float = 1.0
    ) -> Prefix | None:
        """The shortest non-empty prefix whose score reaches a share of the highest confidence.

        Parameters
        ----------
        share : float in (0, 1]
            Of the highest confidence within `max_area`.
        value : float, optional
            The score to reach, in place of a share.
        max_area : float in (0, 1]
            Largest share of the input that the prefix may cover.

        Returns
        -------
        Prefix or None
            None where no prefix within `max_area` reaches the score.

        Raises
        ------
        ValueError
            If an argument is out of range, or a share is asked for where the highest confidence is
            not above 0, as that of a regression may be.

        Examples
        --------
        >>> area, consistency = np.array([0, 0.2, 0.5, 1]), np.array([0.1, 0.6, 0.8, 0.82])
        >>> curves = Curves(area, consistency, collaboration=np.zeros(4))
        >>> curves.smallest_prefix()
        Prefix(value=0.8, n_regions=2, area=0.5)
        >>> curves.smallest_prefix(value=0.5).n_regions, curves.smallest_prefix(value=0.9)
        (1, None)
        """
        needed = score_to_reach(self.highest_confidence(max_area), share, value)
        within = self.area[1:] <= max_area + _ROUNDING
        enough = 1 + np.flatnonzero(within & (self.insertion[1:] >= needed))
        return self._prefix(int(enough[0])) if len(enough) else None

    def _prefix(self, n_regions: int) -> Prefix:
        return Prefix(float(self.insertion[n_regions]), n_regions, float(self.area[n_regions]))


def score_to_reach(highest: Prefix | None, share: float, value: float | None) -> float:
    """The score that is asked for: a value, or a share of the highest confidence.

    Raises
    ------
    ValueError
        If `share` is not in (0, 1], `value` is no finite number, or a share is asked for where the
        highest confidence is not above 0.

    Examples
    --------
    >>> score_to_reach(Prefix(0.8, 2, 0.5), 0.5, None), score_to_reach(None, 0.5, 0.7)
    (0.4, 0.7)
    """
    check_type("highest", highest, Prefix | None, "a Prefix")
    check_share("share", share, "of the highest confidence ")
    if value is not None:
        check_number("value", value)
        return float(value)
    if highest is None:
        return np.inf
    if highest.value <= 0:
        raise ValueError(
            f"`share` (={share!r}) is of the highest confidence, here {highest.value:.4g}, which "
            "must be above 0; give `value`, the score to reach"
        )
    return float(share) * highest.value


def areas(order: ArrayLike, sizes: ArrayLike) -> FloatArray:
    """Share of the input in each of the n + 1 prefixes of an order.

    Parameters
    ----------
    order : array_like of int, (n,)
    sizes : array_like, (n,)
        Elements in each region.

    Returns
    -------
    ndarray of float64, (n + 1,)
        From 0 to 1.

    Examples
    --------
    >>> areas([1, 0], [3, 1])
    array([0.  , 0.25, 1.  ])
    """
    places, elements = as_order("order", order), as_numbers("sizes", sizes)
    check_alike("sizes", elements, "order", places.shape)
    if (elements < 0).any() or not elements.any():
        raise ValueError("`sizes` must be at least 0, and not all 0")
    ordered = elements[places]
    return np.concatenate([[0.0], np.cumsum(ordered)]) / ordered.sum()


def curves_along(order: ArrayLike, sizes: ArrayLike) -> Procedure[Curves]:
    """Show each prefix of an order, and the input without it, to the model.

    Examples
    --------
    >>> procedure = curves_along([1, 0], [1, 1])
    >>> next(procedure).keep.tolist()[:3]
    [[False, False], [False, True], [True, True]]
    """
    kept, area = prefixes(order), areas(order, sizes)
    insertion, deletion = np.split((yield Query(np.concatenate([kept, ~kept]))).target, 2)
    return Curves(area, insertion, 1 - deletion)


def check_areas(max_areas: Sequence[float]) -> None:
    """Raise ValueError unless each area is a share of the input in (0, 1]."""
    check_type("max_area", max_areas, Sequence | np.ndarray, "a sequence of shares")
    for area in max_areas:
        check_share("max_area", area, "of the input ")
