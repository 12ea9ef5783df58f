"""Figures of explanations.

The scores of `LiMA.attribute` also go into Captum's own `visualize_image_attr`.
"""

from submod_core.figures.explanations import plot_explanation
from submod_core.figures.groups import plot_groups
from submod_core.figures.maps import plot_map
from submod_core.figures.mistakes import plot_mistake

__all__ = ["plot_explanation", "plot_groups", "plot_map", "plot_mistake"]
