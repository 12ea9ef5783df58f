import itertools

import numpy as np
import pytest
import reference
from hypothesis import given, settings
from hypothesis import strategies as st

from submod_core import SEARCHES, rank
from submod_core.objective import count_evaluations
from submod_core.search import bidirectional, greedy, two_sided
from submod_core.testing import check_search


def random_function(seed, n):
    noise = np.random.default_rng(seed).normal(size=(n, n))
    return lambda subset: float(np.tanh(noise[np.ix_(sorted(subset), sorted(subset))].sum()))


@pytest.mark.parametrize("search", SEARCHES)
@settings(deadline=None, max_examples=30)
@given(n=st.integers(1, 40), seed=st.integers(0, 2**32 - 1))
def test_every_search_conforms(search, n, seed):
    check_search(search, n, seed)


@settings(deadline=None, max_examples=60)
@given(n=st.integers(1, 14), n_pending=st.integers(1, 16), seed=st.integers(0, 2**32 - 1))
def test_bidirectional_is_algorithm_1(n, n_pending, seed):
    function = random_function(seed, n)
    ranking = rank(function, n, "bidirectional", n_pending=n_pending)
    order, evaluations = reference.algorithm_1(function, n, n_pending)
    assert ranking.order.tolist() == order
    assert ranking.evaluations == evaluations


@settings(deadline=None, max_examples=60)
@given(n=st.integers(1, 14), seed=st.integers(0, 2**32 - 1))
def test_greedy_is_greedy(n, seed):
    function = random_function(seed, n)
    ranking = rank(function, n, "greedy")
    assert (ranking.order.tolist(), ranking.evaluations) == reference.greedy(function, n)


@pytest.mark.parametrize(("n_pending", "evaluations"), [(1, 649), (4, 719), (8, 805), (12, 883), (16, 953), (49, 1225)])
def test_evaluations_of_bidirectional_at_49_regions(n_pending, evaluations):
    assert count_evaluations(bidirectional(49, n_pending=n_pending)) == evaluations


def slow_backward(function, n):
    kept, order = set(range(n)), []
    while kept:
        if len(kept) == 1:
            return [*kept, *order]
        values = {c: function(frozenset(kept - {c})) for c in kept}
        out = max(kept, key=lambda c: (values[c], c))
        order.insert(0, out)
        kept.remove(out)
    return order


@settings(deadline=None, max_examples=60)
@given(n=st.integers(1, 14), seed=st.integers(0, 2**32 - 1))
def test_backward_is_backward_elimination(n, seed):
    function = random_function(seed, n)
    ranking = rank(function, n, "backward")
    assert ranking.order.tolist() == slow_backward(function, n)
    assert ranking.evaluations == n * (n + 1) // 2 - 1


@settings(deadline=None, max_examples=60)
@given(n=st.integers(1, 14), seed=st.integers(0, 2**32 - 1), retired=st.integers(1, 3))
def test_two_sided_with_a_full_window_picks_from_both_ends(n, seed, retired):
    function = random_function(seed, n)
    front, back, left = [], [], set(range(n))
    while left:
        values = {c: function(frozenset([*front, c])) for c in left}
        front.append(max(left, key=lambda c: (values[c], -c)))
        left.remove(front[-1])
        for _ in range(retired):
            if len(left) > 1:
                values = {c: function(frozenset([*front, *left]) - {c}) for c in left}
                back.insert(0, max(left, key=lambda c: (values[c], c)))
                left.remove(back[0])
    assert rank(function, n, "two_sided", retired=retired, window=1.0).order.tolist() == front + back


@pytest.mark.parametrize("options", [{"retired": 0}, {"window": 0}, {"window": 1.1}, {"refresh": 0.5}])
def test_two_sided_refuses(options):
    (name,) = options
    with pytest.raises(ValueError, match=f"`{name}`"):
        two_sided(5, **options)


def test_evaluations_of_greedy_at_49_regions():
    assert count_evaluations(greedy(49)) == 49 * 50 // 2 == 1225


def coverage(draw):
    sets = draw(st.lists(st.sets(st.integers(0, 11)), min_size=1, max_size=7))
    weights = draw(st.lists(st.floats(0, 5), min_size=12, max_size=12))
    return len(sets), lambda chosen: sum(weights[e] for e in set().union(*(sets[i] for i in chosen)))


def facility_location(draw):
    n = draw(st.integers(1, 7))
    row = st.lists(st.floats(0, 5), min_size=n, max_size=n)
    benefit = np.array(draw(st.lists(row, min_size=1, max_size=6)))
    return n, lambda chosen: float(benefit[:, sorted(chosen)].max(axis=1).sum()) if chosen else 0.0


@pytest.mark.parametrize("family", [coverage, facility_location])
@settings(deadline=None, max_examples=80)
@given(data=st.data())
def test_greedy_reaches_its_guarantee_on_monotone_submodular_functions(family, data):
    n, function = family(data.draw)
    ranking = rank(function, n, "greedy")
    for k in range(1, n + 1):
        best = max(function(frozenset(s)) for s in itertools.combinations(range(n), k))
        assert ranking.values[k - 1] >= (1 - 1 / np.e) * best - 1e-9


def test_a_budget_that_runs_out_orders_the_rest_by_last_value_and_says_so():
    weights = [3.0, 1.0, 4.0, 1.5, 9.0]
    ranking = rank(lambda chosen: sum(weights[i] for i in chosen), 5, "greedy", max_evaluations=5)
    assert ranking.order.tolist() == [4, 2, 0, 3, 1]
    assert ranking.searched.tolist() == [True, False, False, False, False]
    assert ranking.evaluations == 5


def test_a_budget_keeps_what_the_back_already_holds():
    weights = np.arange(12.0)
    ranking = rank(lambda s: float(weights[list(s)].sum()), 12, "bidirectional", n_pending=2, max_evaluations=30)
    assert ranking.order.tolist() == list(range(11, -1, -1))
    assert ranking.searched[0]
    assert ranking.searched[-1]
    assert not ranking.searched.all()


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"n": 0}, "`n`"),
        ({"n": 2.5}, "`n`"),
        ({"n": 3, "search": "fastest"}, "`search`"),
        ({"n": 3, "n_pending": 0}, "`n_pending`"),
        ({"n": 3, "n_pending": 1.5}, "`n_pending`"),
        ({"n": 3, "max_evaluations": 0}, "`max_evaluations`"),
        ({"n": 3, "max_evaluations": 2.5}, "`max_evaluations`"),
        ({"n": 3, "set_function": lambda s: float("nan")}, "`set_function`"),
    ],
)
def test_bad_arguments(arguments, named):
    with pytest.raises(ValueError, match=named):
        rank(**({"set_function": len} | arguments))


def test_an_option_that_the_search_does_not_have():
    with pytest.raises(TypeError, match="n_pending"):
        rank(len, 3, "greedy", n_pending=3)
