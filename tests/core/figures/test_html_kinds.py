"""Pages of series, spectrograms, volumes, videos, rows of tables and texts: all that is in them."""

import re

import numpy as np
import pytest
from explained_images import explained, picture_of, read

from captum_submod import visualization as captum_visualization
from submod_core import Explanation, grid
from submod_core.figures.html import explanation_html
from submod_core.figures.html_kinds import (
    columns_html,
    series_html,
    spectrogram_html,
    video_html,
    volume_html,
)
from submod_core.figures.text_html import text_html
from submod_core.regions import column_regions, tubes
from submod_core.results._views import mosaic
from xplique_submod import visualization as xplique_visualization

KINDS = ("series_html", "spectrogram_html", "volume_html", "video_html", "columns_html")


@pytest.mark.parametrize("name", KINDS)
def test_the_pages_belong_to_neither_adapter(name):
    assert getattr(captum_visualization, name) is getattr(xplique_visualization, name)


def test_a_series_is_drawn_along_time_with_its_segments():
    labels = np.repeat([0, 1, -1, 2], [10, 20, 10, 24])
    series = np.stack([np.linspace(0, 1, 64), np.zeros(64)], axis=1)
    page = series_html(explained(labels), series)
    data, drawn = read(page)
    # A column of pixels shows the element in its middle.
    middle = ((np.arange(data["width"]) + 0.5) * 64 / data["width"]).astype(int)
    assert (drawn == labels[middle]).all()
    picture = picture_of(page)
    dark = (picture == 0).all(-1)  # the first channel: it rises from the bottom to the top
    rows = [np.flatnonzero(column).mean() for column in dark.T]
    expected = (0.95 - 0.9 * (middle + 0.5 - 0.5) / 63) * (data["height"] - 1)
    np.testing.assert_allclose(rows, expected, atol=4)
    assert "% of the series" in page


def test_a_waveform_keeps_its_peaks():
    """One element of 16,000 is less than a pixel wide, and still is seen."""
    wave = np.zeros(16000)
    wave[8000] = 1.0
    picture = picture_of(series_html(explained(np.repeat(np.arange(4), 4000)), wave))
    dark = np.argwhere((picture == 0).all(-1))
    assert dark[:, 0].min() < 0.1 * len(picture)
    assert abs(dark[dark[:, 0].argmin(), 1] - picture.shape[1] / 2) <= 1


@pytest.mark.parametrize("axes", ["TF", "FT"])
def test_low_frequencies_are_at_the_bottom_and_time_goes_right(axes):
    sound = np.zeros((6, 4))
    sound[4, 0] = 1.0  # late and low
    labels = np.arange(24).reshape(6, 4)
    given = (sound, labels) if axes == "TF" else (sound.T, labels.T)
    page = spectrogram_html(explained(given[1]), given[0], axes=axes)
    _, drawn = read(page)
    assert drawn.shape == (4, 6)
    assert drawn[-1, 4] == labels[4, 0]
    assert np.argwhere(picture_of(page)[..., 0] == 0).tolist() == [[3, 4]]


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_slices_of_a_volume_lie_side_by_side(axis):
    labels = grid((4, 6, 8), (2, 3, 4))
    volume = np.random.default_rng(0).random((4, 6, 8))
    chosen = [0, 3]
    page = volume_html(explained(labels), volume, axis=axis, slices=chosen)
    _, drawn = read(page)
    for k in chosen:
        one = np.take(labels, k, axis)
        places = [
            (y, x)
            for y in range(drawn.shape[0] - one.shape[0] + 1)
            for x in range(drawn.shape[1] - one.shape[1] + 1)
            if (drawn[y : y + one.shape[0], x : x + one.shape[1]] == one).all()
        ]
        assert places
    assert "% of the volume" in page
    grey = picture_of(page)[..., 0][drawn >= 0]
    told = np.concatenate([np.take(volume, k, axis).ravel() for k in chosen])
    scaled = np.rint(255 * (told - volume.min()) / np.ptp(volume))
    np.testing.assert_array_equal(np.sort(grey), np.sort(scaled))


@pytest.mark.parametrize("n", [1, 2, 7, 16, 40])
def test_a_mosaic_holds_each_chosen_slice_once(n):
    regions = np.arange(n * 12).reshape(n, 3, 4)
    view = mosaic(regions, None, "volume")
    shown = view.labels[view.labels >= 0]
    assert len(shown) == len(np.unique(shown)) == 12 * min(n, 16)
    assert {0, n * 12 - 1} <= set(shown.tolist())


def test_frames_of_a_video_and_boxes():
    video = np.random.default_rng(0).random((4, 3, 8, 8))  # (T, C, H, W)
    page = video_html(explained(tubes(np.zeros((4, 8, 8)), (2, 2))), video, frames=[2, 0])
    _, drawn = read(page)
    assert (drawn >= 0).sum() == 2 * 64
    image = explained(grid((10, 20), (2, 2)))
    data, _ = read(explanation_html(image, np.ones((10, 20)), box=(5, 1, 15, 6)))
    assert data["box"] == [0.25, 0.1, 0.75, 0.6]
    with pytest.raises(ValueError, match="`box`"):
        explanation_html(image, np.ones((10, 20)), box=(5, 1, 5, 6))


def test_columns_are_in_their_order_with_values_and_ranks():
    regions, names = column_regions(["age", "height", "a", "b"], {"both": ["a", "b"]})
    one = explained(np.asarray(regions))
    page = columns_html(one, names, values=[41.0, 1.8, 0.0, 1.0], title="<b>")
    marks = re.findall(r'<mark[^>]*data-region="(\d+)"[^>]*>([^<]*)<sub>(\d+)</sub>', page)
    told = dict(zip(range(3), names, strict=True))
    values = {"age": " = 41", "height": " = 1.8"}
    assert [(int(k), text, int(rank)) for k, text, rank in marks] == [
        (k, told[k] + values.get(told[k], ""), rank) for rank, k in enumerate(one.order, 1)
    ]
    assert "<b>" not in page


def test_notebooks_show_other_inputs_without_their_picture():
    series, volume = explained(np.arange(5)), explained(grid((4, 4, 4), (2, 2, 2)))
    assert "% of the input" in series._repr_html_()
    assert "% of the volume" in volume._repr_html_()
    several = Explanation(
        (np.array([0, 1]), np.array([1, 1])),
        series.order[:2] * 0 + [0, 1],
        series.importance[:2],
        explained(np.array([0, 1])).curves,
        np.ones(2, bool),
        2,
        2,
    )
    assert several._repr_html_() is None


def test_all_pages_are_ascii_and_fetch_nothing():
    pages = [
        text_html(explained(np.array([0, 1])), ["é", " ü"]),
        series_html(explained(np.array([0, 1])), [0.0, 1.0], title="é"),
        columns_html(explained(np.array([0, 1])), ["é", "ü"]),
    ]
    for page in pages:
        assert page.isascii()
        assert not re.search(r"https?:|src=.(?!data:)|url\(|\bid=", page)
        assert len(page) < 300_000
