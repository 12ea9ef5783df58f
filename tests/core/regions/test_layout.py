"""Layouts: found by shape, given by letters, or asked for."""

import numpy as np
import pytest
from bad_options import refused
from hypothesis import given
from hypothesis import strategies as st

from submod_core.regions import (
    BASELINES,
    Division,
    Layout,
    divide_inputs,
    named_baselines,
    supervoxels,
)

AXES = ["NF", "NT", "NTC", "NCT", "NHW", "NCHW", "NHWC", "NCDHW", "NDHWC", "NCTHW", "NTCHW"]


@given(st.sampled_from(AXES), st.data())
def test_places_and_channels_are_told_apart_and_put_back(axes, data):
    layout = Layout(axes)
    lengths = {letter: data.draw(st.integers(1, 4)) for letter in axes}
    shape = tuple(lengths[letter] for letter in axes)
    x = np.random.default_rng(0).random(shape)
    places = tuple(lengths[letter] for letter in axes[1:] if letter != "C")
    assert layout.places(shape[1:]) == places
    assert layout.n_places == len(places)
    last = layout.channels_last(x)
    assert last.shape == (lengths["N"], *places, lengths.get("C", 1))
    assert np.array_equal(layout.restored(last), x)
    labels = np.arange(np.prod(places)).reshape(places)
    spread = layout.spread(labels)
    assert np.broadcast_shapes(spread.shape, shape[1:]) == shape[1:]
    assert np.array_equal(layout.gathered(spread), labels)
    # All channels of a place have its label, by a loop over the elements.
    wide = np.broadcast_to(spread, shape[1:])
    for index in np.ndindex(shape[1:]):
        place = tuple(i for i, letter in zip(index, axes[1:], strict=True) if letter != "C")
        assert wide[index] == labels[place]


@refused(
    {
        "no string": (3, TypeError, "`layout`.*string"),
        "no batch": ("CHW", ValueError, "`layout`.*N and then"),
        "a letter twice": ("NHH", ValueError, "`layout`"),
        "no places": ("NC", ValueError, "`layout`"),
        "small letters": ("nchw", ValueError, "`layout`"),
        "nothing": ("", ValueError, "`layout`"),
    }
)
def test_bad_layouts_are_refused(arguments, error, named):
    with pytest.raises(error, match=named):
        Layout(arguments)


@pytest.mark.parametrize(
    ("shape", "found", "fits"),
    [
        ((1, 3, 224, 224), "NCHW", True),
        ((1, 224, 224, 3), "NCHW", False),
        ((1, 28, 28, 1), "NCHW", False),
        ((1, 512, 7, 7), "NCHW", True),
        ((1, 16, 3, 64, 64), "NCDHW", False),
        ((1, 1, 16, 64, 64), "NCDHW", True),
        ((1, 16, 64, 64, 1), "NCDHW", False),
        ((1, 3, 224, 224), "NHWC", False),
        ((1, 224, 224, 3), "NHWC", True),
        ((1, 32, 32, 12), "NHWC", True),
        ((1, 3, 4, 5), "NHWC", True),
        ((1, 4, 3, 32, 32), "NCDHW", False),
        ((1, 3, 3, 32, 32), "NCDHW", False),
        ((1, 3, 16, 32, 32), "NCDHW", True),
        ((1, 4, 16, 32, 32), "NCDHW", True),
        ((1, 4, 32, 32, 3), "NCDHW", False),
        ((1, 3, 32, 32, 3), "NDHWC", True),
        ((1, 4, 32, 32), "NCHW", True),
        ((1, 4, 32, 3), "NCHW", False),
    ],
)
def test_channels_that_seem_to_be_elsewhere_are_asked_about(shape, found, fits):
    if fits:
        assert Layout.of(None, shape, found).axes == found
    else:
        with pytest.raises(ValueError, match=f"`layout` is needed.*layout='{found}'"):
            Layout.of(None, shape, found)
    assert Layout.of(found, shape, None).axes == found, "what the user says holds"


def test_unknown_axes_are_asked_for_and_wrong_numbers_of_axes_refused():
    with pytest.raises(ValueError, match=r"`layout` is needed.*'NCT' or 'NTC'"):
        Layout.of(None, (2, 5, 7), None)
    with pytest.raises(ValueError, match=r"`layout`.*one letter for each axis"):
        Layout.of("NTC", (2, 5), None)


