"""Metrics of sums of parts against slow formulas: errors of values, structures, grouped orders."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from submod_core import metrics
from submod_core.sop import GroupExplanation

RNG = np.random.default_rng(0)
X = RNG.normal(size=(3, 6))
Y = RNG.normal(size=(3, 2))


class Model:
    """Values that depend on the share of the features that are seen."""

    def __call__(self, inputs, feature_mask, top):
        return np.stack([inputs.sum(1) * top, inputs[:, 0] * top**2], 1)

    def without(self, inputs, feature_mask, top):
        return self(inputs, feature_mask, 1 - top)


def slow_errors(seen):
    """Squared errors of each example, the mean over outputs, at some shares of the features."""
    rows = []
    for share in seen:
        answers = [[x.sum() * share, x[0] * share**2] for x in X]
        rows.append([sum((a - y) ** 2 for a, y in zip(*p, strict=True)) / 2
                     for p in zip(answers, Y, strict=True)])  # fmt: skip
    return np.array(rows)


@pytest.mark.parametrize("tops", [metrics.TOPS, (0.2, 0.25, 1.0), metrics.tops_by(2, 6)])
def test_squared_errors_as_groups_grow_and_shrink(tops):
    model, inserted = Model(), slow_errors(tops)
    found = metrics.squared_errors_by_sparsity(model, X, Y, tops)
    np.testing.assert_allclose(found, inserted.mean(1))
    deleted = slow_errors([1 - top for top in tops])
    for function, rows in (
        (metrics.grown_insertion_error, inserted),
        (metrics.grown_deletion_error, deleted),
    ):
        area = sum(
            (tops[k + 1] - tops[k]) * (rows[k] + rows[k + 1]) / 2 for k in range(len(tops) - 1)
        )
        np.testing.assert_allclose(function(model, X, Y, tops=tops), area / (tops[-1] - tops[0]))


@pytest.mark.parametrize("tops", [(0.1, 0.5, 1.0), metrics.tops_by(1, 6)])
def test_probabilities_relative_to_the_whole_at_steps_of_ones_own(tops):
    model = Model()

    def softmax(values):
        return np.exp(values) / np.exp(values).sum(1, keepdims=True)

    full = softmax(model(X, None, 1.0))
    classes = full.argmax(1)
    for function, answer in (
        (metrics.grown_insertion, model),
        (metrics.grown_deletion, model.without),
    ):
        rows = np.array([softmax(answer(X, None, t))[range(3), classes] for t in tops])
        area = np.trapezoid(rows / full[range(3), classes], tops, axis=0)
        np.testing.assert_allclose(function(model, X, tops=tops), area / (tops[-1] - tops[0]))


def test_steps_of_features_end_at_all_of_them():
    assert metrics.tops_by(1, 4) == (0.25, 0.5, 0.75, 1.0)
    assert metrics.tops_by(3, 7) == (3 / 7, 6 / 7, 1.0)


def explained(seed, shape=(5, 5), n=9, m=4):
    rng = np.random.default_rng(seed)
    regions = np.concatenate([np.arange(-1, n), rng.integers(-1, n, 25 - n - 1)])
    regions = rng.permutation(regions).reshape(shape)
    groups, scores = rng.random((m, n)) < 0.4, rng.random((m, 2)) * (rng.random((m, 2)) < 0.7)
    groups[:, 0] |= ~groups.any(1)
    scores[0] += 0.1
    scores /= scores.sum(0)
    partials = rng.normal(size=(m, 2))
    return GroupExplanation(regions, groups, scores, partials, (scores * partials).sum(0))


@given(seed=st.integers(0, 1000))
def test_other_methods_reveal_the_same_groups_in_their_own_order(seed):
    one, values = explained(seed), np.random.default_rng(seed + 1).normal(size=(3, 5, 5))
    found = metrics.grouped_order(one, 1, values)
    flat = values.sum(0)
    # One group after the other, each with the elements that none before it had.
    used = [i for i in range(4) if one.scores[i, 1] > 0]
    elements = {
        i: {p for p in np.ndindex(5, 5) if one.regions[p] >= 0 and one.groups[i, one.regions[p]]}
        for i in used
    }
    means = {i: sum(flat[p] for p in elements[i]) / len(elements[i]) for i in used}
    shown, wanted = set(), []
    for i in sorted(used, key=lambda i: (-means[i], list(one.used(1)).index(i))):
        if elements[i] - shown:
            wanted.append(elements[i] - shown)
        shown |= elements[i]
    rest = set(np.ndindex(5, 5)) - shown
    wanted += [rest] if rest else []
    steps = [set(zip(*np.nonzero(found.regions == r), strict=True)) for r in found.order]
    assert steps == wanted
    np.testing.assert_array_equal(
        metrics.grouped_order(one, 1, np.moveaxis(values, 0, -1)).regions, found.regions
    )


def test_structures_are_counted_by_the_papers_definitions():
    one, values = explained(3), RNG.normal(size=(5, 5))
    values[0, 0] = 9
    values -= values.mean()
    found = metrics.group_structures(one, 0, values)
    voids = clusters = low = high = 0.0
    for i in range(4):
        inside = [
            values[p]
            for p in np.ndindex(5, 5)
            if one.regions[p] >= 0 and one.groups[i, one.regions[p]]
        ]
        score = one.scores[i, 0]
        negative = sum(v < 0 for v in inside) / len(inside) if sum(inside) < 0 else 0
        hot = sum(v > 3 * values.std() for v in inside) / len(inside)
        voids += score * (negative > 0.6)
        clusters += score * (hot > 0.015)
        low += score * (sum(inside) < 0)
        high += score * (sum(inside) / len(inside) >= 0.5 * values.std())
    weights = found.void_weight(), found.cluster_weight(), found.weight_below(0)
    np.testing.assert_allclose((*weights, found.weight_above(0.5)), (voids, clusters, low, high))
    assert found.groups.tolist() == one.used(0).tolist()
    np.testing.assert_allclose(found.contributions, one.contributions[found.groups, 0])


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda: metrics.grown_insertion_error(Model(), X, Y[:2]), "targets"),
        (lambda: metrics.grown_insertion_error(Model(), X, Y, tops=(1.0, 0.5)), "tops"),
        (lambda: metrics.grown_insertion(Model(), X, tops=(0.5,)), "tops"),
        (lambda: metrics.grown_deletion_error(lambda *a, top: Y, X, Y), "model"),
        (lambda: metrics.squared_errors_by_sparsity(Model(), X, Y * np.nan), "targets"),
        (lambda: metrics.squared_errors_by_sparsity(lambda *a, top: Y * np.inf, X, Y), "model"),
        (lambda: metrics.group_structures(explained(0), 0, np.zeros((5, 5))), "values"),
        (lambda: metrics.group_structures(explained(0), 0, np.zeros((5, 4))), "values"),
        (lambda: metrics.grouped_order(explained(0), 0, np.zeros((5, 4))), "attribution"),
        (lambda: metrics.grouped_order(explained(0), 0, np.zeros((5, 5, 5))), "attribution"),
        (lambda: metrics.tops_by(4, 4), "step"),
    ],
)
def test_bad_arguments_are_named(call, named):
    with pytest.raises((TypeError, ValueError), match=f"`{named}`"):
        call()
