"""Superpixels follow the picture, whatever its channels, unit, type and outliers."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter
from skimage.measure import label
from skimage.segmentation import slic

from submod_core.regions import Division, Layout, compact, divide_inputs, slico

SQUARE = np.zeros((64, 64))
SQUARE[10:30, 13:41] = 1


def smooth(channels, seed=0, side=64):
    """Random smooth channels in [0, 1], (side, side, channels)."""
    noise = np.random.default_rng(seed).random((side, side, channels))
    blurred = gaussian_filter(noise, (3, 3, 0))
    return (blurred - blurred.min()) / np.ptp(blurred)


def straddling(labels, mask=SQUARE):
    """Number of regions that lie on both sides of the mask's edge."""
    return sum(0 < mask[labels == k].mean() < 1 for k in range(labels.max() + 1))


def assert_whole(labels):
    """Ids have no gaps, and each region is connected."""
    n = labels.max() + 1
    assert np.array_equal(np.unique(labels), np.arange(n))
    assert label(labels, connectivity=1, background=-1).max() == n


@pytest.mark.parametrize("n", [9, 49])
@pytest.mark.parametrize("scale", [1, 255])
@pytest.mark.parametrize("seed", range(3))
def test_an_rgb_image_is_divided_as_by_skimage(n, scale, seed):
    image = smooth(3, seed) * scale
    plain = image - image.min()
    expected = slic(plain / plain.max(), n_segments=n, slic_zero=True, channel_axis=-1)
    assert np.array_equal(slico(image, n), compact(expected))


@settings(max_examples=10)
@given(seed=st.integers(0, 99), n=st.integers(1, 64), side=st.integers(3, 40))
def test_grey_is_rgb_with_equal_channels(seed, n, side):
    image = smooth(1, seed, side)
    expected = slico(image.repeat(3, axis=2), n)
    assert np.array_equal(slico(image, n), expected)
    assert np.array_equal(slico(image[..., 0], n), expected)


KINDS = {
    "grey": SQUARE,
    "one channel": SQUARE[..., None],
    "negative": -SQUARE,
    "bools": SQUARE.astype(bool),
    "uint8": (200 * SQUARE + 20).astype(np.uint8),
    "int64": (10**12 * SQUARE).astype(np.int64),
    "float16": SQUARE.astype(np.float16),
    "a tiny range": 1 + 1e-9 * SQUARE,
    "a huge range": 1e308 * (SQUARE - 0.5),
    "grey and alpha": np.stack([SQUARE, np.ones_like(SQUARE)], -1),
    "alpha alone tells": np.stack([0 * SQUARE, 0 * SQUARE, 0 * SQUARE, SQUARE], -1),
    "two channels": np.stack([SQUARE, 1 - SQUARE], -1),
    "RGB": np.stack([SQUARE, 1 - SQUARE, 0 * SQUARE], -1),
    "RGBA": np.stack([SQUARE, 1 - SQUARE, SQUARE, np.ones_like(SQUARE)], -1),
    "one of seven bands": np.stack([SQUARE, *0.5 * smooth(6).transpose(2, 0, 1)], -1),
    "bands in other units": np.stack([1e-6 * SQUARE, *1e6 * smooth(3).transpose(2, 0, 1)], -1),
}


@pytest.mark.parametrize("kind", KINDS)
def test_regions_follow_the_edges_of_any_kind_of_image(kind):
    image = KINDS[kind]
    labels = slico(image, 16)
    assert_whole(labels)
    assert straddling(labels) <= (6 if "band" in kind else 0)
    assert straddling(labels) < straddling(slico(np.zeros_like(image), 16))
    through = divide_inputs(image.reshape(1, 64, 64, -1), Layout("NHWC"), Division(16))[0][..., 0]
    assert np.array_equal(through, labels)


@pytest.mark.parametrize("channels", [1, 2, 3, 4, 6])
@pytest.mark.parametrize("outlier", [50.0, -50.0, 1e9])
@pytest.mark.parametrize("side", [16, 96])
def test_few_outliers_leave_the_division_as_it_is(channels, outlier, side):
    clean = smooth(channels, side=side)
    hot = clean.copy()
    hot[5, 5] = outlier
    # The pixel counts as the brightest, or the darkest, of the others: of RGB in all channels
    # together, else in each.
    others = np.delete(clean.reshape(-1, channels), 5 * side + 5, axis=0)
    axis = None if channels == 3 else 0
    clean[5, 5] = others.max(axis) if outlier > 0 else others.min(axis)
    assert np.array_equal(slico(hot, 25), slico(clean, 25))


@settings(max_examples=10)
@given(
    channels=st.sampled_from([1, 3, 4, 5]),
    constant=st.floats(-1e3, 1e3),
    seed=st.integers(0, 99),
)
def test_a_constant_channel_changes_nothing(channels, constant, seed):
    image = smooth(channels, seed, side=32)
    more = np.concatenate([image, np.full((32, 32, 1), constant)], axis=2)
    assert np.array_equal(slico(more, 16), slico(image, 16))


@pytest.mark.parametrize("channels", [1, 2, 3, 4, 6])
def test_neither_unit_nor_offset_matters(channels):
    image = np.round(smooth(channels) * 1024)
    expected = slico(image, 16)
    for scale, offset in ((2.0**-40, 0), (2.0**40, 0), (1, 2.0**20), (1, -(2.0**30)), (0.5, 7)):
        assert np.array_equal(slico(scale * image + offset, 16), expected)
    if channels not in (1, 3):  # channels have units of their own
        units = 2.0 ** np.arange(-3, channels - 3)
        assert np.array_equal(slico(units * image, 16), expected)


@pytest.mark.parametrize(
    ("shape", "n"),
    [
        *[((12, 12), n) for n in (25, 49, 100)],
        *[((8, 8), n) for n in (25, 49)],
        *[((32, 32), 49), ((28, 28), 64), ((10, 40), 64), ((20, 20), 64)],
    ],
)
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_small_images_have_about_as_many_regions_as_asked_for(shape, n, channels):
    for image in (np.zeros((*shape, channels)), smooth(channels, side=40)[: shape[0], : shape[1]]):
        labels = slico(image, n)
        assert_whole(labels)
        assert 0.75 * n <= labels.max() + 1 <= 1.26 * n


def test_more_regions_than_pixels_are_all_pixels():
    assert slico(smooth(3, side=4), 49).max() + 1 == 16


def test_a_small_image_is_divided_along_its_edges():
    image = np.zeros((12, 12))
    image[:, 5:] = 1
    assert straddling(slico(image, 16), image) == 0
    assert straddling(slico(image, 49), image) == 0
