"""Figures of explanations.

The scores of `LiMA.attribute` also go into Captum's own `visualize_image_attr`.
"""

from submod_core.figures.explanations import plot_explanation, plot_mistake
from submod_core.figures.groups import plot_groups

__all__ = ["plot_explanation", "plot_groups", "plot_mistake"]
