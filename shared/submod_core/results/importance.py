"""Importance: a score per region from an order (LiMA, Eq. 11)."""

import numpy as np
from numpy.typing import ArrayLike

from submod_core._types import FloatArray

# Total movement of v below which its steps are rounding noise, and tell no regions apart.
_FLAT = 1e-6


def importance(order: ArrayLike, consistency: ArrayLike, collaboration: ArrayLike) -> FloatArray:
    """Scores in [0, 1] that fall along the order by as much as v = cons + colla moves.

    LiMA, Eq. 11: a_1 = b, a_i = a_{i−1} − |v(S_[i]) − v(S_[i−1])|, rescaled so that the first
    region has 1 and the last 0. Where v does not move at all, the scores fall in equal steps, so
    that the order is never lost.

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
    v = np.asarray(consistency, dtype=np.float64) + np.asarray(collaboration, dtype=np.float64)
    # How far the score falls from each region to the next: the movement of v between the prefixes
    # that end with each. The empty prefix is no region's, so n regions have n − 1 falls.
    falls = np.abs(np.diff(v[1:]))
    if falls.sum() <= _FLAT:
        falls = np.ones_like(falls)
    # A score is the sum of all falls that follow, so that the last region has 0. Dividing by the
    # first makes it 1; a single region has no falls and gets 1.
    ordered = np.concatenate([np.cumsum(falls[::-1])[::-1], [0.0]])
    scores = np.empty(len(ordered))
    scores[np.asarray(order)] = ordered / ordered[0] if ordered[0] > 0 else 1.0
    return scores
