"""The numbers that judge attributions: slow formulas, and what must hold for any input."""

import math
from itertools import permutations

import numpy as np
import pytest
import reference
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from submod_core import metrics as core
from submod_core.engine import Query, Responses
from submod_core.regions import BASELINES, Layout, named_baselines
from submod_core.results import (
    Curves,
    Explanation,
    RevealOrder,
    check_areas,
    curves_along,
    each_attribution,
    painted,
    reveal_order,
)

NAN = float("nan")
weights = st.lists(st.integers(1, 50), min_size=1, max_size=6, unique=True).map(
    lambda w: np.array(w) / sum(w)
)

IMAGES = Layout("NHWC")


def answer(procedure, function):
    """Run a procedure on a function of one subset (n,)."""
    try:
        query = next(procedure)
        while True:
            assert isinstance(query, Query)
            query = procedure.send(Responses(np.array([function(keep) for keep in query.keep])))
    except StopIteration as stop:
        return stop.value


@given(weights)
def test_the_perfect_ranking_of_an_additive_function_attains_the_extremes(parts):
    sizes = np.ones(len(parts))
    found = {
        order: answer(curves_along(order, sizes), lambda keep: float(keep @ parts))
        for order in permutations(range(len(parts)))
    }
    perfect = found[tuple(np.argsort(-parts).tolist())]
    assert perfect.insertion_auc == pytest.approx(max(c.insertion_auc for c in found.values()))
    assert perfect.deletion_auc == pytest.approx(min(c.deletion_auc for c in found.values()))


@given(
    st.permutations(range(5)), st.integers(0, 2**16), arrays(float, 5, elements=st.floats(0.1, 3))
)
def test_reversing_a_ranking_mirrors_its_curves(order, seed, sizes):
    table = np.random.default_rng(seed).random(32)

    def function(keep):
        return float(table[int(keep @ (2 ** np.arange(5)))])

    ahead, back = (
        answer(curves_along(order, sizes), function),
        answer(curves_along(order[::-1], sizes), function),
    )
    assert np.allclose(ahead.insertion, back.deletion[::-1])
    assert np.allclose(ahead.deletion, back.insertion[::-1])
    assert ahead.insertion_auc == pytest.approx(back.deletion_auc)


@given(arrays(float, 6, elements=st.floats(0, 1)), st.floats(0.01, 1), st.floats(0, 1))
def test_numbers_of_a_curve_are_eq_15_and_section_5(scores, max_area, threshold):
    area = np.linspace(0, 1, 6)
    curves = Curves(area, scores, np.zeros(6))
    slow = reference.highest_confidence_eq_15(area, scores, max_area)
    highest = core.HighestConfidence(max_area=max_area)
    assert highest.number(curves) == pytest.approx(slow, nan_ok=True)
    assert core.StrongInteractions(threshold=threshold).number(curves) == sum(
        abs(scores[i] - scores[i - 1]) > threshold for i in range(1, 6)
    )
    rises, falls = (
        core.StrongInteractions(threshold=threshold, direction=direction).number(curves)
        for direction in ("rise", "fall")
    )
    assert rises == sum(scores[i] - scores[i - 1] > threshold for i in range(1, 6))
    assert falls == sum(scores[i - 1] - scores[i] > threshold for i in range(1, 6))


@given(arrays(float, (6, 7), elements=st.integers(-3, 3).map(float)), st.integers(1, 6))
def test_sliding_patches_are_the_best_windows_that_do_not_overlap(scores, size):
    labels = core.sliding_patches(scores, size, 5)
    corners = reference.sliding_corners(scores.tolist(), size, 5)
    assert labels.max() + 1 == len(corners)
    for k, (i, j) in enumerate(corners):
        window = np.zeros((6, 7), bool)
        window[i : i + size, j : j + size] = True
        assert np.array_equal(labels == k, window)


@given(arrays(float, (3, 4), elements=st.integers(-3, 3).map(float)), st.integers(1, 12))
def test_top_k_takes_the_highest_in_reading_order(scores, k):
    slow = sorted(range(12), key=lambda i: (-scores.ravel()[i], i))[:k]
    assert np.flatnonzero(core.top_k(scores, k)).tolist() == sorted(slow)


@given(arrays(bool, 6), arrays(bool, 6))
def test_jaccard_is_intersection_over_union(a, b):
    one, other = set(np.flatnonzero(a)), set(np.flatnonzero(b))
    slow = len(one & other) / len(one | other) if one | other else NAN
    assert core.jaccard(a, b) == pytest.approx(slow, nan_ok=True)


