"""Figures of explanations; what `LiMA.attribute` returns also goes into Captum's own `visualize_image_attr`."""

from submod_core.sop.figure import plot_groups
from submod_core.visualization import plot_explanation, plot_mistake

__all__ = ["plot_explanation", "plot_groups", "plot_mistake"]
