"""Submodular attribution for Xplique.

So far this package has what needs no framework: explanations, divisions into regions and the papers' figures. The
explainers for TensorFlow models are not part of this release.
"""

from submod_core import Explanation, Weights, from_masks, grid, slico
from xplique_submod import visualization

__all__ = ["Explanation", "Weights", "from_masks", "grid", "slico", "visualization"]
