"""The framework-neutral core of submodular attribution.

It imports numpy, scipy and scikit-image alone. `rank` orders the elements of any set function;
`explain` runs LiMA or SMDL on any model behind an `Oracle`, as the adapters do. What is not here
stands in the package of its concept: `regions`, `scores`, `search`, `selection`, `engine`,
`results`, `methods`, `metrics`, `sea_nn`, `sop`, `theory`, `figures`, `backends`, `testing`.
"""

from submod_core._version import __version__ as __version__
from submod_core.engine import Oracle, Query, Responses
from submod_core.methods import LiMASettings, explain
from submod_core.regions import GroundSet, from_masks, grid, slico, watershed
from submod_core.results import Curves, Explanation, importance
from submod_core.scores import Readout, Score, Weights, evidential_loss, uncertainty
from submod_core.search import SEARCHES, Ranking, Search, rank
from submod_core.selection import SubmodularSelector

__all__ = [
    "SEARCHES",
    "Curves",
    "Explanation",
    "GroundSet",
    "LiMASettings",
    "Oracle",
    "Query",
    "Ranking",
    "Readout",
    "Responses",
    "Score",
    "Search",
    "SubmodularSelector",
    "Weights",
    "evidential_loss",
    "explain",
    "from_masks",
    "grid",
    "importance",
    "rank",
    "slico",
    "uncertainty",
    "watershed",
]
