import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from submod_core.regions import (
    Division,
    Layout,
    compact,
    divide_inputs,
    from_masks,
    grid,
    slico,
    watershed,
)


def is_compact(labels):
    return labels.dtype == np.intp and np.array_equal(
        np.unique(labels), np.arange(labels.max() + 1)
    )


@given(arrays(np.int64, array_shapes(max_dims=3), elements=st.integers(-1, 99)))
def test_compact_keeps_regions_and_closes_gaps(labels):
    assume(labels.max() >= 0)
    result = compact(labels)
    assert np.array_equal(result == -1, labels == -1), "what always stays is no region"
    assert is_compact(result[result >= 0])
    flat, ids = result.ravel(), labels.ravel()
    assert np.array_equal(flat[:, None] == flat, ids[:, None] == ids)


@settings(max_examples=10)
@given(st.integers(1, 40), st.integers(1, 40), st.data())
def test_grid_covers_everything_with_nearly_equal_patches(height, width, data):
    cells = data.draw(st.tuples(st.integers(1, height), st.integers(1, width)))
    labels = grid((height, width), cells)
    assert labels.shape == (height, width)
    assert is_compact(labels)
    assert labels.max() + 1 == cells[0] * cells[1]
    rows = np.unique(labels[:, 0], return_counts=True)[1]
    assert np.ptp(rows) <= 1


@pytest.mark.parametrize("shape", [(32, 32), (32, 32, 1), (40, 30, 3), (16, 64, 4)])
@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_slico_divides_any_image(shape, dtype):
    image = np.random.default_rng(0).normal(100, 40, size=shape).astype(dtype)
    labels = slico(image, n=16)
    assert labels.shape == shape[:2]
    assert is_compact(labels)
    assert 6 <= labels.max() + 1 <= 30


def test_slico_ignores_the_value_range():
    image = np.random.default_rng(0).random((32, 32, 3))
    assert np.array_equal(slico(image, 9), slico(image * 255 - 100, 9))


def test_slico_of_a_constant_image_is_a_lattice():
    assert slico(np.zeros((70, 70, 3)), 49).max() + 1 == 49


def slow_algorithm_2(masks, threshold):
    """LiMA, Algorithm 2, with the residual of the kept masks."""
    masks = [m.astype(int) for m in masks]
    for i in range(len(masks) - 1):
        for j in range(i + 1, len(masks)):
            common = masks[i] * masks[j]
            if common.sum() != 0:
                if masks[i].sum() > masks[j].sum():
                    masks[i] = masks[i] - common
                else:
                    masks[j] = masks[j] - common
    kept = [m for m in masks if m.mean() > threshold]
    rest = 1 - sum(kept, np.zeros_like(masks[0]))
    return [*kept, rest] if rest.any() else kept


@settings(max_examples=26)
@given(st.data())
def test_from_masks_is_algorithm_2(data):
    shape = data.draw(array_shapes(min_dims=3, max_dims=3, max_side=6))
    masks = data.draw(arrays(bool, shape))
    threshold = data.draw(st.sampled_from([0.0, 0.0005, 0.1, 0.3]))
    labels = from_masks(masks, threshold)
    assert is_compact(labels)
    expected = slow_algorithm_2(list(masks), threshold)
    assert len(expected) == labels.max() + 1
    for index, mask in enumerate(expected):
        assert np.array_equal(labels == index, mask.astype(bool))


def test_watershed_cuts_along_the_ridges():
    y, x = np.mgrid[:20, :20]
    valleys = np.cos(2 * np.pi * x / 10) + 0.01 * np.abs(y - 9)
    labels = watershed(valleys)
    assert is_compact(labels)
    assert labels.max() == 1
    assert len(np.unique(labels[:, 2:8])) == len(np.unique(labels[:, 12:18])) == 1
    assert labels[0, 5] != labels[0, 15]
    assert watershed(valleys, n=1).max() == 0
    assert watershed(np.ones((4, 4))).max() == 0, "a map without a valley is one region"


def test_from_masks_takes_what_segment_anything_returns():
    records = [
        {"segmentation": np.array([[True, False]]), "area": 1},
        {"segmentation": np.array([[False, True]])},
    ]
    assert from_masks(records).tolist() == [[0, 1]]


def test_from_masks_without_any_foreground_is_one_region():
    assert from_masks(np.zeros((2, 3, 3), bool)).tolist() == [[0] * 3] * 3


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda: compact([]), "`labels`"),
        (lambda: compact([0.5]), "`labels`"),
        (lambda: slico(np.zeros((3,))), "`image`"),
        (lambda: slico(np.zeros((0, 3))), "`image`"),
        (lambda: slico(np.full((3, 3), np.nan)), "`image`"),
        (lambda: slico(np.zeros((3, 3)), 0), "`n`"),
        (lambda: watershed(np.zeros((3, 3, 3))), "`image`"),
        (lambda: watershed(np.full((3, 3), np.inf)), "`image`"),
        (lambda: watershed(np.zeros((3, 3)), 0), "`n`"),
        (lambda: grid((3, 3), (4, 1)), "`cells`"),
        (lambda: grid((3, 3), (0, 1)), "`cells`"),
        (lambda: from_masks([]), "`masks`"),
        (lambda: from_masks([np.zeros((2, 2)), np.zeros((2, 3))]), "`masks`"),
        (lambda: from_masks(np.zeros((1, 2, 2)), 1.5), "`min_area`"),
    ],
)
def test_bad_arguments(call, named):
    with pytest.raises(ValueError, match=named):
        call()


def test_soft_masks_and_logits_are_refused():
    halves = np.array([[[2.0, 2.0, -3.0, -1.0]], [[-2.0, -4.0, 3.0, 1.0]]])
    for masks in (halves, 1 / (1 + np.exp(-halves))):
        with pytest.raises(ValueError, match=r"`masks` .* must be True or False"):
            from_masks(masks)
    assert (
        from_masks(halves > 0).tolist() == from_masks(255 * (halves > 0)).tolist() == [[0, 0, 1, 1]]
    )


def test_empty_masks_alone_are_one_region():
    assert from_masks([{"segmentation": np.zeros((2, 3), bool)}]).tolist() == [[0] * 3] * 2


def test_maps_for_each_input_or_for_each_channel_are_told_apart():
    maps, layout = (
        np.stack([grid((2, 2), cells) for cells in [(1, 2), (2, 1), (2, 2)]]),
        Layout("NCHW"),
    )

    def divided(n, regions):
        return divide_inputs(np.zeros((n, 3, 2, 2)), layout, Division(regions))

    with pytest.raises(ValueError, match=r"`regions` \(of shape \(3, 2, 2\)\) may be"):
        divided(3, maps)
    assert [int(one.max()) for one in divided(2, maps[:2])] == [1, 1]
    (whole,) = divided(3, maps[None])
    assert np.array_equal(whole, compact(maps))
    (whole,) = divided(2, maps)
    assert np.array_equal(whole, compact(maps))
    each = np.broadcast_to(maps[:, None], (3, 3, 2, 2))
    assert [int(one.max()) for one in divided(3, each)] == [1, 1, 3]
