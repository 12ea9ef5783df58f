import itertools
from functools import partial

import numpy as np
import pytest
import reference
from hypothesis import given, settings
from hypothesis import strategies as st

from submod_core import SEARCHES, rank
from submod_core.search import bidirectional, greedy, singletons, swaps, two_sided
from submod_core.testing import check_search


def random_function(seed, n):
    noise = np.random.default_rng(seed).normal(size=(n, n))
    return lambda subset: float(np.tanh(noise[np.ix_(sorted(subset), sorted(subset))].sum()))


CONFORMING = {name: name for name in SEARCHES if name != "random"} | {
    "swaps of two_sided": partial(swaps, base=two_sided),
    "swaps of singletons": partial(swaps, base=singletons, passes=50),
    "bidirectional by share": partial(bidirectional, n_pending=0.2),
}


@pytest.mark.parametrize("search", CONFORMING)
@settings(deadline=None, max_examples=30)
@given(n=st.integers(1, 40), seed=st.integers(0, 2**32 - 1))
def test_every_search_conforms(search, n, seed):
    check_search(CONFORMING[search], n, seed)


@settings(deadline=None, max_examples=30)
@given(n=st.integers(1, 40), seed=st.integers(0, 99))
def test_random_is_a_permutation_of_its_seed_and_asks_nothing(n, seed):
    one, again = (rank(len, n, "random", seed=seed) for _ in range(2))
    assert sorted(one.order.tolist()) == list(range(n))
    assert one.order.tolist() == again.order.tolist()
    assert one.evaluations == 0


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
    assert rank(lambda subset: 0.0, 49, "bidirectional", n_pending=n_pending).evaluations == evaluations


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


@settings(deadline=None, max_examples=60)
@given(n=st.integers(1, 14), batch=st.integers(1, 16), seed=st.integers(0, 2**32 - 1))
def test_batched_lazy_looks_at_the_largest_last_gains(n, batch, seed):
    function = random_function(seed, n)
    gains, order, base = dict.fromkeys(range(n), np.inf), [], 0.0
    while len(order) < n:
        left = sorted(set(range(n)) - set(order), key=lambda c: (-gains[c], c))
        looked = left[:batch] if order else left
        values = {c: function(frozenset([*order, c])) for c in looked}
        best = max(looked, key=lambda c: (values[c], -c))
        gains |= {c: value - base for c, value in values.items()}
        base = values[best]
        order.append(best)
    assert rank(function, n, "batched_lazy", batch=batch).order.tolist() == order


@settings(deadline=None, max_examples=60)
@given(n=st.integers(1, 14), window=st.integers(1, 16), seed=st.integers(0, 2**32 - 1))
def test_phase_window_is_its_description(n, window, seed):
    function = random_function(seed, n)
    order, base = [], 0.0
    while len(order) < n:
        screened = {c: function(frozenset([*order, c])) for c in set(range(n)) - set(order)}
        ranked = sorted(screened, key=lambda c: (-screened[c], c))
        outside = [screened[c] - base for c in ranked[window + 1 :]]
        order.append(ranked[0])
        base, inside = screened[ranked[0]], ranked[1 : window + 1]
        while inside:
            values = {c: function(frozenset([*order, c])) for c in inside}
            best = max(inside, key=lambda c: (values[c], -c))
            if outside and values[best] - base < outside[0]:
                break
            order.append(best)
            base = values[best]
            inside.remove(best)
            if inside:
                inside.remove(min(inside, key=lambda c: (values[c], -c)))
    assert rank(function, n, "phase_window", window=window).order.tolist() == order


@settings(deadline=None, max_examples=40)
@given(n=st.integers(1, 12), seed=st.integers(0, 2**32 - 1))
def test_a_beam_of_width_1_is_greedy(n, seed):
    function = random_function(seed, n)
    assert rank(function, n, "beam", width=1).order.tolist() == rank(function, n, "greedy").order.tolist()


def prefix_sum(function, order):
    return sum(function(frozenset(order[:k])) for k in range(1, len(order) + 1))


@settings(deadline=None, max_examples=30)
@given(n=st.integers(1, 6), seed=st.integers(0, 2**32 - 1))
def test_a_wide_beam_finds_the_order_of_the_largest_sum(n, seed):
    function = random_function(seed, n)
    best = max(prefix_sum(function, order) for order in itertools.permutations(range(n)))
    assert np.isclose(prefix_sum(function, rank(function, n, "beam", width=20).order.tolist()), best)


@settings(deadline=None, max_examples=40)
@given(n=st.integers(1, 12), seed=st.integers(0, 2**32 - 1))
def test_swaps_leave_no_neighbours_to_exchange(n, seed):
    function = random_function(seed, n)
    order = rank(function, n, partial(swaps, base=singletons, passes=1000)).order.tolist()
    for k in range(n - 1):
        other = [*order[:k], order[k + 1]]
        assert function(frozenset(order[: k + 1])) >= function(frozenset(other))


def worth(function, n, remainder):
    return lambda subset: function(subset) - (remainder and remainder * function(frozenset(range(n)) - subset))


def assert_same_up_to_noise(function, found, expected, sizes, remainder):
    """The prefixes are the same; where remainders count, up to the first where two of the same worth part ways."""
    for size in sizes:
        mine, other = frozenset(found[:size]), frozenset(expected[:size])
        if mine != other:
            assert remainder
            assert abs(function(mine) - function(other)) < 1e-5
            return


remainders = st.sampled_from([0, 0.5, 1.0])


