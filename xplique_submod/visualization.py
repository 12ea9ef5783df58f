"""Figures of explanations."""

from submod_core.sop.figure import plot_groups
from submod_core.visualization import plot_explanation, plot_mistake

__all__ = ["plot_explanation", "plot_groups", "plot_mistake"]