@given(st.sampled_from(AXES), st.integers(1, 4), st.integers(0, 99))
def test_a_division_does_not_depend_on_where_the_channels_are(axes, channels, seed):
    places = tuple(letter for letter in axes[1:] if letter != "C")
    shape = (2, *(6 for _ in places), channels if "C" in axes else 1)
    last = np.random.default_rng(seed).random(shape)
    layout = Layout(axes)
    x = layout.restored(last)
    plain = Layout("N" + "".join(places) + "C")
    for division in (
        Division(4),
        Division((2,) * len(places)),
        Division(lambda one: one[..., 0] > 0.5),
    ):
        found = [layout.gathered(one) for one in divide_inputs(x, layout, division)]
        expected = [plain.gathered(one) for one in divide_inputs(last, plain, division)]
        assert all(map(np.array_equal, found, expected))


def test_a_label_map_may_broadcast_be_one_for_each_and_leave_parts_out():
    layout, x = Layout("NCHW"), np.zeros((2, 3, 4, 6))
    rows = divide_inputs(x, layout, Division(np.array([[5], [5], [-1], [9]])))[0][0]
    assert np.array_equal(rows, np.broadcast_to([[0], [0], [-1], [1]], (4, 6)))
    maps = np.stack([np.zeros((4, 6), int), np.arange(24).reshape(4, 6)])
    found = divide_inputs(x, layout, Division(maps))
    assert np.array_equal(np.stack(found)[:, 0], maps)
    for bad in (
        np.zeros((5, 4, 6), int),
        np.zeros((4, 5), int),
        np.full((4, 6), -1),
        0.5 * maps[1],
    ):
        with pytest.raises(ValueError, match="`patches`"):
            divide_inputs(x, layout, Division(bad, "patches"))


def test_a_label_map_may_tell_channels_apart():
    layout, x = Layout("NTC"), np.zeros((2, 3, 4))
    single = np.arange(12).reshape(3, 4)
    (found,) = divide_inputs(x, layout, Division(single))
    assert np.array_equal(found, single)
    each = np.stack([single, single // 2])
    assert all(map(np.array_equal, divide_inputs(x, layout, Division(each)), each))


def test_defaults_follow_the_layout():
    shapes = {
        "NF": (1, 30),
        "NT": (1, 30),
        "NTC": (1, 98, 2),
        "NCT": (1, 2, 20),
        "NHW": (1, 35, 35),
        "NCDHW": (1, 1, 14, 14, 14),
    }
    sizes = {}
    for axes, shape in shapes.items():
        x = np.random.default_rng(0).random(shape)
        sizes[axes] = len(np.unique(divide_inputs(x, Layout(axes), Division())[0]))
    assert sizes["NF"] == sizes["NT"] == 30
    assert sizes["NTC"] == 49
    assert sizes["NCT"] == 20
    assert 40 <= sizes["NHW"] <= 60
    assert 30 <= sizes["NCDHW"] <= 70


def test_supervoxels_follow_the_edges_of_a_volume():
    volume = np.zeros((12, 12, 12, 1))
    volume[:5, :, 7:] = 1
    labels = supervoxels(volume, 12)
    inside = volume[..., 0] == 1
    straddling = sum(0 < inside[labels == k].mean() < 1 for k in range(labels.max() + 1))
    assert straddling <= 1
    assert labels.max() + 1 >= 8


@pytest.mark.parametrize("name", BASELINES)
@pytest.mark.parametrize("axes", ["NCHW", "NHWC", "NHW", "NCT", "NTC", "NCDHW"])
def test_named_baselines_are_those_of_channels_last(name, axes):
    layout = Layout(axes)
    last = np.random.default_rng(0).random((2, *(5,) * layout.n_places, 3 if "C" in axes else 1))
    found = named_baselines(name, layout.restored(last), layout, "baselines")
    for i, one in enumerate(last):
        expected = np.broadcast_to(BASELINES[name](one), one.shape)
        shape = layout.restored(last).shape[1:]
        assert np.allclose(np.broadcast_to(found[i], shape), layout.restored(expected[None])[0])


def test_named_baselines_of_tables_are_refused():
    with pytest.raises(ValueError, match=r"`baseline`.*tables"):
        named_baselines("blur", np.zeros((1, 5)), Layout("NF"), "baseline")
