"""Guided search of an F that is a sum of two parts, each of which looks at one side of a subset."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from submod_core.search import Guided, Order, Parts
from submod_core.search._judge import Judge

NETWORKS = {"kept": 0, "left": 1}


def parts_of(n, seed):
    """kept(X) and left(X) of a side X, two random networks."""
    noise = np.random.default_rng(seed).normal(size=(2, n, n))
    return [
        lambda side, one=one: float(np.tanh(side @ one @ side / n)) if side.any() else 0.0
        for one in noise
    ]


def ran(search, n, parts, kept, left, **options):
    """The ranking of a search that may ask for parts, and every side that it was told of."""
    run, asked, plain = search.start(n, parts=parts, **options), [], 0
    try:
        question = next(run)
        while True:
            if isinstance(question, Parts):
                asked.extend(question.sides)
                answer = np.array([[kept(x), left(x)] for x in question.sides]).T
                answer[[i for name, i in NETWORKS.items() if name not in parts]] = 0
            else:
                plain += len(question)
                answer = np.array([kept(x) + left(~x) for x in question])
            question = run.send(answer)
    except StopIteration as stop:
        return stop.value, asked, plain


@settings(max_examples=15)
@given(n=st.integers(1, 16), seed=st.integers(0, 2**32 - 1), ahead=st.sampled_from([0, 30]))
@pytest.mark.parametrize("parts", [("kept", "left"), ("kept",), ("left",)])
@pytest.mark.parametrize("weight", [None, 0, 0.5, 1])
def test_it_asks_for_each_side_once_and_knows_f_of_every_prefix(parts, weight, n, seed, ahead):
    kept, left = parts_of(n, seed)
    kept = kept if "kept" in parts else lambda side: 0.0
    left = left if "left" in parts else lambda side: 0.0
    search = Guided(complement_weight=weight, ahead=ahead)
    found, asked, plain = ran(search, n, parts, kept, left, sees_complements=len(parts) == 2)
    assert plain == 0
    assert len({side.tobytes() for side in asked}) == len(asked) == found.evaluations
    assert sorted(found.order) == list(range(n))
    assert found.searched.all()
    for k in range(1, n + 1):
        prefix = np.isin(np.arange(n), found.order[:k])
        assert found.values[k - 1] == pytest.approx(kept(prefix) + left(~prefix))
    again, _, _ = ran(search, n, parts, kept, left, sees_complements=len(parts) == 2)
    assert again.order.tolist() == found.order.tolist()


@settings(max_examples=15)
@given(n=st.integers(2, 60), seed=st.integers(0, 2**32 - 1))
def test_a_modular_function_is_sorted_by_one_side(n, seed):
    weights = np.random.default_rng(seed).permutation(n) / n
    kept, left = (lambda side: float(weights @ side)), (lambda side: float(-3 * weights @ side))
    found, asked, _ = ran(Guided(), n, ("kept", "left"), kept, left)
    assert found.order.tolist() == np.argsort(-weights).tolist()
    both, _, plain = ran(Guided(), n, (), kept, left)
    assert both.order.tolist() == found.order.tolist()
    # Both sides of a subset are two images each time.
    assert n < 10 or len(asked) < 0.8 * plain


def test_it_takes_fewer_images_than_both_sides_of_every_subset():
    """Half of the elements are next to nothing, whichever they are, as for photographs."""
    images, areas = np.zeros((2, 3)), np.zeros((2, 3))
    for seed in range(3):
        weights = np.random.default_rng(seed).exponential(size=40)

        def kept(side, weights=weights):
            return float(1 / (1 + np.exp(20 - 25 * (weights @ side) / weights.sum())))

        def left(side, kept=kept):
            return -kept(side) / 4

        for way, parts in enumerate([("kept", "left"), ()]):
            found, asked, plain = ran(Guided(), 40, parts, kept, left)
            images[way, seed] = len(asked) + plain
            areas[way, seed] = found.values.mean()
    assert images[0].sum() < 0.95 * images[1].sum()
    assert areas[0].mean() > 0.98 * areas[1].mean()


@settings(max_examples=15)
@given(
    n=st.integers(1, 10),
    weight=st.sampled_from([0.0, 0.5, 1.0, 2.0]),
    seed=st.integers(0, 2**32 - 1),
)
def test_known_worth_is_f_less_the_weighted_f_of_the_complement(n, weight, seed):
    kept, left = parts_of(n, seed)
    whole = lambda side: kept(side) + left(~side)  # noqa: E731
    subsets = np.random.default_rng(seed).random((6, n)) < 0.5
    judge = Judge(Order(n, parts=("kept", "left")), weight)

    def told(run):
        for question in run:
            with pytest.raises(StopIteration):
                run.send(np.array([[kept(x), left(x)] for x in question.sides]).T)
            return

    told(judge.look_at(np.concatenate([np.ones((1, n), bool), subsets, ~subsets])))
    expected = np.array([whole(x) - weight * whole(~x) for x in subsets])
    # Worths are counted from that of one subset, and rounded to a millionth.
    found = judge.worth(subsets)
    assert np.allclose(found - found[0], expected - expected[0], atol=1e-4)
    assert np.allclose(judge.values(subsets), [whole(x) for x in subsets])


def test_parts_have_names():
    with pytest.raises(ValueError, match=r"`parts` .*right.* must be a collection"):
        Order(3, parts=("kept", "right"))
