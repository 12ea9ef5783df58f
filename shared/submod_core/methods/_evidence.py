"""Warnings where an explanation says less than it seems to."""

import warnings
from collections.abc import Callable, Sequence

import numpy as np

from submod_core.results import Curves, is_flat
from submod_core.scores import Weights
from submod_core.search import Ranking

_TARGET = ("consistency", "collaboration")


def warn_of_weak_evidence(
    found: Sequence[tuple[Ranking, Curves]], weights: Weights, budgeted: bool
) -> None:
    """Warn where the score never moves, other scores decide, or a budget left regions out.

    Each kind of weakness is told once, for the first example that has it.
    """
    kinds: dict[Callable[..., str | None], list[tuple[int, str]]] = {}
    for i, (ranking, curves) in enumerate(found):
        for kind in (_flat, _left_out, _outweighed):
            text = kind(ranking, curves, weights, budgeted)
            if text is not None:
                kinds.setdefault(kind, []).append((i, text))
                break
    for (first, text), *others in kinds.values():
        more = f" (and in {len(others)} other examples)" if others else ""
        warnings.warn(f"in example {first}{more} {text}", stacklevel=4)


def _flat(ranking: Ranking, curves: Curves, weights: Weights, budgeted: bool) -> str | None:
    """The warning where there is nothing to explain."""
    if not is_flat(curves.consistency, curves.collaboration):
        return None
    return (
        "the target's score is the same whichever regions are kept: there is nothing to explain, "
        "and all importance is 0"
    )


def _left_out(ranking: Ranking, curves: Curves, weights: Weights, budgeted: bool) -> str | None:
    """The warning where a budget ended the search."""
    n, placed, known = (
        len(ranking.order),
        int(ranking.searched.sum()),
        int(ranking.known.sum()),
    )
    if placed == n or not budgeted:
        return None
    return (
        f"the budget ended the search with {placed} of {n} regions placed; {known - placed} follow "
        f"by their last known value, and {n - known}, of which nothing is known, share the lowest "
        "importance"
    )


def _outweighed(ranking: Ranking, curves: Curves, weights: Weights, budgeted: bool) -> str | None:
    """The warning where F moves more by confidence and effectiveness than by the target."""

    def movement(names: tuple[str, ...]) -> float:
        terms = [getattr(weights, name) * scores[name] for name in names if name in scores]
        return float(np.ptp(np.sum(terms, axis=0))) if terms else 0.0

    scores = curves.scores
    target, others = movement(_TARGET), movement(("confidence", "effectiveness"))
    # Without weights on the target the user asks for just that.
    if target >= others or not any(getattr(weights, name) for name in _TARGET):
        return None
    return (
        f"the target's score moves F along the order by {target:.2g}, less than confidence and "
        f"effectiveness do ({others:.2g}), which look at no target: the map may be that of another "
        "class. `weights={'consistency': 20, 'collaboration': 5}` looks at the target alone"
    )
