"""The framework-neutral core of submodular attribution: regions, scores, searches, curves.

It imports numpy, scipy and scikit-image alone. `rank` orders the elements of any set function; `explain` runs LiMA or
SMDL on any model behind an `Oracle`, as the adapters do.
"""

from submod_core.baselines import BASELINES
from submod_core.curves import Curves, HighestConfidence, areas, auc, rank_groups, walk
from submod_core.diagnostics import Diagnostics
from submod_core.dialogue import Dialogue, Outcome, Query, Responses
from submod_core.evidential import evidential_loss, uncertainty
from submod_core.explanation import Explanation
from submod_core.ground_set import GroundSet
from submod_core.importance import importance
from submod_core.lima import LiMASettings, explain
from submod_core.ranking import rank
from submod_core.readout import Readout
from submod_core.regions import compact, from_masks, grid, saliency_patches, slico, watershed
from submod_core.scheduler import NonFiniteOutputError, Oracle, OutOfMemoryError, drive
from submod_core.scores import (
    DISTANCES,
    Weights,
    angular_distance,
    confidence,
    cosine_distance,
    effectiveness,
    prefixes,
)
from submod_core.search import SEARCHES, Ranking, make_search

__all__ = [
    "BASELINES",
    "DISTANCES",
    "SEARCHES",
    "Curves",
    "Diagnostics",
    "Dialogue",
    "Explanation",
    "GroundSet",
    "HighestConfidence",
    "LiMASettings",
    "NonFiniteOutputError",
    "Oracle",
    "OutOfMemoryError",
    "Outcome",
    "Query",
    "Ranking",
    "Readout",
    "Responses",
    "Weights",
    "angular_distance",
    "areas",
    "auc",
    "compact",
    "confidence",
    "cosine_distance",
    "drive",
    "effectiveness",
    "evidential_loss",
    "explain",
    "from_masks",
    "grid",
    "importance",
    "make_search",
    "prefixes",
    "rank",
    "rank_groups",
    "saliency_patches",
    "slico",
    "uncertainty",
    "walk",
    "watershed",
]
