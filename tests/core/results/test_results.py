"""Importance, curves and explanations."""

from dataclasses import replace

import numpy as np
import pytest
import reference
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from submod_core.results import (
    Curves,
    Diagnostics,
    Explanation,
    areas,
    auc,
    importance,
    is_flat,
    rank_groups,
    rank_importance,
)

unit = st.floats(0, 1)


@given(st.permutations(range(6)), arrays(float, 7, elements=unit), arrays(float, 7, elements=unit))
def test_importance_is_eq_11_scaled(order, consistency, collaboration):
    scores = importance(order, consistency, collaboration)[order]
    raw = reference.importance_eq_11(order, (consistency + collaboration)[1:])
    if raw[-1] < -1e-6:
        assert np.allclose(scores, (raw - raw[-1]) / -raw[-1])
    if is_flat(consistency, collaboration):
        assert not scores.any(), "nothing is known"
        return
    # The two scores may move against each other, so that v does not.
    noise = 1e-6 * max(abs(consistency).max(), abs(1 - collaboration).max())
    assert scores[0] == float(abs(np.diff(consistency) + np.diff(collaboration)).max() > noise)
    assert scores[-1] == 0
    assert (np.diff(scores) <= 0).all(), "earlier in the order is never less important"


@given(st.floats(-1e6, 1e6), st.floats(0, 1e-7))
def test_importance_is_0_where_nothing_moves_but_by_rounding(value, noise):
    kept = value * (1 + noise * np.array([1, -1, 0, 1]))
    assert is_flat(kept, 1 - kept)
    assert importance([2, 0, 1], kept, 1 - kept).tolist() == [0.0, 0.0, 0.0]


@given(st.sampled_from([1e-9, 1e-3, 1.0, 1e6]), arrays(float, (2, 6), elements=unit))
def test_importance_does_not_depend_on_the_unit_of_the_score(unit_of_score, values):
    values[0, -1] = values.max() + 0.1  # something moves
    kept, left = values
    expected = importance(range(5), kept, 1 - left)
    found = importance(range(5), unit_of_score * kept, 1 - unit_of_score * left)
    assert np.allclose(found, expected, atol=1e-6)


def test_a_tiny_score_counts_beside_a_collaboration_of_1():
    tiny = importance(range(4), [0, 7e-29, 0, 0, 0], np.ones(5))
    assert tiny.tolist() == importance(range(4), [0, 0.7, 0, 0, 0], np.ones(5)).tolist()
    assert importance(range(2), [0, 0.5, 0.75], [1, 0.5, 0.25]).tolist() == [0, 0], "v stays 1"
    assert importance(range(2), [0, 0.5, 0.75], [0.75, 0.5, 0.25]).tolist() == [1, 0]


def test_importance_is_all_the_first_regions_where_no_other_moves_anything():
    assert importance([1, 0, 2], [0, 1, 1, 1], [0, 0, 0, 0]).tolist() == [0.0, 1.0, 0.0]


@given(st.permutations(range(6)))
def test_importance_by_rank_falls_in_equal_steps(order):
    scores = rank_importance(order)
    assert [scores[region] for region in order] == pytest.approx([1, 0.8, 0.6, 0.4, 0.2, 0])
    assert rank_importance([0]).tolist() == [1]


def test_an_explanation_by_rank_differs_in_its_importance_alone():
    before = explanation(np.array([[0, 1, 2]]))
    after = before.by_rank()
    assert after.importance.tolist() == [0.5, 1, 0]
    assert after.paint().tolist() == [[0.5, 1, 0]]
    assert after.curves is before.curves
    assert after.order is before.order
    nothing = replace(before, importance=np.zeros(3))
    assert not nothing.by_rank().importance.any(), "nothing is known"


def test_importance_of_one_region():
    assert importance([0], [0.1, 0.9], [0.0, 0.5]).tolist() == [1.0]


@given(arrays(float, 5, elements=unit), arrays(float, 4, elements=st.floats(0.01, 1)))
def test_auc_is_eq_13(values, widths):
    t = np.concatenate([[0], np.cumsum(widths)])
    slow = sum((values[i] + values[i - 1]) * (t[i] - t[i - 1]) / (2 * t[-1]) for i in range(1, 5))
    assert auc(values, t / t[-1]) == pytest.approx(slow)


@given(arrays(float, (4, 5), elements=unit), st.integers(1, 25))
def test_rank_groups_cuts_by_descending_score_in_equal_parts(saliency, steps):
    labels = rank_groups(saliency, steps)
    counts = np.bincount(labels.ravel())
    assert len(counts) == min(steps, 20)
    assert np.ptp(counts) <= 1
    ordered = saliency.ravel()[np.argsort(labels, axis=None, kind="stable")]
    for k in range(len(counts) - 1):
        assert (
            ordered[counts[: k + 1].sum() - counts[k] : counts[: k + 1].sum()].min()
            >= ordered[counts[: k + 1].sum() :].max()
        )


