"""Coarse to fine: groups are searched, those in front divided, within the budget."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from submod_core import GroundSet, Weights
from submod_core.engine import Responses
from submod_core.methods import LiMASettings, explain, places_of
from submod_core.regions import compact
from submod_core.scores import Score
from submod_core.search import Guided

PLAIN = {"consistency": 20, "collaboration": 5, "confidence": 0.05}


def network(n, seed):
    """Probability of kept regions (B, n), by one hidden layer."""
    rng = np.random.default_rng(seed)
    inner, outer = rng.normal(size=(n, 5)), rng.normal(size=5)
    return lambda keep: 1 / (1 + np.exp(-3 * np.tanh(keep[:, :n] @ inner) @ outer))  # padded


def oracle_of(functions, seen):
    def oracle(examples, keep, features):
        seen.extend(zip(examples.tolist(), map(bytes, keep), strict=True))
        rows = [functions[e](row[None])[0] for e, row in zip(examples, keep, strict=True)]
        target = np.array(rows)
        vectors = np.stack([target, 1 - target], axis=1) if features else None
        return Responses(target, np.abs(2 * target - 1), vectors)

    return oracle


def grouped(n, k, seed, inert=0.0):
    rng = np.random.default_rng(seed)
    groups = compact(rng.integers(0, k, size=n))
    return GroundSet(np.arange(n), rng.uniform(1, 3, size=n), rng.random(n) < inert, groups)


def explained(sets, functions, **options):
    seen = []
    with warnings.catch_warnings(action="ignore"):
        found = explain(oracle_of(functions, seen), sets, LiMASettings.of(**options), batch_size=16)
    return found, seen


@settings(max_examples=40)
@given(
    n=st.integers(2, 40),
    k=st.integers(1, 8),
    share=st.floats(0, 1.3),
    inert=st.sampled_from([0.0, 0.3, 1.0]),
    weights=st.sampled_from([None, PLAIN, {"consistency": 1}]),
    seed=st.integers(0, 2**32 - 1),
)
def test_regions_are_groups_and_single_ones_within_the_budget(n, k, share, inert, weights, seed):
    ground_set, function = grouped(n, k, seed, inert), network(n, seed)
    groups = ground_set.groups
    # A region that equals the baseline changes nothing.
    active = lambda keep: function(keep & ~ground_set.inert)  # noqa: E731
    most = 2 * n + 1 + int(share * 8 * n)
    (one,), seen = explained([ground_set], [active], weights=weights, max_model_inputs=most)
    assert len(seen) == one.model_inputs <= most
    assert sorted(one.order) == list(range(len(one.order)))
    # Each region of the explanation is one group, or one region of a group.
    held = one.regions
    for name in range(held.max() + 1):
        mine = np.flatnonzero(held == name)
        assert len(mine) == 1 or mine.tolist() == np.flatnonzero(groups == groups[mine[0]]).tolist()
    # The curves are those of the model: once more, prefix by prefix.
    for length in range(len(one.order) + 1):
        keep = np.isin(held, one.order[:length])[None]
        assert np.isclose(one.curves.consistency[length], active(keep)[0])
        assert np.isclose(one.curves.collaboration[length], 1 - active(~keep)[0])
    area = [ground_set.sizes[np.isin(held, one.order[:i])].sum() for i in range(len(one.order) + 1)]
    assert np.allclose(one.curves.area, np.array(area) / ground_set.sizes.sum())


@given(st.integers(0, 2**32 - 1))
def test_what_is_explained_together_does_not_matter(seed):
    sets = [grouped(24, 6, seed), grouped(30, 5, seed + 1), GroundSet(*plain(12))]
    functions = [network(24, seed), network(30, seed + 1), network(12, seed)]
    together, _ = explained(sets, functions, max_model_inputs=150)
    for i, one in enumerate(together):
        (alone,), _ = explained(sets[i : i + 1], functions[i : i + 1], max_model_inputs=150)
        assert np.array_equal(alone.regions, one.regions)
        assert np.array_equal(alone.order, one.order)
        assert alone.model_inputs == one.model_inputs


def plain(n):
    return np.arange(n), np.ones(n), np.zeros(n, bool)


def test_only_groups_that_matter_are_divided():
    groups = np.repeat(np.arange(10), 10)
    ground_set = GroundSet(np.arange(100), np.ones(100), np.zeros(100, bool), groups)
    weight = np.zeros(100)
    weight[[3, 47]] = 3.0  # one region of group 0, one of group 4

    def function(keep):
        return 1 / (1 + np.exp(3 - keep @ weight))

    (one,), _ = explained([ground_set], [function], weights=PLAIN, max_model_inputs=240)
    assert len(one.regions) == 100
    held = [one.regions[3], one.regions[47]]
    assert set(one.order[:2]) == set(held)
    assert [np.count_nonzero(one.regions == name) for name in held] == [1, 1]
    assert one.order.size < 40, "the others stay whole"


@pytest.mark.parametrize("inert", [[], [2], [4, 5]])
def test_where_all_groups_are_divided_the_regions_keep_their_numbers(inert):
    groups = np.array([1, 1, 2, 0, 0, 0])  # region 2 is a group of its own
    mask = np.isin(np.arange(6), inert)
    ground_set = GroundSet(np.arange(6), np.ones(6), mask, groups)
    (one,), _ = explained([ground_set], [network(6, 1)])
    assert np.array_equal(one.regions, np.arange(6))


def test_groups_that_do_not_fit_are_passed_over():
    groups = np.repeat(np.arange(5), [40, 5, 5, 5, 5])
    ground_set = GroundSet(np.arange(60), np.ones(60), np.zeros(60, bool), groups)
    sizes = [
        len(explained([ground_set], [network(60, 2)], max_model_inputs=most)[0][0].order)
        for most in (100, 200, 300, 500)
    ]
    assert sizes == sorted(sizes)
    assert sizes[1] == 5 + 4 * 4, "the four small groups"


def test_without_a_budget_all_groups_are_divided_and_effectiveness_stays():
    ground_set = grouped(24, 6, 0)
    with warnings.catch_warnings(action="error"):
        (one,) = explain(
            oracle_of([network(24, 0)], []), [ground_set], LiMASettings.of(), batch_size=16
        )
    assert len(one.order) == 24
    assert one.model_inputs <= 8 * 24
    assert one.curves.effectiveness is not None


def test_the_expected_images_count_inputs_with_groups_and_without():
    with_groups, without = grouped(24, 6, 0), GroundSet(*plain(12))
    plan = LiMASettings.of()
    alone = plan.expected_model_inputs([without])
    assert plan.expected_model_inputs([with_groups]) == 8 * 24
    assert plan.expected_model_inputs([with_groups, without]) == 8 * 24 + alone


def test_effectiveness_that_images_do_not_pay_for_is_warned_of_once():
    with pytest.warns(UserWarning, match="leaves no images for the features of 24") as caught:
        explain(
            oracle_of([network(24, 0)], []),
            [grouped(24, 6, 0)],
            LiMASettings.of(max_model_inputs=100),
            batch_size=16,
        )
    assert len(caught) == 1


def test_a_budget_for_the_groups_alone_leaves_them_whole():
    ground_set = grouped(40, 5, 3)
    (one,), _ = explained([ground_set], [network(40, 3)], max_model_inputs=30)
    first = list(dict.fromkeys(ground_set.groups.tolist()))
    assert one.regions.tolist() == [first.index(group) for group in ground_set.groups]


class Both(Score):
    """A score that looks at both sides of a subset at once."""

    name = "both"
    needs = frozenset({"kept", "left"})

    def evaluate(self, answers):
        return answers.kept.target * (1 - answers.left.target)


class Alike(Score):
    """A score that needs the features of every image."""

    name = "alike"
    needs = frozenset({"kept", "features"})

    def evaluate(self, answers):
        return answers.kept.features[:, 0]


NEEDS = [{"effectiveness": 1}, {Both(): 1.0}, {Alike(): 1.0}]
NEEDS += [one | {"effectiveness": 0.1} for one in NEEDS[1:]]
OPTIONS = [{}, {"ahead": 64, "complement_weight": 0, "polish": 0}, {"admitted": 3, "front": 0.5}]


@settings(max_examples=60)
@given(
    n=st.integers(3, 24),
    share=st.floats(0, 1),
    coarse=st.booleans(),
    weights=st.sampled_from(NEEDS),
    options=st.sampled_from(OPTIONS),
    seed=st.integers(0, 2**32 - 1),
)
def test_scores_of_all_needs_keep_to_the_budget(n, share, coarse, weights, options, seed):
    most = 3 * n + 3 + int(share * 12 * n)
    ground_set = grouped(n, 4, seed) if coarse else GroundSet(*plain(n))
    options = {"search": Guided(**options), "weights": weights, "max_model_inputs": most}
    (one,), seen = explained([ground_set], [network(n, seed)], **options)
    assert len(seen) == one.model_inputs <= most
    assert one.searched.all()


def test_own_scores_that_need_both_sides_ask_for_no_image_twice():
    weights = Weights.of({Both(): 1.0})
    assert not weights.parts
    ground_set = grouped(30, 6, 5)
    (one,), seen = explained([ground_set], [network(30, 5)], weights=weights, max_model_inputs=240)
    assert len(one.order) > 6
    assert len(seen) == one.model_inputs <= 240
    assert len(seen) - len(set(seen)) == 1, "the whole input, for the check"


def test_a_region_is_in_what_holds_it():
    ground_set = grouped(30, 6, 5)
    (one,), _ = explained([ground_set], [network(30, 5)], max_model_inputs=120)
    assert np.array_equal(places_of(ground_set, one), one.regions)
    alone = GroundSet(*plain(30))
    (one,), _ = explained([alone], [network(30, 5)])
    assert np.array_equal(places_of(alone, one), np.arange(30))


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"max_evaluations": 90}, "`max_evaluations` .=90. must be None with `coarse`"),
        ({"search": "greedy"}, "`search` .*must plan by a budget with `coarse`"),
        (
            {"max_model_inputs": 15, "weights": {"effectiveness": 1}},
            "`max_model_inputs` .=15. must be at least 16 for 5 regions.*features",
        ),
        ({"max_model_inputs": 8}, "`max_model_inputs` .=8. must be at least 11 for 5 regions"),
    ],
)
def test_options_without_meaning_are_refused(options, named):
    with pytest.raises(ValueError, match=named):
        explained([grouped(40, 5, 3)], [network(40, 3)], **options)
