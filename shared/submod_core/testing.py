"""Conformance of a search, for whoever writes one."""

from collections.abc import Callable

import numpy as np

from submod_core.ranking import rank
from submod_core.search import Search


def check_search(search: str | Callable[..., Search], n: int, seed: int = 0) -> None:
    """Assert what every search must hold on a random set function of n elements.

    It returns a permutation, evaluates what it says it does, is deterministic, keeps to any budget and still returns
    all elements, and ties break to the lowest index. On modular functions it sorts.

    Parameters
    ----------
    search : str or callable
        As in `submod_core.rank`.
    n : int
        Number of elements.
    seed : int
        Of the random functions.

    Raises
    ------
    AssertionError
        If it does not hold.

    Examples
    --------
    >>> check_search("greedy", 7)
    """
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
    assert np.array_equal(rank(function, n, search).order, full.order), "the search must be deterministic"

    for budget in {1, n, 2 * n, max(1, full.evaluations)}:
        calls.clear()
        cut = rank(function, n, search, max_evaluations=budget)
        assert len(calls) == cut.evaluations <= budget, "the budget must hold"
        assert sorted(cut.order.tolist()) == list(range(n)), "a cut search must still return all elements"
    assert np.array_equal(cut.order, full.order) or budget < full.evaluations, "a budget that is enough changes nothing"

    weights = rng.permutation(n) / n
    modular = rank(lambda subset: float(sum(weights[list(subset)])), n, search)
    assert np.array_equal(modular.order, np.argsort(-weights)), "on a modular function the search must sort"
    flat = rank(lambda subset: 0.0, n, search)
    assert flat.order[0] == 0, "ties must break to the lowest index"


def _check_values(order: np.ndarray, values: np.ndarray, function: Callable[[frozenset[int]], float]) -> None:
    for size, value in enumerate(values, start=1):
        expected = function(frozenset(order[:size].tolist()))
        assert np.isnan(value) or value == expected, "values must be F of the prefixes, or NaN"
