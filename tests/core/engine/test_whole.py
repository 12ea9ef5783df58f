"""The check of whole inputs: models that are random, or read other rows than their own."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from submod_core.engine import OutOfMemoryError, Responses, UnstableModelError
from submod_core.methods import LiMASettings, explain
from submod_core.regions import GroundSet

SETTINGS = LiMASettings.of("greedy", {"consistency": 1})


def sets(*sizes):
    return [GroundSet(np.arange(n), np.ones(n), np.zeros(n, bool)) for n in sizes]


def shares(examples, keep, features):
    return Responses(keep.sum(1) / 9 + 0.3 * examples)


def of_rows(examples, keep, features):
    """A closure over a tensor with a row for each example: row i is read as example i."""
    return Responses(keep.sum(1) / 9 + 0.3 * (np.arange(len(keep)) % 3))


def noisy(spread):
    rng = np.random.default_rng(0)
    return lambda examples, keep, features: Responses(
        (keep.sum(1) / 9 + 0.3) * (1 + spread * rng.normal(size=len(keep)))
    )


def of_the_batch(examples, keep, features):
    """A running mean: the rows before change the answer, as a running mean does."""
    sums = keep.sum(1) / 9 + 0.3 * examples
    return Responses(np.cumsum(sums) / (1 + np.arange(len(sums))))


def centred(examples, keep, features):
    """Batch statistics: the same rows in another order get the same answers."""
    sums = keep.sum(1) / 9 + 0.3 * examples
    return Responses(sums - sums.mean() + 1)


@pytest.mark.parametrize(
    ("oracle", "n"),
    [
        pytest.param(of_rows, 3, id="closure"),
        pytest.param(of_rows, 2, id="closure, two"),
        pytest.param(noisy(0.3), 1, id="random, one"),
        pytest.param(noisy(0.3), 4, id="random"),
        pytest.param(of_the_batch, 3, id="running mean"),
        pytest.param(centred, 1, id="batch statistics, one"),
        pytest.param(centred, 3, id="batch statistics"),
    ],
)
def test_answers_that_depend_on_more_than_the_input_are_an_error(oracle, n):
    with pytest.raises(UnstableModelError, match=r"`forward_func` answers .* must depend on"):
        explain(oracle, sets(*[4] * n), SETTINGS, batch_size=16, sources={"target": "forward_func"})


@given(st.lists(st.integers(1, 5), min_size=1, max_size=4), st.integers(1, 9), st.floats(0, 1e-6))
def test_rounding_is_no_error_and_each_input_costs_one_image_more(sizes, batch_size, rounding):
    asked = []

    def oracle(examples, keep, features):
        asked.append(len(keep))
        answer = shares(examples, keep, features).target
        return Responses(answer * (1 + rounding * (-1) ** len(asked)))

    found = explain(oracle, sets(*sizes), SETTINGS, batch_size=batch_size)
    assert sum(one.model_inputs for one in found) == sum(asked)
    assert max(asked) <= batch_size
    n = np.array(sizes)
    # Greedy over n regions asks for n (n + 1) / 2 subsets, which hold the prefixes; their
    # complements, for collaboration's curve, are new but for what is asked before.
    for one, size in zip(found, n, strict=True):
        seen = {frozenset(range(size)), frozenset()}
        for k in range(size):
            seen |= {frozenset([*one.order[:k], c]) for c in one.order[k:]}
            seen |= {frozenset(one.order[: k + 1]), frozenset(one.order[k + 1 :])}
        assert one.model_inputs == len(seen) + 1


def test_the_check_halves_batches_that_do_not_fit():
    def oracle(examples, keep, features):
        if len(keep) > 2:
            raise OutOfMemoryError("too many")
        return shares(examples, keep, features)

    with pytest.warns(RuntimeWarning, match="batches of 2"):
        found = explain(oracle, sets(3, 3, 3, 3, 3), SETTINGS, batch_size=5)
    assert len(found) == 5
