"""Guided search within a budget of images: the curves along the order are always paid for."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from submod_core.scores.budget import ImageBudget
from submod_core.search import Guided, Order, Parts, prefixes
from submod_core.search._judge import Judge
from submod_core.search._plan import Plan
from submod_core.search._polish import polish


def network(n, seed):
    """A function of subsets (B, n), with one hidden layer."""
    rng = np.random.default_rng(seed)
    inner, outer = rng.normal(size=(n, 5)), rng.normal(size=5)
    return lambda keep: 1 / (1 + np.exp(-np.tanh(keep @ inner) @ outer))


def driven(run, function, budget, parts, both):
    """Answer the questions of a search; an image is spent for each side that F looks at."""
    try:
        question = next(run)
        while True:
            asked = question.sides if isinstance(question, Parts) else question
            shown = np.concatenate([asked, ~asked]) if both and not parts else asked
            assert budget.allows(shown), "the search asks for more than it has"
            budget.spend(shown, False)
            if parts:
                answer = np.stack([("kept" in parts) * 4, ("left" in parts) * -1])[:, None]
                answer = answer * function(asked)
            else:
                answer = 4 * function(asked) - both * function(~asked)
            question = run.send(answer)
    except StopIteration as stop:
        return stop.value


def left_beside_the_curves(budget, order):
    along = prefixes(order)
    return budget.left - budget.cost(np.concatenate([along, ~along]))


@settings(max_examples=25)
@given(
    n=st.integers(5, 22),
    share=st.floats(0, 1),
    options=st.fixed_dictionaries(
        {
            "complement_weight": st.sampled_from([None, 0, 0.5]),
            "ahead": st.sampled_from([0, 32, 64]),
            "polish": st.sampled_from([0, 1, 6, 15]),
            "front": st.sampled_from([None, 0.3]),
        }
    ),
    seed=st.integers(0, 2**32 - 1),
)
@pytest.mark.parametrize(
    ("parts", "both"),
    [(("kept", "left"), True), (("kept",), False), ((), True), ((), False)],
    ids=["two parts", "one part", "F of both sides", "F of one side"],
)
def test_a_budget_pays_for_the_search_and_the_curves(parts, both, n, share, options, seed):
    budget = ImageBudget(n, 2 * n + 1 + int(share * 15 * n), planned=True)
    run = Guided(**options).start(n, sees_complements=both, parts=parts, budget=budget)
    found = driven(run, network(n, seed), budget, parts, both)
    assert sorted(found.order) == list(range(n))
    assert left_beside_the_curves(budget, found.order) >= 0


@settings(max_examples=40)
@given(
    n=st.integers(10, 23),
    ahead=st.sampled_from([0, 48, 96]),
    spare=st.integers(0, 60),
    seed=st.integers(0, 2**32 - 1),
)
@example(n=22, ahead=48, spare=24, seed=6)  # filling the rounds leaves too few there
@example(n=20, ahead=96, spare=29, seed=99)
def test_moves_leave_enough_for_the_curves(n, ahead, spare, seed):
    """Images are kept back whatever is known of the prefixes before the moves."""
    rng, parts = np.random.default_rng(seed), ("kept", "left")
    budget = ImageBudget(n, 10**6, planned=True)
    order = Order(n, True, budget, parts)
    judge = Judge(order, 1.0)
    judge.assume_not_modular()
    chain, weights = rng.permutation(n), rng.exponential(size=n)
    along, known = prefixes(chain), rng.integers(3, size=n + 1)
    seen = [np.ones((1, n), bool), along[1:][known[1:] != 1], ~along[:-1][known[:-1] != 0]]
    seen.append(rng.random((3 * n, n)) < rng.random((3 * n, 1)))

    def saturating(keep):
        return 1 - np.exp(-6 * (keep @ weights) / weights.sum())

    driven(judge.look_at(np.concatenate(seen)), saturating, budget, parts, both=True)
    order.rearrange(chain.tolist(), judge.values(along[1:]))
    budget.left = budget.cost(np.concatenate([along, ~along])) + spare
    plan = Plan(order, judge, 0.25, 6 * n)
    driven(polish(order, judge, 0, 6 * n, plan, ahead), saturating, budget, parts, both=True)
    assert left_beside_the_curves(budget, order.front) >= 0
