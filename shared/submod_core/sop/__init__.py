"""Sum-of-Parts: models whose prediction is the sum of their feature groups' contributions.

Written once for numpy, torch and TensorFlow (SOP v2, §3 and App. B; v1's generator is an option).
"""

from submod_core.sop.embeddings import position_code, standardised
from submod_core.sop.explanation import GroupExplanation
from submod_core.sop.generator import GroupGenerator, Groups, Rows, scales, top_masks
from submod_core.sop.losses import (
    scaled_binary_cross_entropy,
    scaled_cross_entropy,
    scaled_squared_error,
)
from submod_core.sop.parts import Parts
from submod_core.sop.row_blur import row_blur
from submod_core.sop.selector import affinities, contributions, select
from submod_core.sop.settings import SOPSettings, blur_matrix
from submod_core.sop.simplex import softmax, sparsemax

__all__ = [
    "GroupExplanation",
    "GroupGenerator",
    "Groups",
    "Parts",
    "Rows",
    "SOPSettings",
    "affinities",
    "blur_matrix",
    "contributions",
    "position_code",
    "row_blur",
    "scaled_binary_cross_entropy",
    "scaled_cross_entropy",
    "scaled_squared_error",
    "scales",
    "select",
    "softmax",
    "sparsemax",
    "standardised",
    "top_masks",
]
