"""Diagnostics of a search: violations of submodularity, and a bound on F, without model calls."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from submod_core._checks import as_numbers, check_alike, check_type
from submod_core._types import FloatArray
from submod_core.results.curves import Curves
from submod_core.search import Ranking

# Gains whose growth is below this share of the largest value of F are rounding noise of float32
# models.
_NOISE = 1e-6


@dataclass(frozen=True, eq=False)
class Diagnostics:
    """Submodularity of F on one input, as far as the search's own evaluations show it.

    A function is submodular if no gain F(S ∪ {c}) − F(S) grows as S does. A forward search
    evaluates the gain of most regions several times, with more and more chosen.

    Attributes
    ----------
    compared : int
        Number of gains that were evaluated again.
    grown : int
        Number of compared gains that had grown: 0 on a submodular function.
    largest_violation : float
        The largest growth of a gain, in units of F; 0 if none grew.
    bound : ndarray of float64, (n + 1,)
        No subset of k regions has an F above `bound[k]`, *if F is monotone and submodular*: for
        every S of the search, F(S) plus the k largest gains at S (Minoux, 1978); infinite where the
        search did not evaluate enough.
    certificate : ndarray of float64, (n + 1,)
        F of the order's first k regions as a share of the bound. Under the same condition, no
        other k regions have an F above F / certificate. Where `grown` is above 0 there is no
        guarantee, and a value above 1 disproves the condition. NaN where the bound is infinite or
        not above 0.

    Examples
    --------
    >>> from submod_core import rank
    >>> from submod_core.search import Ranking
    >>> sets = [{1, 2}, {2, 3}, {4}]
    >>> ranking = rank(lambda chosen: len(set().union(*(sets[i] for i in chosen))), 3, "greedy")
    >>> found = Diagnostics.of(ranking, np.array([0, 2, 3, 4]))
    >>> found.grown, found.compared, found.bound, found.certificate
    (0, 3, array([0., 2., 4., 4.]), array([ nan, 1.  , 0.75, 1.  ]))
    """

    compared: int
    grown: int
    largest_violation: float
    bound: FloatArray
    certificate: FloatArray

    @property
    def share_grown(self) -> float:
        """`grown` / `compared`, in [0, 1]; NaN if nothing was compared."""
        return self.grown / self.compared if self.compared else np.nan

    @classmethod
    def of(cls, ranking: Ranking, objective: Any) -> "Diagnostics":
        """Diagnostics from the rounds of a search, and F over the n + 1 prefixes of its order."""
        f = np.asarray(objective, dtype=np.float64)
        n = len(ranking.order)
        # The last known gain of each region, NaN before the first round that evaluated it.
        latest = np.full(n, np.nan)
        bound = np.full(n + 1, np.inf)
        compared = grown = 0
        largest = 0.0
        for size, candidates, values in ranking.rounds:
            # Compare each gain with the same region's earlier one, at a smaller front: growth
            # violates submodularity, unless it is rounding noise.
            gains = values - f[size]
            growth = (gains - latest[candidates])[~np.isnan(latest[candidates])]
            compared += len(growth)
            growth = growth[growth > _NOISE * np.abs(f).max()]
            grown += len(growth)
            largest = max(largest, float(growth.max(initial=0.0)))
            # On a submodular function the last known gain of an open region is an upper bound of
            # its gain at this front: F(front) plus the k largest bounds every subset of k regions.
            latest[candidates] = gains
            bound = np.minimum(bound, f[size] + _most(latest[ranking.order[size:]], n))
        return cls(compared, grown, largest, bound, certificate(f, bound))

    def padded(self, n: int) -> "Diagnostics":
        """The diagnostics with n more regions at the end of the order that make no difference."""
        bound, certificate = (
            np.pad(curve, (0, n), mode="edge") for curve in (self.bound, self.certificate)
        )
        return replace(self, bound=bound, certificate=certificate)

    @classmethod
    def restored(cls, arrays: Mapping[str, Any]) -> "Diagnostics":
        """Diagnostics from the arrays of a file, by the names of the fields."""
        counts, violation = (
            (int(arrays["compared"]), int(arrays["grown"])),
            float(arrays["largest_violation"]),
        )
        return cls(*counts, violation, arrays["bound"], arrays["certificate"])


def certificate(f: FloatArray, bound: FloatArray) -> FloatArray:
    """F as a share of its bound; NaN where the bound is infinite or not above 0.

    Examples
    --------
    >>> certificate(np.array([1.0, 2.0]), np.array([4.0, np.inf]))
    array([0.25,  nan])
    """
    f, bound = as_numbers("f", f), as_numbers("bound", bound, finite=False)
    check_alike("f", f, "bound", bound.shape)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where((bound > 0) & np.isfinite(bound), f / bound, np.nan)


def _most(gains: FloatArray, n: int) -> FloatArray:
    """The sum of the k largest gains, k = 0 … n; an unknown gain (NaN) counts as infinite."""
    # A gain below 0 counts as 0: fewer than k regions may be better, and a bound must hold then.
    known = np.sort(np.where(np.isnan(gains), np.inf, np.maximum(gains, 0)))[::-1]
    sums = np.concatenate([[0.0], np.cumsum(known)])
    return np.concatenate([sums, np.full(n + 1 - len(sums), sums[-1])])


def diagnose(ranking: Ranking, curves: Curves) -> Diagnostics | None:
    """Diagnostics of a finished explanation; None where the search kept no rounds."""
    check_type("ranking", ranking, Ranking, "a Ranking")
    check_type("curves", curves, Curves, "Curves")
    return (
        Diagnostics.of(ranking, curves.objective)
        if ranking.rounds and curves.objective is not None
        else None
    )
