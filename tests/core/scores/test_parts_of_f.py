"""F as a sum of the part that looks at a subset and the one that looks at what it leaves."""

import numpy as np
import pytest

from submod_core.engine import Responses
from submod_core.scores import Objective, Score, Weights
from submod_core.search.questions import Parts

N = 6


class Unlike(Score):
    """A score of both sides at once."""

    name = "unlike"
    needs = frozenset({"kept", "left"})

    def evaluate(self, answers):
        return answers.kept.target * answers.left.target


class Small(Score):
    """A score of no image."""

    name = "small"

    def evaluate(self, answers):
        return 1 - answers.subsets.mean(axis=1)


def answered(procedure, rng_seed=0):
    """Run a procedure with a network of random answers for each set of kept regions."""
    network = np.random.default_rng(rng_seed).normal(size=(N, 3))
    try:
        query = next(procedure)
        while True:
            found = np.tanh(query.keep @ network)
            responses = Responses((found[:, 0] + 1) / 2, (found[:, 1] + 1) / 2, found[:, 1:])
            query = procedure.send(responses)
    except StopIteration as stop:
        return stop.value


@pytest.mark.parametrize(
    "weights",
    [
        None,
        {"consistency": 2.0},
        {"collaboration": 3.0},
        {"consistency": 1.0, "collaboration": 1.0},
        {"confidence": 1.0, "effectiveness": 1.0},
        {"effectiveness": 1.0},
        {"collaboration": 1.0, Small(): 2.0},
    ],
)
def test_the_parts_sum_to_f(weights):
    weights = Weights.of(weights)
    subsets = np.random.default_rng(1).random((9, N)) < 0.5
    objective = Objective(N, weights)
    answered(objective.prepare())
    whole = weights.total(answered(objective.scores(subsets)))
    run = two(Parts(subsets), Parts(~subsets))
    (kept, _), (_, left) = answered(objective.answer(run))
    assert np.allclose(kept + left, whole)
    assert weights.parts
    assert ("kept" in weights.parts) or not kept.any()
    assert ("left" in weights.parts) or not left.any()


def two(first, second):
    """A search that asks two questions and returns the answers."""
    one = yield first
    return one, (yield second)


def test_a_score_of_both_sides_leaves_no_parts():
    assert Weights.of({"consistency": 1, Unlike(): 1}).parts == frozenset()
    assert Weights().parts == {"kept", "left"}
