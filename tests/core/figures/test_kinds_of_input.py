"""Figures of series, spectrograms and tables."""

import io

import numpy as np
import pytest
import torch

from captum_submod import visualization as captum_visualization
from submod_core.figures.columns import plot_columns
from submod_core.figures.series import plot_series
from submod_core.figures.spectrograms import plot_spectrogram
from submod_core.regions import column_regions, grid
from submod_core.results import Curves, Explanation
from xplique_submod import visualization as xplique_visualization


def explained(labels, score=None):
    labels = np.asarray(labels)
    n = int(labels.max()) + 1
    order, rising = np.arange(n)[::-1].copy(), np.linspace(0, 1, n + 1)
    importance = np.empty(n)
    importance[order] = np.linspace(1, 0, n)
    curves = Curves(rising, rising if score is None else np.asarray(score), np.zeros(n + 1))
    return Explanation(labels, order, importance, curves, np.ones(n, bool), 3, 4)


def drawn(figure):
    stream = io.BytesIO()
    figure.savefig(stream, dpi=40)
    assert stream.tell() > 3000


@pytest.mark.parametrize("name", ["plot_columns", "plot_series", "plot_spectrogram"])
def test_the_figures_belong_to_neither_adapter(name):
    assert getattr(captum_visualization, name) is getattr(xplique_visualization, name)


HERTZ = np.array([100.0, 200, 400, 800])
SOUND = np.arange(24.0).reshape(6, 4)  # (T, F): the loudest bin is the last, of 800 Hz


@pytest.mark.parametrize("falls", [False, True])
@pytest.mark.parametrize("axes", ["TF", "FT"])
@pytest.mark.parametrize("channel", [None, 0, -1])
def test_low_frequencies_are_at_the_bottom_and_time_goes_right(axes, falls, channel):
    labels, sound, hertz = grid((6, 4), (3, 2)), SOUND, HERTZ
    if falls:
        labels, sound, hertz = labels[:, ::-1], sound[:, ::-1], hertz[::-1]
    if axes == "FT":
        labels, sound = labels.T, sound.T
    given = sound if channel is None else np.expand_dims(sound, channel)
    one = explained(labels)
    figure = plot_spectrogram(
        one, torch.tensor(given.copy()), axes=axes, seconds=3.0, frequencies=hertz
    )
    for panel in figure.axes[:2]:
        assert panel.images[0].origin == "lower"
        assert panel.get_xlim() == (0, 3)
        ticks = [float(label.get_text()) for label in panel.get_yticklabels()]
        assert ticks == [100, 200, 400, 800]
        assert panel.get_yticks()[0] < panel.get_yticks()[-1]
        assert (panel.get_xlabel(), panel.get_ylabel()) == ("time (s)", "frequency (Hz)")
    # Rows from the bottom are rising frequencies, columns are time: whatever the array's axes.
    assert np.array_equal(figure.axes[0].images[0].get_array(), SOUND.T)
    importance = figure.axes[0].images[1].get_array()
    assert np.array_equal(importance, explained(grid((6, 4), (3, 2))).paint().T)


def test_a_spectrogram_without_units_counts_frames_and_bins():
    one = explained(grid((6, 4), (3, 2)), score=[0.1, 0.9, 0.5, 0.6, 0.7, 0.5, 0.6])
    figure = plot_spectrogram(one, SOUND, signed=True, shown="highest")
    assert figure.axes[0].get_xlim() == (0, 6)
    assert (figure.axes[0].get_xlabel(), figure.axes[0].get_ylabel()) == ("frame", "bin")
    assert figure.axes[0].get_title().startswith("Gain")
    assert "1 of 6 regions" in figure.axes[1].get_title()
    drawn(figure)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"spectrogram": SOUND.T}, "spectrogram"),
        ({"spectrogram": np.stack([SOUND, SOUND])}, "spectrogram"),
        ({"explanation": explained([0, 1])}, "explanation"),
        ({"axes": "HW"}, "axes"),
        ({"seconds": 0}, "seconds"),
        ({"frequencies": HERTZ[:3]}, "frequencies"),
        ({"frequencies": [1, 3, 2, 4]}, "frequencies"),
        ({"cmap": "none"}, "cmap"),
        ({"shown": "all"}, "shown"),
        ({"signed": 3}, "signed"),
    ],
)
def test_spectrograms_that_do_not_fit_are_refused(arguments, named):
    given = {"explanation": explained(grid((6, 4), (3, 2))), "spectrogram": SOUND} | arguments
    with pytest.raises((TypeError, ValueError), match=f"`{named}`"):
        plot_spectrogram(given.pop("explanation"), given.pop("spectrogram"), **given)


@pytest.mark.parametrize("shape", [(8,), (8, 2), (2, 8)])
def test_a_series_is_drawn_over_its_segments(shape):
    labels = np.array([-1, 0, 0, 1, 1, 2, 2, 2])
    one = explained(labels, score=[0, 0.9, 0.91, 0.92])
    series = np.arange(np.prod(shape), dtype=float).reshape(shape)
    names = ["ecg"] if len(shape) == 1 else ["x", "y"]
    figure = plot_series(one, torch.tensor(series), step=0.5, unit="s", names=names)
    first, second = figure.axes[:2]
    assert first.get_xlim() == (-0.25, 3.75)
    assert second.get_xlabel() == "time (s)"
    # A span for each segment, none for what always stays.
    spans = sorted((p.get_x(), p.get_x() + p.get_width()) for p in first.patches)
    np.testing.assert_allclose(spans, [(0.25, 1.25), (1.25, 2.25), (2.25, 3.75)])
    assert [text.get_text() for text in first.get_legend().get_texts()] == names
    # What is enough, the last segment, is drawn; elsewhere the strong line has gaps.
    strong = [line for line in second.lines if line.get_color() != "#bbbbbb"]
    channels = series.reshape(-1, 8) if len(shape) == 1 or shape[0] == 2 else series.T
    for line, values in zip(strong, channels, strict=True):
        assert np.array_equal(np.isnan(line.get_ydata()), labels != 2)
        assert np.array_equal(line.get_ydata()[5:], values[5:])
    assert "1 of 3 segments" in second.get_title()
    drawn(figure)


