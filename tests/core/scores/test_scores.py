import math
import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from submod_core.scores import DISTANCES, Weights, confidence, effectiveness
from submod_core.search import prefixes

finite = st.floats(-10, 10).map(lambda v: round(v, 3))


@given(arrays(float, (3, 5), elements=st.floats(0, 1)))
def test_confidence_is_eq_5(raw):
    p = (raw + 1e-12) / (raw + 1e-12).sum(axis=1, keepdims=True)
    slow = [1 + sum(q * math.log(q) for q in row) / math.log(5) for row in p]
    assert np.allclose(confidence(p), slow)
    assert ((confidence(p) > -1e-12) & (confidence(p) <= 1)).all()


def slow_distance(name, a, b):
    lengths = math.sqrt(sum(a * a)) * math.sqrt(sum(b * b))
    cosine = sum(a * b) / lengths if lengths else 0.0
    return 1 - cosine if name == "cosine" else math.acos(max(-1.0, min(1.0, cosine))) / math.pi


@pytest.mark.parametrize("name", DISTANCES)
@given(features=arrays(float, (5, 3), elements=finite), subset=st.sets(st.integers(0, 4)))
def test_effectiveness_is_eq_7(name, features, subset):
    slow = 0.0
    if len(subset) > 1:
        slow = sum(
            min(slow_distance(name, features[i], features[j]) for j in subset if j != i)
            for i in subset
        )
    mask = np.isin(np.arange(5), list(subset))
    assert effectiveness([mask], DISTANCES[name](features)) == pytest.approx([slow], abs=1e-6)


@given(
    features=arrays(float, (6, 3), elements=finite), front=st.sets(st.integers(0, 5), max_size=5)
)
def test_effectiveness_of_a_whole_round_is_that_of_each_subset(features, front):
    distances = DISTANCES["cosine"](features)
    round_ = np.array(
        [[i in front or i == candidate for i in range(6)] for candidate in {*range(6)} - front]
    )
    one_by_one = [effectiveness([subset], distances)[0] for subset in round_]
    assert np.allclose(effectiveness(round_, distances), one_by_one, atol=1e-12)


@given(n=st.integers(1, 30), density=st.floats(0, 1), seed=st.integers(0, 2**32 - 1))
def test_effectiveness_finds_fellows_near_and_far(n, density, seed):
    rng = np.random.default_rng(seed)
    distances, subsets = rng.random((n, n)), rng.random((4, n)) < density
    slow = []
    for subset in map(np.flatnonzero, subsets):
        nearest = [min((distances[i, j] for j in subset if j != i), default=0.0) for i in subset]
        slow.append(sum(nearest))
    assert np.allclose(effectiveness(subsets, distances), slow, atol=1e-12)


@given(st.permutations(range(6)))
def test_prefixes_are_nested(order):
    rows = prefixes(order)
    for k, row in enumerate(rows):
        assert set(np.flatnonzero(row)) == set(order[:k])


def test_weights_of_the_paper_and_of_a_mapping():
    assert Weights.of(None) == Weights(20, 5, 0.05, 0.01)
    assert Weights.of({"confidence": 2}) == Weights(0, 0, 2, 0)
    assert Weights.of(Weights(1, 2, 3, 4)) == Weights(1, 2, 3, 4)


@pytest.mark.parametrize(
    ("weights", "named"),
    [
        ({"consistency": -1}, "consistency"),
        ({"consistency": float("nan")}, "consistency"),
        ({"consistency": "much"}, "consistency"),
        ({"insertion": 1}, "insertion"),
        ({}, "`weights`"),
        ({"confidence": 0}, "`weights`"),
    ],
)
def test_bad_weights(weights, named):
    with pytest.raises(ValueError, match=named):
        Weights.of(weights)


def test_weights_must_be_named():
    with pytest.raises(TypeError, match="`weights`"):
        Weights.of([20, 5, 0.05, 0.01])


def test_effectiveness_of_a_round_takes_the_memory_of_matrices():
    n = 300
    round_ = np.eye(n, dtype=bool)
    round_[:, 0] = True
    tracemalloc.start()
    found = effectiveness(round_[1:], np.ones((n, n)))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 10 * 8 * n * n
    assert (found == 2).all()
