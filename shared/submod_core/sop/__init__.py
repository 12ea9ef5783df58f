"""Sum-of-Parts, written once for numpy, torch and TensorFlow (SOP v2, §3 and App. B; v1's generator is an option)."""

from submod_core.sop.explanation import GroupExplanation
from submod_core.sop.maths import (
    Groups,
    affinities,
    contributions,
    generate,
    position_code,
    scaled_cross_entropy,
    scaled_squared_error,
    scales,
    select,
    softmax,
    sparsemax,
    standardised,
    top_masks,
)
from submod_core.sop.settings import SOPSettings, blur_matrix

__all__ = [
    "GroupExplanation",
    "Groups",
    "SOPSettings",
    "affinities",
    "blur_matrix",
    "contributions",
    "generate",
    "position_code",
    "scaled_cross_entropy",
    "scaled_squared_error",
    "scales",
    "select",
    "softmax",
    "sparsemax",
    "standardised",
    "top_masks",
]
