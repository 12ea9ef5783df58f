"""Figures of explanations."""

from submod_core.figures.explanations import plot_explanation
from submod_core.figures.groups import plot_groups
from submod_core.figures.maps import plot_map
from submod_core.figures.mistakes import plot_mistake
from submod_core.figures.text import plot_text
from submod_core.figures.text_html import text_html

__all__ = ["plot_explanation", "plot_groups", "plot_map", "plot_mistake", "plot_text", "text_html"]
