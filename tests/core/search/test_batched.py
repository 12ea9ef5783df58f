"""`rank` with a function of all subsets of a round."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from submod_core import rank
from submod_core.search import SEARCHES


@given(st.sampled_from(sorted(SEARCHES)), st.integers(1, 8), st.integers(0, 99))
def test_it_gives_what_one_call_a_subset_gives(search, n, seed):
    rng = np.random.default_rng(seed)
    inner, outer = rng.normal(size=(n, 3)), rng.normal(size=3)
    rounds = []

    def together(subsets):
        rounds.append(len(subsets))
        return np.tanh(subsets @ inner) @ outer

    def alone(chosen):
        subset = np.isin(np.arange(n), list(chosen))
        return float(np.tanh(subset[None] @ inner)[0] @ outer)

    found, expected = rank(together, n, search, batched=True), rank(alone, n, search)
    assert found.order.tolist() == expected.order.tolist()
    assert np.allclose(found.values, expected.values, equal_nan=True)
    assert sum(rounds) == found.evaluations == expected.evaluations


@pytest.mark.parametrize(
    ("function", "error", "said"),
    [
        (lambda subsets: 1.0, TypeError, r"returned shape \(\) of float64 for 3 subsets"),
        (lambda subsets: ["a"] * len(subsets), TypeError, "a number for each"),
        (lambda subsets: subsets @ [1, np.nan, 1], ValueError, r"returned nan for \{"),
        (lambda subsets: next(iter(())), RuntimeError, "raised StopIteration"),
    ],
)
def test_bad_answers_are_told(function, error, said):
    with pytest.raises(error, match=f"`set_function` .*{said}|`set_function` {said}"):
        rank(function, 3, "greedy", batched=True)


def test_the_function_cannot_change_the_search():
    def spoils(subsets):
        values = subsets.sum(1)
        subsets[:] = False
        return values

    assert rank(spoils, 4, "greedy", batched=True).order.tolist() == [0, 1, 2, 3]