@pytest.mark.parametrize(
    "bad",
    [
        {"saliency": [np.nan, 1], "steps": 2},
        {"saliency": [], "steps": 2},
        {"saliency": [1], "steps": 0},
    ],
)
def test_rank_groups_refuses(bad):
    with pytest.raises(ValueError, match="`s"):
        rank_groups(**bad)


def test_areas_follow_the_sizes():
    assert areas([2, 0, 1], [1, 2, 5]).tolist() == [0, 0.625, 0.75, 1]


def explanation(regions):
    area, p = np.array([0, 0.2, 0.6, 1]), np.array([0.1, 0.9, 0.9, 0.4])
    curves = Curves(area, p, 1 - p[::-1], objective=20 * p)
    return Explanation(
        regions,
        np.array([1, 0, 2]),
        np.array([0.5, 1, 0]),
        curves,
        np.array([True, True, False]),
        9,
        12,
    )


def test_highest_confidence_excludes_the_empty_prefix_and_prefers_the_shortest():
    found = explanation(np.array([[0, 1, 2]]))
    assert found.highest_confidence == (0.9, 1, 0.2)
    assert found.curves.highest_confidence(max_area=0.1) is None


@given(arrays(float, 6, elements=unit), arrays(float, 5, elements=unit), st.floats(0.01, 1))
def test_the_smallest_prefix_is_the_shortest_that_reaches_the_score(scores, widths, share):
    scores[-1] = max(scores[-1], 0.1)
    area = areas(range(5), widths + 0.1)
    curves = Curves(area, scores, np.zeros(6))
    found = curves.smallest_prefix(share)
    highest = curves.highest_confidence()
    reached = [k for k in range(1, 6) if scores[k] >= share * highest.value]
    assert found == (scores[reached[0]], reached[0], area[reached[0]])
    assert curves.smallest_prefix(1.0) == highest
    assert curves.smallest_prefix(value=share * highest.value) == found
    assert curves.smallest_prefix(value=highest.value * 1.01) is None


def test_the_smallest_prefix_keeps_within_the_area():
    area, p = np.array([0, 0.2, 0.6, 1]), np.array([0.1, 0.5, 0.9, 1.0])
    curves = Curves(area, p, p)
    assert curves.smallest_prefix(max_area=0.6) == (0.9, 2, 0.6)
    assert curves.smallest_prefix(value=0.9, max_area=0.5) is None
    assert curves.smallest_prefix(max_area=0.1) is None, "the first region is larger"


def test_a_share_of_a_score_below_0_is_refused():
    curves = Curves(np.array([0, 1]), np.array([-3.0, -2.0]), np.zeros(2))
    with pytest.raises(ValueError, match=r"`share`.*`value`"):
        curves.smallest_prefix()
    assert curves.smallest_prefix(value=-2.5) == (-2.0, 1, 1.0)


def test_an_explanation_prints_what_matters():
    text = repr(explanation(np.array([[0, 1, 2]])))
    assert text == (
        "Explanation(3 regions, insertion 0.720, deletion 0.690, highest confidence 0.900 with "
        "1 region "
        "(20 % of the input), 12 model inputs)"
    )


@pytest.mark.parametrize("several", [False, True])
@pytest.mark.parametrize("name", ["explanation.npz", "explanation"])
def test_save_and_load_return_the_same(tmp_path, several, name):
    maps = tuple(np.array([[i % 3, 1, 2]]) for i in range(12))
    before = explanation(maps if several else maps[0])
    before.save(tmp_path / name)
    after = Explanation.load(tmp_path / name)
    assert isinstance(after.regions, tuple) == several
    for a, b in zip(before.regions, after.regions, strict=True):
        assert np.array_equal(a, b)
    for attribute in ("order", "importance", "searched", "evaluations", "model_inputs"):
        assert np.array_equal(getattr(before, attribute), getattr(after, attribute))
    assert np.array_equal(before.curves.objective, after.curves.objective)
    assert np.array_equal(before.curves.deletion, after.curves.deletion)
    assert after.curves.effectiveness is None
    assert repr(before) == repr(after)
    assert after.diagnostics is None


def test_diagnostics_are_saved_too(tmp_path):
    found = Diagnostics(3, 1, 0.5, np.array([0, 1, 2, np.inf]), np.array([np.nan, 1, 1, np.nan]))
    replace(explanation(np.array([[0, 1, 2]])), diagnostics=found).save(tmp_path / "one.npz")
    after = Explanation.load(tmp_path / "one.npz").diagnostics
    assert (after.compared, after.grown, after.largest_violation) == (3, 1, 0.5)
    assert np.array_equal(after.certificate, found.certificate, equal_nan=True)
    assert after.share_grown == pytest.approx(1 / 3)


def test_load_refuses_another_file(tmp_path):
    np.savez(tmp_path / "other.npz", a=np.ones(2))
    with pytest.raises(ValueError, match="`file`"):
        Explanation.load(tmp_path / "other.npz")


def test_paint_and_prefix():
    one = explanation(np.array([[0, 1, 2, 2]]))
    assert one.paint().tolist() == [[0.5, 1.0, 0.0, 0.0]]
    assert one.prefix(2).tolist() == [[True, True, False, False]]
