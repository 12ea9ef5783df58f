"""Figures of explanations.

The scores of `LiMA.attribute` also go into Captum's own `visualize_image_attr`, and the records of
`text_record` into its `visualize_text`.
"""

from captum_submod._records import text_record
from submod_core.figures.columns import plot_columns
from submod_core.figures.explanations import plot_explanation
from submod_core.figures.groups import plot_groups
from submod_core.figures.html import compare_html, explanation_html
from submod_core.figures.html_kinds import (
    columns_html,
    series_html,
    spectrogram_html,
    video_html,
    volume_html,
)
from submod_core.figures.loggers import figure_logger
from submod_core.figures.maps import plot_map
from submod_core.figures.mistakes import plot_mistake
from submod_core.figures.series import plot_series
from submod_core.figures.spectrograms import plot_spectrogram
from submod_core.figures.text import plot_text
from submod_core.figures.text_html import text_html
from submod_core.figures.volumes import plot_video, plot_volume

__all__ = [
    "columns_html",
    "compare_html",
    "explanation_html",
    "figure_logger",
    "plot_columns",
    "plot_explanation",
    "plot_groups",
    "plot_map",
    "plot_mistake",
    "plot_series",
    "plot_spectrogram",
    "plot_text",
    "plot_video",
    "plot_volume",
    "series_html",
    "spectrogram_html",
    "text_html",
    "text_record",
    "video_html",
    "volume_html",
]
