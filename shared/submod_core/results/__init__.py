"""Results: explanations with their curves and diagnostics, sufficient regions, reveal orders."""

from submod_core.results.curves import (
    Curves,
    Prefix,
    areas,
    auc,
    check_areas,
    curves_along,
    score_to_reach,
)
from submod_core.results.diagnostics import Diagnostics, certificate, diagnose
from submod_core.results.explanation import Explanation
from submod_core.results.importance import importance, is_flat, rank_importance
from submod_core.results.reveal_order import (
    RevealOrder,
    are_explanations,
    each_attribution,
    painted,
    rank_groups,
    reveal_order,
)
from submod_core.results.sufficient import (
    Sufficient,
    SufficientSet,
    check_explanations,
    sufficient_sets,
)

__all__ = [
    "Curves",
    "Diagnostics",
    "Explanation",
    "Prefix",
    "RevealOrder",
    "Sufficient",
    "SufficientSet",
    "are_explanations",
    "areas",
    "auc",
    "certificate",
    "check_areas",
    "check_explanations",
    "curves_along",
    "diagnose",
    "each_attribution",
    "importance",
    "is_flat",
    "painted",
    "rank_groups",
    "rank_importance",
    "reveal_order",
    "score_to_reach",
    "sufficient_sets",
]
