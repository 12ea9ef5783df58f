"""Figures of explanations."""

from submod_core.visualization import plot_explanation

__all__ = ["plot_explanation"]
