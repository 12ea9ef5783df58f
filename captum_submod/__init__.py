"""Submodular attribution for Captum.

`LiMA` is used like any of Captum's methods; `metrics` measures how faithful any attribution is; `visualization` draws
the papers' figures.
"""

from captum_submod import metrics, visualization
from captum_submod.lima import LiMA
from captum_submod.llm import LLMAttribution
from submod_core import Explanation, Weights, from_masks, grid, slico

__all__ = [
    "Explanation",
    "LLMAttribution",
    "LiMA",
    "Weights",
    "from_masks",
    "grid",
    "metrics",
    "slico",
    "visualization",
]