@settings(deadline=None, max_examples=40)
@given(n=st.integers(1, 12), remainder=remainders, seed=st.integers(0, 2**32 - 1))
def test_guided_without_guesses_is_backward(n, remainder, seed):
    function = random_function(seed, n)
    found = rank(function, n, "guided", admitted=0, window=1, polish=0, remainder=remainder)
    worths = worth(function, n, remainder)
    assert_same_up_to_noise(worths, found.order.tolist(), slow_backward(worths, n), range(n - 1, 0, -1), remainder)


@settings(deadline=None, max_examples=30)
@given(n=st.integers(1, 12), admitted=st.integers(0, 3), remainder=remainders, seed=st.integers(0, 2**32 - 1))
def test_guided_admits_like_greedy(n, admitted, remainder, seed):
    function = random_function(seed, n)
    found = rank(function, n, "guided", admitted=admitted, window=1, polish=0, remainder=remainder)
    worths = worth(function, n, remainder)
    best, _ = reference.greedy(worths, n)
    assert_same_up_to_noise(worths, found.order.tolist(), best, range(1, admitted + 1), remainder)


def test_guided_admits_a_share():
    def evaluations(n, admitted):
        return rank(len, n, "guided", admitted=admitted).evaluations

    assert evaluations(30, 0.09) == evaluations(30, 2) != evaluations(30, 1)
    assert evaluations(3, 0.04) == evaluations(3, 1)


@pytest.mark.parametrize(("n", "share"), [(12, 0.25), (49, 0.25), (196, 0.125)])
def test_guided_looks_at_a_quarter_and_at_less_of_many(n, share):
    weights = np.random.default_rng(0).random(n)
    by_default, by_hand = (
        rank(lambda chosen: float(weights[list(chosen)].sum() ** 2), n, "guided", polish=0, **options)
        for options in ({}, {"window": share})
    )
    assert by_default.order.tolist() == by_hand.order.tolist()
    assert by_default.evaluations == by_hand.evaluations


@pytest.mark.parametrize("search", sorted(SEARCHES))
@pytest.mark.parametrize("n", [0, -1, 2.5, True])
def test_every_search_refuses_what_is_no_count_of_elements(search, n):
    with pytest.raises(ValueError, match=rf"`n` \(={n}\)"):
        rank(len, n, search)


@settings(deadline=None, max_examples=30)
@given(n=st.integers(2, 25), admitted=st.integers(0, 4), remainder=remainders, seed=st.integers(0, 2**32 - 1))
def test_polishing_raises_the_sum_and_leaves_the_admitted(n, admitted, remainder, seed):
    function = random_function(seed, n)
    options = {"admitted": admitted, "remainder": remainder}
    rough, fine = (rank(function, n, "guided", **options, polish=polish) for polish in (0, 8))
    sums = [
        sum(worth(function, n, remainder)(frozenset(found.order[:size].tolist())) for size in range(1, n))
        for found in (rough, fine)
    ]
    assert sums[1] >= sums[0] - 1e-9
    assert fine.order[:admitted].tolist() == rough.order[:admitted].tolist()
    assert fine.evaluations <= rough.evaluations + (2 if remainder else 1) * 8 * n


@pytest.mark.parametrize(
    ("search", "options"),
    [
        ("guided", {"admitted": -1}),
        ("guided", {"admitted": 1.5}),
        ("guided", {"admitted": 0.0}),
        ("guided", {"window": 0}),
        ("guided", {"polish": -1}),
        ("guided", {"polish": float("inf")}),
        ("guided", {"remainder": -0.5}),
        ("batched_lazy", {"batch": 0}),
        ("phase_window", {"window": 1.5}),
        ("beam", {"width": 0}),
        (partial(swaps, base=greedy), {"passes": 0}),
        ("bidirectional", {"n_pending": 1.0}),
    ],
)
def test_searches_refuse_options_out_of_range(search, options):
    (name,) = options
    with pytest.raises(ValueError, match=f"`{name}`"):
        rank(len, 3, search, **options)


@pytest.mark.parametrize(("search", "name"), [("guided", "admitted"), ("bidirectional", "n_pending")])
def test_counts_that_may_be_shares_say_so(search, name):
    with pytest.raises(ValueError, match=rf"`{name}` \(=1.5\) must be a whole number.*, or a share in \(0, 1\)"):
        rank(len, 3, search, **{name: 1.5})


@pytest.mark.parametrize("options", [{"retired": 0}, {"window": 0}, {"window": 1.1}, {"refresh": 0.5}])
def test_two_sided_refuses(options):
    (name,) = options
    with pytest.raises(ValueError, match=f"`{name}`"):
        two_sided(5, **options)


def test_evaluations_of_greedy_at_49_regions():
    assert rank(lambda subset: 0.0, 49, "greedy").evaluations == 49 * 50 // 2 == 1225


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


@pytest.mark.parametrize("family", [coverage, facility_location])
@settings(deadline=None, max_examples=80)
@given(data=st.data(), offset=st.floats(-9, 9))
def test_lazy_is_greedy_on_submodular_functions(family, data, offset):
    n, function = family(data.draw)
    eager, lazy = (rank(lambda chosen: function(chosen) + offset, n, search) for search in ("greedy", "lazy"))
    assert np.allclose(lazy.values, eager.values)
    assert lazy.evaluations <= eager.evaluations


def test_lazy_saves_evaluations():
    rng = np.random.default_rng(0)
    benefit = rng.random((40, 30))
    function = lambda chosen: float(benefit[:, sorted(chosen)].max(axis=1).sum())  # noqa: E731
    eager, lazy = (rank(function, 30, search) for search in ("greedy", "lazy"))
    assert lazy.order.tolist() == eager.order.tolist()
    assert lazy.evaluations < 0.5 * eager.evaluations


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
        ({"n": 3, "n_pending": 1.0}, "`n_pending`"),
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
