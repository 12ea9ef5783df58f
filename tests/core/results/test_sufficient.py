"""Sufficient regions: a slow reference, and what each set promises, on random set functions."""

from itertools import combinations

import numpy as np
import pytest
import reference
from hypothesis import given, settings
from hypothesis import strategies as st

from submod_core.engine import Responses
from submod_core.methods import find_sufficient
from submod_core.regions import GroundSet
from submod_core.results import Curves, Explanation, areas

N = 5


def subset(keep):
    return frozenset(np.flatnonzero(keep).tolist())


def explained(function, order, sizes):
    """The explanation of a set function along an order, without a search."""
    values = [function(frozenset(order[:k])) for k in range(len(order) + 1)]
    curves = Curves(areas(order, sizes), np.array(values), np.zeros(len(order) + 1))
    flat = np.zeros(len(order))
    searched = np.ones(len(order), bool)
    return Explanation(np.arange(len(order))[None], np.array(order), flat, curves, searched, 1, 1)


def found(functions, explanations, batch_size=4, **options):
    def oracle(examples, keep, features):
        pairs = zip(examples, keep, strict=True)
        return Responses(target=np.array([functions[i](subset(row)) for i, row in pairs]))

    sets = [GroundSet(e.regions, np.ones(N), np.zeros(N, bool)) for e in explanations]
    return find_sufficient(oracle, sets, explanations, batch_size=batch_size, **options)


@st.composite
def set_functions(draw, monotone=False):
    """A random function of subsets of N regions, with values in [0, 1]."""
    values = draw(st.lists(st.integers(0, 8), min_size=2**N, max_size=2**N))
    if monotone:
        values = [max(v for j, v in enumerate(values) if i & j == j) for i in range(2**N)]
    return lambda kept: values[sum(1 << r for r in kept)] / 8


orders = st.permutations(range(N))
scores = st.integers(1, 8).map(lambda k: k / 8)


@given(set_functions(), orders, scores, st.integers(1, 3))
def test_the_slow_reference_finds_the_same(function, order, score, n):
    (ours,) = found([function], [explained(function, order, np.ones(N))], value=score, n=n)
    slow = reference.sufficient_sets(function, order, score, n)
    assert [set(one.regions) for one in ours.sets] == slow
    assert ours.score == score


@given(set_functions(), orders, scores)
def test_each_set_reaches_the_score_and_no_region_can_be_spared(function, order, score):
    sizes = np.arange(1, N + 1)
    (ours,) = found([function], [explained(function, order, sizes)], value=score, n=N)
    used = [region for one in ours.sets for region in one.regions]
    assert len(used) == len(set(used)), "no two sets share a region"
    for one in ours.sets:
        assert one.regions == tuple(sorted(one.regions))
        assert one.value == function(frozenset(one.regions)) >= score
        assert one.area == pytest.approx(sum(sizes[list(one.regions)]) / sizes.sum())
        if len(one.regions) > 1:
            for region in one.regions:
                assert function(frozenset(one.regions) - {region}) < score


@given(set_functions(monotone=True), orders, scores)
def test_no_smaller_part_of_a_set_is_enough_where_the_score_never_falls(function, order, score):
    (ours,) = found([function], [explained(function, order, np.ones(N))], value=score)
    for one in ours.sets:
        for size in range(1, len(one.regions)):
            assert all(
                function(frozenset(part)) < score for part in combinations(one.regions, size)
            )


@settings(max_examples=10)
@given(st.lists(set_functions(), min_size=3, max_size=3), st.lists(orders, min_size=3, max_size=3))
def test_examples_and_batches_do_not_change_the_result(functions, some_orders):
    explanations = [
        explained(function, order, np.ones(N))
        for function, order in zip(functions, some_orders, strict=True)
    ]
    together = found(functions, explanations, batch_size=64, value=0.5, n=2)
    alone = [
        found([function], [one], batch_size=1, value=0.5, n=2)[0]
        for function, one in zip(functions, explanations, strict=True)
    ]
    assert together == alone


def three(kept):
    return len(kept) / N


def test_the_score_is_a_share_of_the_highest_confidence_or_a_value():
    one = explained(three, range(N), np.ones(N))
    assert found([three], [one])[0].score == 0.95
    assert found([three], [one], share=0.5)[0].sets[0].regions == (0, 1, 2)
    assert found([three], [one], share=0.5, value=0.2)[0].sets[0].regions == (0,)
    assert found([three], [one], value=1.5)[0].sets == ()


def test_the_images_that_went_through_the_model_are_counted_once():
    asked = []

    def counted(kept):
        asked.append(kept)
        return three(kept)

    one = explained(three, range(N), np.ones(N))
    (ours,) = found([counted], [one], value=0.6, n=2)
    # The whole input twice, as a check, and no other subset twice.
    assert ours.model_inputs == len(asked) == len(set(asked)) + 1


@pytest.mark.parametrize("wrong", [lambda kept: 1 - three(kept), lambda kept: 0.5 * len(kept)])
def test_an_explanation_of_something_else_is_refused(wrong):
    with pytest.raises(ValueError, match="`explanations` must be of the same"):
        found([wrong], [explained(three, range(N), np.ones(N))])


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"share": 0}, "`share`"),
        ({"share": 1.5}, "`share`"),
        ({"value": float("nan")}, "`value`"),
        ({"n": 0}, "`n`"),
    ],
)
def test_bad_options_are_refused(options, named):
    with pytest.raises(ValueError, match=named):
        found([three], [explained(three, range(N), np.ones(N))], **options)
