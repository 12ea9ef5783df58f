"""Groups of regions: what overlaps most, unions, and what holds a region."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from submod_core import GroundSet
from submod_core.regions import Layout, compact, merged, unions_of, with_groups

IMAGES = Layout("NHWC")


def ground_set(labels):
    n = int(labels.max()) + 1
    sizes = np.bincount(labels[labels >= 0].ravel(), minlength=n)
    return GroundSet(labels, sizes * 3.0, np.zeros(n, dtype=bool))


@given(st.integers(2, 12), st.integers(1, 6), st.integers(0, 999))
def test_a_region_joins_what_it_overlaps_most(n, k, seed):
    rng = np.random.default_rng(seed)
    fine = compact(rng.integers(-1, n, size=(5, 6)))
    coarse = compact(rng.integers(0, k, size=(5, 6)))
    if fine.max() < 1:
        return
    # Slowly: count the places of each pair.
    best = [
        max(range(k), key=lambda c: (((fine == region) & (coarse == c)).sum(), -c))
        for region in range(fine.max() + 1)
    ]
    names = sorted(set(best))
    halves = np.arange(30).reshape(5, 6)  # of each half two regions or more
    sets, images = [ground_set(fine), ground_set(halves)], np.zeros((2, 5, 6, 3))
    if len(names) == len(best):
        with pytest.raises(ValueError, match="`coarse` must be coarser"):
            with_groups(sets[:1], images[:1], IMAGES, coarse)
        if coarse.max() < 29:  # another input has groups
            assert with_groups(sets, images, IMAGES, coarse)[0].groups is None
        return
    (found, _) = with_groups(sets, images, IMAGES, coarse)
    assert found.groups.tolist() == [names.index(c) for c in best]


def test_grids_nest_as_in_a_quadtree():
    fine = np.arange(64).reshape(8, 8)
    (found,) = with_groups([ground_set(fine)], np.zeros((1, 8, 8, 3)), IMAGES, (4, 4))
    rows, columns = np.divmod(np.arange(64), 8)
    assert np.array_equal(found.groups, rows // 2 * 4 + columns // 2)


def test_a_tuple_of_one_input_is_an_input():
    cells = np.arange(4).reshape(2, 2)
    alone = GroundSet((cells,), np.ones(4), np.zeros(4, bool))
    (found,) = with_groups([alone], np.zeros((1, 2, 2, 3)), IMAGES, (1, 2))
    assert found.groups.tolist() == [0, 1, 0, 1]


def test_superpixels_are_grouped_by_larger_ones_of_each_image():
    images = np.random.default_rng(0).random((2, 32, 32, 3))
    sets = [ground_set(np.arange(64).reshape(8, 8).repeat(4, 0).repeat(4, 1))] * 2
    first, second = with_groups(sets, images, IMAGES, 9)
    assert first.groups.max() < 12
    assert not np.array_equal(first.groups, second.groups)


@pytest.mark.parametrize("axes", ["NTC", "NCT", "NF", "NCDHW"])
def test_series_tables_and_volumes_have_groups_too(axes):
    layout = Layout(axes)
    shape = tuple({"C": 3, "T": 12, "F": 12, "D": 12, "H": 2, "W": 2}[a] for a in axes[1:])
    places = layout.places(shape)
    fine = np.broadcast_to(np.arange(12).reshape(12, *[1] * (len(places) - 1)), places)
    coarse = (4, *[1] * (len(places) - 1)) if len(places) > 1 else 4
    (found,) = with_groups([ground_set(np.array(fine))], np.zeros((1, *shape)), layout, coarse)
    assert found.groups.tolist() == np.repeat(range(4), 3).tolist()


def test_regions_of_single_channels_are_grouped_by_places():
    fine = np.arange(12).reshape(2, 2, 3)
    (found,) = with_groups([ground_set(fine)], np.zeros((1, 2, 2, 3)), IMAGES, (1, 2))
    assert found.groups.tolist() == [0, 0, 0, 1, 1, 1] * 2


@given(st.integers(1, 9), st.integers(0, 999))
def test_unions_sum_sizes_and_hold_their_regions(n, seed):
    rng = np.random.default_rng(seed)
    labels = np.append(rng.permutation(np.repeat(np.arange(n), 2)), -1)
    parts = compact(rng.integers(0, n, size=n))
    whole = GroundSet(labels, rng.random(n), rng.random(n) < 0.4)
    found = merged(whole, parts)
    for part in range(parts.max() + 1):
        mine = [i for i in range(n) if parts[i] == part]
        assert np.isclose(found.sizes[part], sum(whole.sizes[i] for i in mine))
        assert found.inert[part] == all(whole.inert[i] for i in mine)
    expected = [-1 if region < 0 else parts[region] for region in labels]
    assert found.regions.tolist() == expected
    assert found.groups is None
    assert np.array_equal(unions_of(whole, found.regions), parts)


def test_unions_of_several_inputs():
    maps = (np.array([0, 1]), np.array([[2, -1]]))
    whole = GroundSet(maps, np.ones(3), np.zeros(3, dtype=bool))
    parts = np.array([1, 0, 1])
    found = merged(whole, parts)
    assert [labels.tolist() for labels in found.regions] == [[1, 0], [[1, -1]]]
    assert np.array_equal(unions_of(whole, found.regions), parts)


def test_bad_groups_are_refused():
    cells = np.arange(4).reshape(2, 2)
    images = np.zeros((1, 2, 2, 3))
    with pytest.raises(ValueError, match="`coarse` must have a region"):
        with_groups([ground_set(cells)], images, IMAGES, np.array([[0, 0], [-1, 1]]))
    several = GroundSet((cells, cells), np.ones(4), np.zeros(4, bool))
    with pytest.raises(ValueError, match="`coarse` must be None for several inputs"):
        with_groups([several], images, IMAGES, (1, 2))
    with pytest.raises(ValueError, match="`coarse` cannot divide"):
        with_groups([ground_set(cells)], images, IMAGES, (3, 1))
    for groups in ([0, 0, 2, 2], [0, 1], [0.0, 0, 1, 1], [-1, 0, 1, 1]):
        with pytest.raises(ValueError, match="`groups`"):
            GroundSet(cells, np.ones(4), np.zeros(4, bool), np.array(groups))
