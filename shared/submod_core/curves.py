"""Faithfulness curves: how a model's score moves as regions are revealed or removed in their order of importance."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from submod_core._checks import check_count
from submod_core._types import FloatArray, IntArray
from submod_core.dialogue import Dialogue, Query
from submod_core.scores import prefixes


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
    return float(np.trapezoid(np.asarray(values, dtype=np.float64), np.asarray(area, dtype=np.float64)))


_ROUNDING = 1e-12


class HighestConfidence(NamedTuple):
    """The prefix at which the target's score is highest.

    Attributes
    ----------
    value : float
        The score there.
    n_regions : int
        Length of the prefix; the shortest of equals.
    area : float
        Share of the input that it covers, in (0, 1].
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
    """

    area: FloatArray
    consistency: FloatArray
    collaboration: FloatArray
    confidence: FloatArray | None = None
    effectiveness: FloatArray | None = None
    objective: FloatArray | None = None

    @property
    def insertion(self) -> FloatArray:
        """The target's score as regions are revealed in order: consistency under its other name."""
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

    def highest_confidence(self, max_area: float = 1.0) -> HighestConfidence | None:
        """The best non-empty prefix that covers at most `max_area` of the input (LiMA, Eq. 15); None if there is none.

        Examples
        --------
        >>> curves = Curves(np.array([0, 0.4, 1]), np.array([0.1, 0.7, 0.8]), np.array([0.2, 0.7, 0.9]))
        >>> curves.highest_confidence(max_area=0.5)
        HighestConfidence(value=0.7, n_regions=1, area=0.4)
        """
        small = 1 + np.flatnonzero(self.area[1:] <= max_area + _ROUNDING)
        if not len(small):
            return None
        best = int(small[np.argmax(self.insertion[small])])
        return HighestConfidence(float(self.insertion[best]), best, float(self.area[best]))


def areas(order: ArrayLike, sizes: ArrayLike) -> FloatArray:
    """Share of the input in each of the n + 1 prefixes of an order, given the regions' sizes in elements.

    Examples
    --------
    >>> areas([1, 0], [3, 1])
    array([0.  , 0.25, 1.  ])
    """
    ordered = np.asarray(sizes, dtype=np.float64)[np.asarray(order)]
    return np.concatenate([[0.0], np.cumsum(ordered)]) / ordered.sum()


def walk(order: ArrayLike, sizes: ArrayLike) -> Dialogue[Curves]:
    """Show each prefix of an order, and the input without it, to the model."""
    kept = prefixes(order)
    responses = yield Query(np.concatenate([kept, ~kept]))
    insertion, deletion = np.split(responses.target, 2)
    return Curves(areas(order, sizes), insertion, 1 - deletion)


def rank_groups(saliency: ArrayLike, steps: int) -> IntArray:
    """Cut the elements into `steps` groups of nearly equal size by descending saliency, ties in reading order.

    The prefixes of the order 0 … steps−1 of this label map are the steps of a pixel-wise insertion or deletion.

    Parameters
    ----------
    saliency : array_like, any shape
        One finite score per element.
    steps : int
        Number of groups, capped at the number of elements.

    Returns
    -------
    ndarray of intp, same shape

    Raises
    ------
    ValueError
        If `steps` < 1, or `saliency` is empty or not finite.

    Examples
    --------
    >>> rank_groups([[0.1, 0.9], [0.5, 0.2]], 2)
    array([[1, 0],
           [0, 1]])
    """
    scores = np.asarray(saliency, dtype=np.float64)
    check_count("steps", steps)
    if scores.size == 0 or not np.isfinite(scores).all():
        raise ValueError(f"`saliency` (of shape {scores.shape}) must hold one finite score per element")
    labels = np.empty(scores.size, dtype=np.intp)
    labels[np.argsort(-scores, axis=None, kind="stable")] = (
        np.arange(scores.size) * min(steps, scores.size) // scores.size
    )
    return labels.reshape(scores.shape)
