"""Conformance of a search, for whoever writes one."""

import pickle
from collections.abc import Callable

import numpy as np

from submod_core._checks import check_count
from submod_core._types import FloatArray, IntArray
from submod_core.search import Search, as_search, rank


def check_search(search: str | Search, n: int, seed: int = 0) -> None:
    """Assert all that a search must hold on random set functions of n elements.

    It returns a permutation, evaluates what it says it does, is deterministic, keeps to any budget
    and still returns all elements; a budget that is enough changes nothing; ties break to the
    lowest index. On modular functions it sorts. Neither a constant added to the function nor its
    unit changes the order. It equals its pickled copy.

    Parameters
    ----------
    search : str or Search
        As in `submod_core.rank`.
    n : int
        Number of elements.
    seed : int
        Of the random functions.

    Raises
    ------
    AssertionError
        If one of these does not hold.
    TypeError, ValueError
        If it is no search, or another argument is no whole number.

    Examples
    --------
    >>> check_search("greedy", 7)
    """
    check_count("n", n)
    check_count("seed", seed, least=0)
    copy = pickle.loads(pickle.dumps(as_search(search)))
    assert copy == as_search(search), "a search must equal its pickled copy"
    rng = np.random.default_rng(seed)
    noise = rng.normal(size=(n, n))
    calls: list[frozenset[int]] = []

    def function(subset: frozenset[int]) -> float:
        calls.append(subset)
        members = sorted(subset)
        return float(np.tanh(noise[np.ix_(members, members)].sum()))

    full = rank(function, n, search)
    assert sorted(full.order.tolist()) == list(range(n)), "the order must be a permutation"
    assert full.searched.all(), "without a budget the search places every element"
    assert full.evaluations == len(calls), "evaluations must be counted"
    assert all(calls), "a search has no need of the empty set"
    _check_values(full.order, full.values, function)
    assert np.array_equal(rank(function, n, search).order, full.order), "must be deterministic"

    for budget in sorted({1, n, 2 * n, max(1, full.evaluations - 1), max(1, full.evaluations)}):
        calls.clear()
        cut = rank(function, n, search, max_evaluations=budget)
        assert len(calls) == cut.evaluations <= budget, "the budget must hold"
        assert sorted(cut.order.tolist()) == list(range(n)), "a cut search must return all elements"
        if budget >= full.evaluations:
            same = np.array_equal(cut.order, full.order) and cut.searched.all()
            assert same, "a budget that is enough changes nothing"

    weights = rng.permutation(n) / n
    modular = rank(lambda subset: float(sum(weights[list(subset)])), n, search)
    assert np.array_equal(modular.order, np.argsort(-weights)), "it must sort a modular function"

    def measured(unit: float, constant: float) -> IntArray:
        # Values have few digits, so that products and sums are exact.
        return rank(lambda s: unit * round(256 * function(s)) + constant, n, search).order

    plain = measured(1, 0)
    assert np.array_equal(measured(2**-40, 0), plain), "the unit of F must not matter"
    assert np.array_equal(measured(1, 2**24), plain), "a constant added to F must not matter"
    flat = rank(lambda subset: 0.0, n, search)
    assert flat.order[0] == 0, "ties must break to the lowest index"


def _check_values(
    order: IntArray, values: FloatArray, function: Callable[[frozenset[int]], float]
) -> None:
    for size, value in enumerate(values, start=1):
        expected = function(frozenset(order[:size].tolist()))
        assert np.isnan(value) or value == expected, "values must be F of the prefixes, or NaN"
