"""Results: explanations with their curves and diagnostics, and the orders that judge them."""

from submod_core.results.curves import (
    Curves,
    Prefix,
    areas,
    auc,
    check_areas,
    curves_along,
)
from submod_core.results.diagnostics import Diagnostics, certificate, diagnose
from submod_core.results.explanation import Explanation
from submod_core.results.importance import importance, is_flat
from submod_core.results.reveal_order import (
    RevealOrder,
    are_explanations,
    each_attribution,
    painted,
    rank_groups,
    reveal_order,
)

__all__ = [
    "Curves",
    "Diagnostics",
    "Explanation",
    "Prefix",
    "RevealOrder",
    "are_explanations",
    "areas",
    "auc",
    "certificate",
    "check_areas",
    "curves_along",
    "diagnose",
    "each_attribution",
    "importance",
    "is_flat",
    "painted",
    "rank_groups",
    "reveal_order",
]
