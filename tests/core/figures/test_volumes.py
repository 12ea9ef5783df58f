"""Figures of volumes and videos: the right slices, heat, outlines and errors."""

import numpy as np
import pytest
import torch

from submod_core import Curves, Explanation, grid
from submod_core.figures.volumes import plot_video, plot_volume
from submod_core.regions import tubes

SHAPE = (6, 8, 10)


def explained(labels):
    n = int(labels.max()) + 1
    rising = np.linspace(0, 1, n + 1)
    order = np.arange(n)[::-1]
    values = np.concatenate([[0], np.full(n, 0.9)])
    return Explanation(
        labels, order, order / max(n - 1, 1), Curves(rising, values, rising), np.ones(n, bool), n, n
    )


VOLUME = np.random.default_rng(0).normal(size=SHAPE)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_slices_lie_across_the_axis(axis):
    one = explained(grid(SHAPE, (2, 2, 2)))
    figure = plot_volume(one, VOLUME, axis=axis, slices=[1, 4])
    scaled = (VOLUME - VOLUME.min()) / np.ptp(VOLUME)
    for panel, k in zip(figure.axes[:2], (1, 4), strict=True):
        assert panel.get_title() == f"slice {k}"
        grey, heat, _ = (image.get_array() for image in panel.images)
        np.testing.assert_allclose(grey, 0.35 + 0.65 * np.take(scaled, k, axis))
        np.testing.assert_array_equal(heat, np.take(np.asarray(one.paint()), k, axis))


def test_by_default_the_slices_hold_the_regions_shown(tmp_path):
    one = explained(grid(SHAPE, (3, 1, 1)))
    figure = plot_volume(one, VOLUME)  # the last third alone is enough
    assert [panel.get_title() for panel in figure.axes[:2]] == ["slice 4", "slice 5"]
    kept = figure.axes[2].images[0].get_array()
    assert np.asarray(kept).max() > 0.2, "clear, not dimmed"
    figure.savefig(tmp_path / "volume.png", dpi=40)
    assert (tmp_path / "volume.png").stat().st_size > 3000


@pytest.mark.parametrize("shape", [SHAPE, (*SHAPE, 3), (6, 3, 8, 10), (3, *SHAPE), (1, *SHAPE)])
def test_any_video_can_be_drawn(shape):
    one = explained(tubes(np.zeros(SHAPE), (2, 2), spans=3))
    figure = plot_video(one, torch.rand(shape), seconds=3.0, frames=[0, 5], signed=True)
    assert [panel.get_title() for panel in figure.axes[:2]] == ["0.0 s", "2.5 s"]


def test_what_does_not_fit_is_refused_by_name():
    one = explained(grid(SHAPE, (2, 2, 2)))
    for function, name, array in (
        (plot_volume, "volume", np.ones((6, 8, 9))),
        (plot_volume, "volume", np.ones((6, 3, 8, 10))),
        (plot_video, "video", np.ones((6, 8, 10, 2))),
    ):
        with pytest.raises(ValueError, match=f"`{name}`"):
            function(one, array)
    cube = explained(grid((3, 8, 8), (1, 2, 2)))
    with pytest.raises(ValueError, match="one axis alone"):
        plot_video(cube, np.ones((3, 3, 8, 8)))
    for options in ({"slices": [6]}, {"slices": []}, {"axis": 3}, {"cmap": "grey?"}):
        with pytest.raises((TypeError, ValueError), match=f"`{next(iter(options))}`"):
            plot_volume(one, VOLUME, **options)
    flat = explained(grid((4, 4), (2, 2)))
    with pytest.raises(ValueError, match="`explanation`"):
        plot_volume(flat, np.ones((4, 4)))
