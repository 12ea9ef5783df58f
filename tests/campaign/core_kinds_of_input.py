"""Good calls of the core: regions of tables, figures of tables, series and spectrograms."""

import numpy as np

from submod_core import regions
from submod_core.figures.columns import plot_columns
from submod_core.figures.html_kinds import (
    columns_html,
    series_html,
    spectrogram_html,
    video_html,
    volume_html,
)
from submod_core.figures.loggers import figure_logger
from submod_core.figures.series import plot_series
from submod_core.figures.spectrograms import plot_spectrogram
from submod_core.figures.volumes import plot_video, plot_volume

from .calls import Case, array, choice, count, number, sequence, text, without
from .core_text import explained, explained_volume
from .objects import SCORES, explanation

NAMES = without(sequence(text="ab"), "of numbers", "of None")
VECTOR = np.linspace(0, 1, 4)
VIDEO = np.linspace(0, 1, 4 * 6 * 6).reshape(4, 6, 6)
SLICES = sequence(text="ab", negative=[-1], **{"too large": [9], "fractions": [0.5]})
DRAWN = {"signed": True, "title": None, "shown": "highest", "cmap": "jet"}
BAD_VIDEO = array(
    VIDEO, **{"another size": np.ones((4, 6, 5)), "two channels": np.ones((4, 6, 6, 2))}
)

CASES = [
    Case(
        figure_logger,
        lambda: {"log_to": print},
        {"log_to": {"None": None, "a number": 3, "a list": [print], "an object": object()}},
    ),
    Case(
        regions.tubes,
        lambda: {"video": VIDEO.copy(), "regions": (2, 2), "spans": 2},
        {
            "video": array(VIDEO),
            "regions": {"None": None, "text": "few", "zero": 0, "too many": (9, 1), "a bool": True}
            | {"an object": object(), "fractions": np.full((6, 6), 0.5), "a fraction": 2.5}
            | {"another size": np.zeros((3, 3), int), "nothing": np.full((6, 6), -1)},
            "spans": count() | {"too many": 9},
        },
    ),
    Case(
        plot_volume,
        lambda: (
            {"explanation": explained_volume(), "volume": VIDEO.copy(), "axis": 1, "slices": [0]}
            | DRAWN
        ),
        {
            "volume": BAD_VIDEO,
            "axis": count(-3) | {"too large": 3},
            "slices": without(SLICES, "None", "of numbers"),
        },
    ),
    Case(
        plot_video,
        lambda: (
            {
                "explanation": explained_volume(),
                "video": VIDEO.copy(),
                "frames": [0],
                "seconds": 1.0,
            }
            | DRAWN
        ),
        {
            "video": BAD_VIDEO,
            "frames": without(SLICES, "None", "of numbers"),
            "seconds": number(optional=True, zero=0.0),
        },
    ),
    Case(
        regions.column_regions,
        lambda: {"columns": ["a", "b", "c"], "groups": {"g": ["a", "b"]}, "kept": []},
        {
            "columns": sequence(text="ab", **{"twice the same": ["a", "a"]}),
            "groups": {"a number": 3, "text": "ab", "a list": ["a"], "unknown": {"g": ["z"]}},
            "kept": without(sequence(text="ab"), "empty"),
        },
    ),
    Case(
        plot_columns,
        lambda: (
            {"explanation": explained(), "names": ["a", "b", "c", "d"], "values": VECTOR.copy()}
            | {"signed": True, "most": 3, "title": None, "shown": "highest"}
        ),
        {"names": NAMES, "values": without(array(VECTOR), "None"), "most": count()},
    ),
    Case(
        plot_series,
        lambda: (
            {"explanation": explained(), "series": VECTOR.copy(), "step": 0.1, "unit": "s"}
            | {"names": ["a"], "signed": True, "title": None, "shown": "highest", "cmap": "jet"}
        ),
        {
            "series": array(VECTOR, **{"another size": np.ones(5)}),
            "step": number(zero=0.0),
            "unit": text(optional=True),
            "names": without(NAMES, "None"),
        },
    ),
    Case(
        plot_spectrogram,
        lambda: (
            {"explanation": explanation(), "spectrogram": SCORES.copy(), "axes": "FT"}
            | {"seconds": 0.5, "frequencies": np.arange(4.0), "signed": False}
            | {"title": None, "shown": "highest", "cmap": "jet"}
        ),
        {
            "spectrogram": array(SCORES),
            "axes": choice(),
            "seconds": number(optional=True, zero=0.0),
            "frequencies": without(array(VECTOR, equal=np.ones(4)), "None"),
        },
    ),
    Case(
        series_html,
        lambda: {"explanation": explained(), "series": VECTOR.copy(), "title": None},
        {"series": array(VECTOR, **{"another size": np.ones(5)})},
    ),
    Case(
        spectrogram_html,
        lambda: (
            {"explanation": explanation(), "spectrogram": SCORES.copy(), "axes": "FT"}
            | {"title": None}
        ),
        {"spectrogram": array(SCORES), "axes": choice()},
    ),
    Case(
        volume_html,
        lambda: (
            {"explanation": explained_volume(), "volume": VIDEO.copy(), "axis": 1}
            | {"slices": [0], "title": None}
        ),
        {
            "volume": BAD_VIDEO,
            "axis": count(-3) | {"too large": 3},
            "slices": without(SLICES, "None", "of numbers"),
        },
    ),
    Case(
        video_html,
        lambda: (
            {"explanation": explained_volume(), "video": VIDEO.copy(), "frames": [0]}
            | {"title": None}
        ),
        {"video": BAD_VIDEO, "frames": without(SLICES, "None", "of numbers")},
    ),
    Case(
        columns_html,
        lambda: (
            {"explanation": explained(), "names": ["a", "b", "c", "d"]}
            | {"values": VECTOR.copy(), "signed": True, "title": None}
        ),
        {"names": NAMES, "values": without(array(VECTOR), "None")},
    ),
]
