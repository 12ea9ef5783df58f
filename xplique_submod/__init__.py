"""Submodular attribution for Xplique.

`LiMA` is used like any of Xplique's black-box explainers; `visualization` draws the papers' figures.
"""

from submod_core import Explanation, Weights, from_masks, grid, slico
from xplique_submod import visualization
from xplique_submod.lima import LiMA

__all__ = ["Explanation", "LiMA", "Weights", "from_masks", "grid", "slico", "visualization"]