@given(arrays(float, 6, elements=st.floats(-5, 5).map(lambda v: round(v, 3))))
def test_sparsity_is_the_gini_index(scores):
    if scores.any():
        assert core.Sparsity().number(scores) == pytest.approx(reference.gini(scores), abs=1e-9)
    else:
        assert math.isnan(core.Sparsity().number(scores))


def mu_fidelity(metric, importance, function):
    """µFidelity of five elements, each a region of its own."""
    order = metric.order(importance, (5,), np.arange(5), image=False)
    return metric.number(answer(metric.ask(importance, order, np.ones(5)), function))


@given(st.integers(0, 2**16), st.sampled_from(["spearman", "pearson"]))
def test_mu_fidelity_is_the_correlation_of_falls_and_sums(seed, correlation):
    rng = np.random.default_rng(seed)
    importance, table = rng.random(5), rng.random(32)
    asked = []

    def function(keep):
        asked.append(keep.copy())
        return float(table[int(keep @ (2 ** np.arange(5)))])

    metric = core.MuFidelity(subset_size=0.4, n_samples=20, seed=seed, correlation=correlation)
    found = mu_fidelity(metric, importance, function)
    assert asked[0].all()
    assert all((~keep).sum() == 2 for keep in asked[1:])
    falls = [function(asked[0]) - function(keep) for keep in asked[1:21]]
    sums = [importance[~keep].sum().round(12) for keep in asked[1:21]]
    a, b = (
        (sums, falls)
        if correlation == "pearson"
        else (reference.ranks(sums), reference.ranks(falls))
    )
    assert found == pytest.approx(reference.pearson(a, b), abs=1e-6)


def test_mu_fidelity_of_an_additive_function_is_1_for_its_own_weights():
    parts = np.array([1.0, 2.0, 4.0, 8.0, 16.0]) / 31
    metric = core.MuFidelity(subset_size=0.4, n_samples=30)
    for importance, correlation in ((parts, 1), (-parts, -1), (np.ones(5), 0)):
        found = mu_fidelity(metric, importance, lambda keep: float(keep @ parts))
        assert found == pytest.approx(correlation)


def test_pointing_shares_a_point_among_equals():
    mask = np.array([[True, False], [False, False]])
    assert core.PointingGame().number([[2, 1], [0, 0]], mask) == 1
    assert core.PointingGame().number([[1, 2], [0, 0]], mask) == 0
    assert core.PointingGame().number([[2, 2], [2, 2]], mask) == 0.25


def test_human_heatmaps_are_cut_at_the_same_k():
    scores = np.array([3.0, 2.0, 1.0, 0.0])
    assert core.HumanAgreement(k=2).number(scores, np.array([0.9, 0.1, 0.8, 0.0])) == pytest.approx(
        1 / 3
    )
    assert core.HumanAgreement(k=1).number(scores, np.array([True, True, False, False])) == 0.5


def explanation(regions):
    n = int(np.max(regions)) + 1
    curves = Curves(np.linspace(0, 1, n + 1), np.zeros(n + 1), np.zeros(n + 1))
    order = np.arange(n)[::-1]
    return Explanation(
        np.asarray(regions), order, np.linspace(0, 1, n), curves, np.ones(n, bool), 0, 0
    )


def test_every_form_of_an_attribution_steps_alike():
    regions = np.array([[0, 0, 1], [2, 2, 1]])
    one = explanation(regions)
    by_map = reveal_order(one.paint(), (2, 3), regions)
    by_vector = reveal_order(one.importance, (2, 3), regions)
    by_explanation = reveal_order(one, (2, 3))
    for steps in (by_map, by_vector, by_explanation):
        assert steps.order.tolist() == [2, 1, 0]
        assert np.array_equal(steps.regions, regions)
    for form in (one.paint(), one.importance, one):
        assert np.array_equal(painted(form, (2, 3), regions), one.paint())