def test_segments_of_one_element_are_drawn_as_points():
    # The first three of the order are apart from one another, and enough.
    one = explained([5, 0, 4, 1, 3, 2], score=[0, 0.5, 0.6, 0.9, 0.7, 0.6, 0.5])
    second = plot_series(one, np.arange(6.0)).axes[1]
    (points,) = [line for line in second.lines if line.get_marker() == "."]
    assert points.get_xdata().tolist() == points.get_ydata().tolist() == [0, 2, 4]


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"series": np.ones(5)}, "series"),
        ({"series": np.ones((8, 8))}, "series"),
        ({"series": np.ones((8, 2, 2))}, "series"),
        ({"explanation": explained(grid((4, 2), (2, 2)))}, "explanation"),
        ({"step": 0}, "step"),
        ({"unit": 3}, "unit"),
        ({"names": ["a", "b"]}, "names"),
        ({"names": "a"}, "names"),
    ],
)
def test_series_that_do_not_fit_are_refused(arguments, named):
    given = {"explanation": explained(np.arange(8) // 2), "series": np.ones(8)} | arguments
    with pytest.raises((TypeError, ValueError), match=f"`{named}`"):
        plot_series(given.pop("explanation"), given.pop("series"), **given)


COLUMNS = ["age", "lat", "lon", "red", "blue", "id"]
GROUPS = {"place": ["lat", "lon"], "colour": ["red", "blue"]}


def test_columns_of_a_group_are_one_region_and_the_kept_stay():
    labels, names = column_regions(COLUMNS, GROUPS, kept=["id"])
    assert labels.tolist() == [0, 1, 1, 2, 2, -1]
    assert names == ["age", "place", "colour"]
    alone = column_regions(COLUMNS)
    assert alone.labels.tolist() == list(range(6))
    assert alone.names == COLUMNS
    # The slow way: the name of each column's region.
    of = {column: group for group, members in GROUPS.items() for column in members}
    assert [names[k] for k in labels[:-1]] == [of.get(column, column) for column in COLUMNS[:-1]]


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"columns": ["a", "a"]}, "columns"),
        ({"columns": []}, "columns"),
        ({"columns": [1, 2]}, "columns"),
        ({"groups": {"place": ["lat", "nowhere"]}}, "groups"),
        ({"groups": {"one": ["lat"], "two": ["lat"]}}, "groups"),
        ({"groups": {"age": ["lat", "lon"]}}, "groups"),
        ({"groups": {"place": []}}, "groups"),
        ({"groups": [("place", ["lat"])]}, "groups"),
        ({"kept": COLUMNS}, "kept"),
        ({"kept": "age"}, "kept"),
        ({"groups": {"place": ["lat", "id"]}, "kept": ["id"]}, "groups"),
    ],
)
def test_columns_that_do_not_fit_are_refused(arguments, named):
    given = {"columns": COLUMNS} | arguments
    with pytest.raises((TypeError, ValueError), match=f"`{named}`"):
        column_regions(**given)


def test_bars_are_gains_in_the_order_with_names_and_values():
    labels, names = column_regions(COLUMNS, GROUPS, kept=["id"])
    one = explained(labels, score=[0.1, 0.9, 0.6, 0.7])
    figure = plot_columns(one, names, values=torch.tensor([41.0, 1, 2, 0, 1, 9]))
    bars, curves = figure.axes
    assert [label.get_text() for label in bars.get_yticklabels()] == ["colour", "place", "age = 41"]
    assert [patch.get_width() for patch in bars.patches] == pytest.approx([0.8, -0.3, 0.1])
    assert bars.patches[0].get_facecolor() != bars.patches[1].get_facecolor()
    assert bars.yaxis_inverted(), "the first of the order is on top"
    assert [label.get_fontweight() for label in bars.get_yticklabels()] == ["bold"] + 2 * ["normal"]
    assert len(curves.lines) >= 4
    drawn(figure)
    fewer = plot_columns(one, names, signed=False, most=2).axes[0]
    assert [patch.get_width() for patch in fewer.patches] == [1, 0.5]
    assert "1 more" in fewer.get_title()


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"names": ["a"]}, "names"),
        ({"names": "abc"}, "names"),
        ({"values": [1.0]}, "values"),
        ({"values": ["a", "b", "c"]}, "values"),
        ({"most": 0}, "most"),
        ({"signed": 2}, "signed"),
        ({"explanation": explained(grid((2, 2), (2, 2)))}, "explanation"),
    ],
)
def test_bars_that_do_not_fit_are_refused(arguments, named):
    given = {"explanation": explained(np.arange(3)), "names": ["a", "b", "c"]} | arguments
    with pytest.raises((TypeError, ValueError), match=f"`{named}`"):
        plot_columns(given.pop("explanation"), given.pop("names"), **given)
