"""Tubes: parts of the picture over spans of time."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from submod_core.regions import grid, slico, supervoxels, tubes


@given(st.integers(1, 9), st.data())
def test_a_tube_is_one_part_of_the_picture_over_one_span(n_frames, data):
    spans = data.draw(st.integers(1, n_frames))
    labels = tubes(np.zeros((n_frames, 4, 6)), (2, 3), spans)
    assert labels.shape == (n_frames, 4, 6)
    assert np.unique(labels).tolist() == list(range(6 * spans))
    parts = grid((4, 6), (2, 3))
    lengths = []
    for k in range(spans):
        held = [t for t in range(n_frames) if (labels[t] // 6 == k).all()]
        assert held == list(range(held[0], held[-1] + 1)), "frames that follow each other"
        assert all((labels[t] == parts + 6 * k).all() for t in held)
        lengths.append(len(held))
    assert sum(lengths) == n_frames
    assert max(lengths) - min(lengths) <= 1


def test_superpixels_are_those_of_each_span_s_mean_frame():
    video = np.random.default_rng(0).uniform(size=(6, 20, 20, 3))
    labels = tubes(video, 9, spans=2)
    first, second = slico(video[:3].mean(0), 9), slico(video[3:].mean(0), 9)
    np.testing.assert_array_equal(labels[:3], np.stack([first] * 3))
    np.testing.assert_array_equal(labels[3:], np.stack([second + first.max() + 1] * 3))


def test_a_label_map_is_for_all_frames_and_what_stays_stays():
    picture = np.array([[-1, 7], [7, 9]])
    labels = tubes(np.zeros((4, 2, 2)), picture, spans=2)
    assert labels[0].tolist() == [[-1, 0], [0, 1]]
    assert labels[3].tolist() == [[-1, 2], [2, 3]]


@pytest.mark.parametrize(
    ("video", "regions", "spans", "said"),
    [
        (np.zeros((4, 4)), 4, 1, "`video`"),
        (np.full((2, 4, 4), np.nan), 4, 1, "`video`"),
        (np.zeros((2, 4, 4)), 4, 3, "`spans`"),
        (np.zeros((2, 4, 4)), (5, 1), 1, "`regions`"),
        (np.zeros((2, 4, 4)), np.zeros((3, 3)), 1, "`regions`"),
        (np.zeros((2, 4, 4)), "few", 1, "`regions`"),
    ],
)
def test_bad_arguments_are_refused_by_name(video, regions, spans, said):
    with pytest.raises((TypeError, ValueError), match=said):
        tubes(video, regions, spans)


def test_memory_is_a_few_copies_of_the_input():
    volume = np.random.default_rng(0).uniform(size=(32, 48, 48, 1))
    for divide, most in ((lambda: supervoxels(volume, 30), 40), (lambda: tubes(volume, 30, 4), 4)):
        tracemalloc.start()
        divide()
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < most * volume.nbytes