@given(st.permutations(range(6)))
def test_an_order_is_painted_highest_first(order):
    heat = painted(RevealOrder(np.arange(6).reshape(2, 3), np.array(order)), (2, 3))
    assert np.argsort(-heat.ravel()).tolist() == order


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (([[NAN, 1.0]], (1, 2)), "`attributions`"),
        (([[0.0, 1.0]], (2, 2)), "`attributions`"),
        (([0.0, 1.0, 2.0], (1, 2), [[0, 1]]), "`attributions`.*per region"),
        ((explanation([[0, 1, 1]]), (1, 2)), "`attributions`"),
    ],
)
def test_steps_refuse(arguments, named):
    with pytest.raises(ValueError, match=named):
        reveal_order(*arguments)


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda: core.top_k([1.0, 2.0], 3), "`k`"),
        (lambda: core.top_k([1.0, 2.0], 0), "`k`"),
        (lambda: core.top_k([1.0, NAN], 1), "`attributions`"),
        (lambda: core.PointingGame().number([1.0, NAN], np.ones(2, bool)), "`attributions`"),
        (lambda: core.PointingGame().number([1.0, 2.0], np.ones(3, bool)), "`mask`"),
        (lambda: core.PointingGame().number([1.0, 2.0], np.ones(2)), "`mask`.*boolean"),
        (lambda: core.Sparsity().number([1.0, float("inf")]), "`attributions`"),
        (lambda: check_areas([0.5, 1.5]), "`max_area`"),
        (lambda: core.square_patches((4, 4), 5), "`patch_size`"),
        (
            lambda: core.AUPC(patch_size=2, n_patches=5).order(
                np.zeros((4, 4)), (4, 4), None, image=True
            ),
            "`n_patches`",
        ),
        (lambda: core.AUPC().order(np.zeros(4), (4,), None, image=False), "`inputs`"),
        (lambda: core.AUPC(patch_size=0), "`patch_size`"),
        (lambda: core.AUPC(windows="overlapping"), "`windows`"),
        (lambda: core.sliding_patches(np.zeros((2, 2)), 3, 1), "`patch_size`"),
        (lambda: core.MuFidelity(subset_size=1.5), "`subset_size`"),
        (lambda: core.MuFidelity(correlation="kendall"), "`correlation`"),
        (lambda: core.MuFidelity(n_samples=0), "`n_samples`"),
        (lambda: core.MuFidelity(cells=0), "`cells`"),
        (lambda: core.Insertion(steps=0), "`steps`"),
        (lambda: core.HighestConfidence(max_area=0), "`max_area`"),
        (lambda: core.StrongInteractions(threshold=-1), "`threshold`"),
        (lambda: core.StrongInteractions(direction="up"), "`direction`"),
        (lambda: core.HumanAgreement(k=0), "`k`"),
        (lambda: core.HumanAgreement(k=[1, 2.5]), "`k`"),
        (lambda: core.Robustness(k=1, radius=0), "`radius`"),
        (lambda: each_attribution(np.zeros((3, 2)), 2), "`attributions`"),
        (
            lambda: named_baselines("mist", np.zeros((1, 2, 2, 3)), IMAGES, "baselines"),
            "`baselines`",
        ),
        (
            lambda: named_baselines("blur", np.zeros((1, 2)), Layout("NF"), "baselines"),
            "`baselines`",
        ),
        (
            lambda: named_baselines(
                lambda image: image * NAN, np.zeros((1, 2, 2, 3)), IMAGES, "baselines"
            ),
            "`baselines`",
        ),
    ],
)
def test_numbers_refuse(call, named):
    with pytest.raises(ValueError, match=named):
        call()


@pytest.mark.parametrize("name", BASELINES)
def test_baselines_stay_within_the_image_and_repeat(name):
    image = np.random.default_rng(0).normal(size=(9, 7, 3))
    once, again = BASELINES[name](image), BASELINES[name](image)
    assert np.array_equal(once, again)
    full = np.broadcast_to(once, image.shape)
    assert (full >= image.min(axis=(0, 1)) - 1e-9).all()
    assert (full <= image.max(axis=(0, 1)) + 1e-9).all()
    if name != "blur":
        assert name == "noise" or once.shape == (1, 1, 3)


class Growing:
    """Logits of groups that hold a share of the features; NaN from some share on."""

    def __init__(self, nan_from=2.0):
        self.nan_from = nan_from

    def __call__(self, inputs, feature_mask=None, top=0.2):
        return np.array([[top if top < self.nan_from else NAN, 0.5]] * len(inputs))

    def without(self, inputs, feature_mask=None, top=0.2):
        return self(inputs, feature_mask, 1 - top if top < self.nan_from else NAN)


@pytest.mark.parametrize("nan_from", [0.3, 1.0])
@pytest.mark.parametrize(
    "call",
    [
        lambda model: core.grown_insertion(model, np.zeros((2, 4))),
        lambda model: core.grown_deletion(model, np.zeros((2, 4))),
        lambda model: core.errors_by_sparsity(model, np.zeros((2, 4)), [0, 1]),
    ],
    ids=["grown insertion", "grown deletion", "errors by sparsity"],
)
def test_logits_that_are_not_finite_are_no_class(call, nan_from):
    assert np.isfinite(call(Growing())).all()
    with pytest.raises(ValueError, match="`model` gave logits that are not finite"):
        call(Growing(nan_from))
