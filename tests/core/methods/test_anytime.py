"""Explanations that get better while the search goes on."""

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from submod_core import GroundSet
from submod_core.engine import Responses, about
from submod_core.methods import LiMASettings, explain
from submod_core.methods.anytime import improving


def problem(n, seed, n_examples):
    """An oracle of small networks of the kept regions, the rows that it sees, and its sets."""
    rng = np.random.default_rng(seed)
    inner, outer = rng.normal(size=(n_examples, n, 5)), rng.normal(size=5)
    seen = []

    def oracle(examples, keep, features):
        seen.extend((e, *row) for e, row in zip(examples.tolist(), keep.tolist(), strict=True))
        units = np.tanh(np.einsum("bn,bnk->bk", keep * 1.0, inner[examples]))
        target = 1 / (1 + np.exp(-3 * units @ outer))
        return Responses(target, np.abs(2 * target - 1), units if features else None)

    ground_set = GroundSet(np.arange(n), np.ones(n), np.zeros(n, bool))
    return oracle, seen, [ground_set] * n_examples


def stages(n, seed, n_examples, budgets=None, **options):
    oracle, seen, sets = problem(n, seed, n_examples)

    def run(settings, ask):
        return explain(about(ask, np.arange(n_examples)), sets, settings, batch_size=7)

    explanations = improving(oracle, sets, LiMASettings.of(**options), run, budgets)
    return [(found, len(seen)) for found in explanations], seen


def quality(explanation):
    return explanation.curves.insertion_auc - explanation.curves.deletion_auc


@given(st.integers(2, 12), st.integers(0, 99), st.integers(1, 3))
def test_it_ends_no_worse_than_the_search_and_asks_little_twice(n, seed, n_examples):
    with warnings.catch_warnings(action="ignore"):
        found, seen = stages(n, seed, n_examples)
        oracle, _, sets = problem(n, seed, n_examples)
        plain = explain(oracle, sets, LiMASettings.of(), batch_size=7)
    for i in range(n_examples):
        values = [quality(explanations[i]) for explanations, _ in found]
        assert values == sorted(values)
        assert values[-1] >= quality(plain[i]) - 1e-12
    for explanations, asked in found:
        assert sum(one.model_inputs for one in explanations) == asked
        assert all(one.searched.all() for one in explanations)
    # Only the whole inputs, for the check, and single regions, for their features.
    assert len(seen) - len(set(seen)) <= n_examples * (n + 1)


def test_budgets_are_kept_to_one_by_one():
    with warnings.catch_warnings(action="error"):
        found, _ = stages(10, 0, 1, budgets=[40, 60, 200])
    images = [explanations[0].model_inputs for explanations, _ in found]
    assert images[0] <= 40
    assert images[1] <= 40 + 60
    assert images == sorted(images)


def test_an_input_s_scores_do_not_depend_on_those_explained_with_it():
    oracle, _, sets = problem(24, 0, 2)
    merged = np.arange(24) % 6
    small = GroundSet(merged, np.full(6, 4.0), np.zeros(6, bool))

    def run(settings, ask):
        one = explain(about(ask, np.array([0])), sets[:1], settings, batch_size=7)
        spread = lambda e, keep, f: ask(e + 1, keep[:, merged], f)  # noqa: E731
        return [*one, *explain(spread, [small], settings, batch_size=7)]

    both = [sets[0], small]
    with warnings.catch_warnings(action="error"):
        (found,) = improving(oracle, both, LiMASettings.of(), run, [60])
    # 60 images pay for the features of 6 regions, not of 24.
    assert [one.curves.effectiveness is None for one in found] == [True, False]


def test_stopping_early_costs_no_more():
    oracle, seen, sets = problem(9, 1, 1)
    run = lambda settings, ask: explain(ask, sets, settings, batch_size=7)  # noqa: E731
    next(improving(oracle, sets, LiMASettings.of(), run))
    assert len(seen) <= 4 * 9


@pytest.mark.parametrize(
    ("budgets", "options", "named"),
    [
        (None, {"max_model_inputs": 80}, "`max_evaluations` and `max_model_inputs`"),
        (None, {"max_evaluations": 80}, "`max_evaluations` and `max_model_inputs`"),
        (None, {"search": "greedy"}, "`search` .*must plan by a budget"),
        ([40, 40], {}, "`budgets` .*rise"),
        ([], {}, "`budgets` .*rise"),
        ([0], {}, "`budgets`"),
        ([40.5], {}, "`budgets`"),
        (7, {}, "`budgets`"),
        ([20, 40], {}, "`budgets` .*must begin with at least 21 images for 10 regions"),
    ],
)
def test_bad_arguments_are_refused_by_name(budgets, options, named):
    with pytest.raises((TypeError, ValueError), match=named):
        stages(10, 0, 1, budgets, **options)
