"""Questions asked ahead by guided search: none twice in a round, and fewer rounds."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from set_functions import random_function

from submod_core import rank
from submod_core.search import Guided
from submod_core.testing import check_search


@settings(max_examples=5)
@given(n=st.integers(1, 25), seed=st.integers(0, 2**32 - 1), ahead=st.integers(1, 60))
def test_it_conforms_as_other_searches_do(n, seed, ahead):
    check_search(Guided(ahead=ahead), n, seed)


@settings(max_examples=10)
@given(n=st.integers(3, 25), seed=st.integers(0, 2**32 - 1), ahead=st.integers(1, 60))
def test_a_round_asks_no_subset_twice_and_is_filled_no_further(n, seed, ahead):
    function, asked = random_function(seed, n), []

    def counted(subsets):
        asked.append(subsets.copy())
        return np.array([function(tuple(np.flatnonzero(s))) for s in subsets])

    search = Guided(ahead=ahead, polish=0, complement_weight=0)
    ranking = rank(counted, n, search, batched=True)
    for subsets in asked:
        assert len({one.tobytes() for one in subsets}) == len(subsets) <= max(n + 1, ahead)
    assert sorted(ranking.order) == list(range(n))
    for k in range(1, n + 1):
        value = function(tuple(sorted(ranking.order[:k].tolist())))
        assert ranking.values[k - 1] == pytest.approx(value)


def test_asking_ahead_takes_fewer_rounds():
    rounds = {}
    for ahead in (0, 30, 90):
        rounds[ahead] = 0
        for seed in range(3):
            function = random_function(seed, 30)

            def counted(subsets, ahead=ahead, function=function):
                rounds[ahead] += 1
                return np.array([function(tuple(np.flatnonzero(s))) for s in subsets])

            rank(counted, 30, Guided(ahead=ahead), batched=True)
    assert rounds[90] < 0.7 * rounds[0]
    assert rounds[30] < rounds[0]


def test_moves_within_filled_rounds_gain_and_are_bounded():
    areas, images = np.zeros((4, 3)), np.zeros((4, 3))
    plain, ahead = Guided(complement_weight=0), Guided(complement_weight=0, ahead=64)
    searches = [plain, replace(plain, polish=0), ahead, replace(ahead, polish=0)]
    for seed in range(3):
        function = random_function(seed, 40)
        for k, search in enumerate(searches):
            found = rank(function, 40, search)
            areas[k, seed], images[k, seed] = found.values.mean(), found.evaluations
    plain, rough, filled, unmoved = areas.mean(axis=1)
    assert filled - unmoved > 0.7 * (plain - rough) > 0
    # Eight rounds take the budget of moves, however full they are; the last look is at prefixes.
    assert (images[2] <= images[3] + max(6 * 40, 8 * 64) + 64 + 40).all()


@pytest.mark.parametrize("weight", [0, 1])
def test_asking_ahead_keeps_the_order_of_a_modular_function(weight):
    weights = np.random.default_rng(0).normal(size=30)
    search = Guided(ahead=60, complement_weight=weight)
    ranking = rank(lambda s: weights[list(s)].sum(), 30, search)
    assert ranking.order.tolist() == np.argsort(-weights).tolist()
