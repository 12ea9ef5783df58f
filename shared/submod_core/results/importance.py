"""Importance: a score per region from an order (LiMA, Eq. 11 and Table XVI)."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from submod_core._checks import as_numbers, as_order, check_axes
from submod_core._types import FloatArray

# Movement of v, as a share of the highest score, below which it is rounding noise of a float32
# model, and tells no regions apart.
_FLAT = 1e-6


def is_flat(consistency: ArrayLike, collaboration: ArrayLike) -> bool:
    """Whether the target's score is the same, up to rounding, whatever is kept or left out.

    Examples
    --------
    >>> is_flat([0.5, 0.5], [0.5, 0.5]), is_flat([0, 1e-9], [1, 1])
    (True, False)
    """
    kept = as_numbers("consistency", consistency)
    left = 1 - as_numbers("collaboration", collaboration)
    check_axes("consistency", kept, 1, "a curve")
    check_axes("collaboration", left, 1, "a curve")
    scale = max(np.abs(kept).max(), np.abs(left).max())
    return bool(max(np.ptp(kept), np.ptp(left)) <= _FLAT * scale)


def importance(order: ArrayLike, consistency: Any, collaboration: Any) -> FloatArray:
    """Scores in [0, 1] that fall along the order by as much as v = cons + colla moves.

    LiMA, Eq. 11: a_1 = b, a_i = a_{i−1} − |v(S_[i]) − v(S_[i−1])|, rescaled so that the first
    region has 1 and the last 0. Where v does not move at all, nothing is known of the regions, and
    all have 0; where it moves with the first alone, all others have 0.

    Parameters
    ----------
    order : array_like of int, (n,)
    consistency, collaboration : array_like, (n + 1,)
        The two scores over the prefixes of `order`, the empty one first.

    Returns
    -------
    ndarray of float64, (n,)
        Indexed by region. Earlier in the order is never less important.

    Examples
    --------
    >>> importance([2, 0, 1], [0.0, 0.5, 0.8, 0.9], [0.0, 0.0, 0.0, 0.0])
    array([0.25, 0.  , 1.  ])
    """
    places = as_order("order", order)
    kept, left = as_numbers("consistency", consistency), as_numbers("collaboration", collaboration)
    for name, curve in (("consistency", kept), ("collaboration", left)):
        if curve.shape != (len(places) + 1,):
            raise ValueError(
                f"`{name}` (of shape {curve.shape}) must be ({len(places) + 1},): one value for "
                "each prefix of `order`, the empty one first"
            )
    # How far v moves with each region. Where the scores move little beside their size, as a
    # consistency of 1e-20 beside a collaboration of 1, the movement would be lost in the sum.
    v = kept + left
    little = np.ptp(kept) + np.ptp(left) < _FLAT * np.abs(v).max()
    moves = np.abs(np.diff(kept) + np.diff(left) if little else np.diff(v))
    # How far the score falls from each region to the next: the movement of v between the prefixes
    # that end with each. The empty prefix is no region's, so n regions have n − 1 falls.
    falls = moves[1:]
    noise = _FLAT * max(np.abs(kept).max(), np.abs(1 - left).max())
    # A score is the sum of all falls that follow, so that the last region has 0.
    ordered = np.concatenate([np.cumsum(falls[::-1])[::-1], [0.0]])
    if is_flat(consistency, collaboration):
        ordered[:] = 0
    elif ordered[0] <= noise:  # v moves with the first region alone, or both scores cancel
        ordered[:] = 0
        ordered[0] = float(moves[0] > noise)
    else:
        ordered /= ordered[0]
    scores = np.empty(len(ordered))
    scores[np.asarray(order)] = ordered
    return scores


def rank_importance(order: ArrayLike) -> FloatArray:
    """Scores in [0, 1] that fall along the order in equal steps (LiMA, Table XVI).

    The "consistent subset difference" with which the paper compares Eq. 11.

    Parameters
    ----------
    order : array_like of int, (n,)

    Returns
    -------
    ndarray of float64, (n,)
        Indexed by region: 1 for the first, 0 for the last of several.

    Examples
    --------
    >>> rank_importance([2, 0, 1])
    array([0.5, 0. , 1. ])
    """
    places = as_order("order", order)
    scores = np.empty(len(places))
    scores[places] = np.linspace(1, 0, len(places))
    return scores
