"""Diagnostics of F from a search's evaluations, against brute force."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from submod_core.results import Diagnostics
from submod_core.search import prefixes, rank

covers = st.lists(st.frozensets(st.integers(0, 9), max_size=4), min_size=1, max_size=7)


def diagnosed(function, n, search, **options):
    ranking = rank(function, n, search=search, **options)
    along = [
        function(frozenset(np.flatnonzero(prefix).tolist())) for prefix in prefixes(ranking.order)
    ]
    return Diagnostics.of(ranking, along), along


@given(covers, st.sampled_from(["greedy", "bidirectional"]))
def test_on_submodular_functions_nothing_grows_and_the_bound_holds(sets, search):
    def coverage(chosen):
        return float(len(set().union(*(sets[i] for i in chosen))))

    n = len(sets)
    found, along = diagnosed(coverage, n, search)
    assert found.grown == 0
    assert found.largest_violation == 0
    for k in range(n + 1):
        best = max(coverage(frozenset(chosen)) for chosen in combinations(range(n), k))
        assert found.bound[k] >= best - 1e-9
        if found.bound[k]:
            assert found.certificate[k] == pytest.approx(along[k] / found.bound[k])
    if search == "greedy":
        assert all(c >= 1 - 1 / np.e for c in found.certificate[1:][found.bound[1:] > 0])


def test_growing_gains_are_counted():
    found, _ = diagnosed(lambda chosen: float(len(chosen) ** 2), 4, "greedy")
    assert (found.compared, found.grown, found.share_grown) == (6, 6, 1.0)
    assert found.largest_violation == 2.0
    assert np.nanmax(found.certificate) > 1, "a certificate above 1 disproves submodularity"


@given(st.lists(st.floats(0.1, 5), min_size=1, max_size=6))
def test_on_modular_functions_the_bound_is_exact(weights):
    found, along = diagnosed(
        lambda chosen: sum(weights[i] for i in sorted(chosen)), len(weights), "greedy"
    )
    assert np.allclose(found.bound, along)


def test_one_round_compares_nothing():
    ranking = rank(len, 3, search="greedy", max_evaluations=3)
    found = Diagnostics.of(ranking, np.arange(4.0))
    assert found.compared == 0
    assert np.isnan(found.share_grown)
