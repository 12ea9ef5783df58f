import dataclasses
import inspect
import itertools
import pickle
import statistics

import numpy as np
import pytest
import reference
from hypothesis import example, given, settings
from hypothesis import strategies as st
from set_functions import random_function, worth
from soak.amounts import FULL

from submod_core.methods import LiMASettings
from submod_core.search import (
    SEARCHES,
    BatchedLazy,
    Beam,
    Bidirectional,
    Greedy,
    Guided,
    PhaseWindow,
    Random,
    Singletons,
    Swaps,
    TwoSided,
    _polish,
    as_search,
    rank,
)
from submod_core.testing.search import check_search

CONFORMING = {name: name for name in SEARCHES if name != "random"} | {
    "swaps of two_sided": Swaps(base=TwoSided()),
    "swaps of singletons": Swaps(base=Singletons(), passes=50),
    "bidirectional by share": Bidirectional(n_pending=0.2),
}


@pytest.mark.parametrize("search", CONFORMING)
@settings(max_examples=20 if FULL else 5)
@given(n=st.integers(1, 40), seed=st.integers(0, 2**32 - 1))
def test_every_search_conforms(search, n, seed):
    check_search(CONFORMING[search], n, seed)


ALL = {**CONFORMING, "random": "random"}


@pytest.mark.parametrize("search", ALL)
@settings(max_examples=10)
@given(
    n=st.integers(1, 25),
    seed=st.integers(0, 2**32 - 1),
    exponent=st.integers(-300, 300),
    constant=st.integers(-(2**24), 2**24),
    weight=st.sampled_from([0.0, 0.5, 1.0, None]),
)
def test_neither_unit_nor_constant_changes_an_order(search, n, seed, exponent, constant, weight):
    # Few digits: products and sums are exact, and nothing is left to rounding.
    function, unit = random_function(seed, n), 2.0**exponent
    search = Guided(complement_weight=weight) if search == "guided" else ALL[search]
    plain, other = (
        rank(lambda s, u=u, c=c: (round(256 * function(s)) + c) * u, n, search)
        for u, c in ((1, 0), (unit, constant))
    )
    assert other.order.tolist() == plain.order.tolist()
    assert other.evaluations == plain.evaluations
    assert np.array_equal(other.values, (plain.values + constant) * unit, equal_nan=True)


@pytest.mark.parametrize("search", ALL)
@pytest.mark.parametrize("seed", range(4))
def test_units_and_constants_that_round_change_no_order_either(search, seed):
    n = 16 + seed
    noise = np.random.default_rng(seed).normal(size=(n, n))
    plain, *others = (
        rank(
            lambda s, u=u, c=c: u * (noise[np.ix_(sorted(s), sorted(s))].sum() + c), n, ALL[search]
        )
        for u, c in ((1, 0), (1e-8, 0), (1e-300, 0), (3.7e9, 0), (1, 1e5), (1, -0.3), (1e-8, 1e4))
    )
    for other in others:
        assert other.order.tolist() == plain.order.tolist()
        assert other.evaluations == plain.evaluations


@pytest.mark.parametrize("search", sorted({*SEARCHES} - {"random", "singletons"}))
@pytest.mark.parametrize("constant", [0, 1, -1, 1e5])
@pytest.mark.parametrize("sign", [1, -1])
def test_a_modular_function_is_sorted_whatever_the_empty_set_is_worth(search, constant, sign):
    weights = sign * np.random.default_rng(0).permutation(49) / 49
    ranking = rank(lambda s: float(weights[sorted(s)].sum()) + constant, 49, search)
    assert ranking.order.tolist() == np.argsort(-weights).tolist()


@pytest.mark.parametrize("n", [41, 80, 120] if FULL else [41, 60])
def test_guided_conforms_at_more_elements(n):
    check_search("guided", n)


@pytest.mark.slow
@pytest.mark.parametrize("weight", [0, 1] if FULL else [1])
def test_guided_sorts_many_elements_by_a_modular_function(weight):
    weights = np.random.default_rng(0).permutation(450) / 450
    function = lambda s: float(weights[sorted(s)].sum())  # noqa: E731
    ranking = rank(function, 450, Guided(complement_weight=weight))
    assert ranking.order.tolist() == np.argsort(-weights).tolist()


@pytest.mark.parametrize("n", [17, 24])
def test_guided_moves_within_blocks_of_a_long_order(n, monkeypatch):
    monkeypatch.setattr(_polish, "_BLOCK", 8)
    check_search("guided", n)
    cuts, tried = np.linspace(0, n, -(-n // 8) + 1).astype(int), []
    within = _polish._moves
    monkeypatch.setattr(_polish, "_moves", lambda *given: tried.append(within(*given)) or tried[-1])
    for seed in range(5):
        rank(random_function(seed, n), n, "guided")
    moves = [move for apart, further, _ in tried for move in apart + further]
    assert moves
    for move in moves:
        assert np.searchsorted(cuts, move.start, "right") == np.searchsorted(
            cuts, move.end, "right"
        )


@pytest.mark.parametrize("weight", [0, 1])
def test_four_prefixes_that_a_move_changes_are_evaluated_at_most(weight, monkeypatch):
    rounds, own = [], _polish._round
    monkeypatch.setattr(_polish, "_round", lambda *given: rounds.append(own(*given)) or rounds[-1])
    for seed in range(3):
        found = rank(random_function(seed, 30), 30, Guided(complement_weight=weight))
        assert np.isfinite(found.values).all()
    moves = [move for tried in rounds if tried for move in tried.moves]
    assert max(move.high - move.low for move in moves) > 4
    for tried in filter(None, rounds):
        most = sum(min(4, move.high - move.low) for move in tried.moves)
        assert len(tried.asked) <= (1 + weight) * most


def test_moves_of_a_filled_round_change_a_bounded_number_of_prefixes(monkeypatch):
    rounds, own = [], _polish._round
    monkeypatch.setattr(_polish, "_round", lambda *given: rounds.append(own(*given)) or rounds[-1])
    most = []
    for bound in (4096, 60):
        monkeypatch.setattr(_polish, "_PREFIXES", bound)
        rounds.clear()
        rank(random_function(0, 30), 30, Guided(complement_weight=0, ahead=200))
        most.append(max(len(tried.subsets) for tried in rounds if tried))
    assert most[0] > 60 + 30 > most[1]


@settings(max_examples=10)
@given(
    n=st.integers(8, 30),
    weight=st.sampled_from([0, 1]),
    share=st.floats(0, 1),
    seed=st.integers(0, 2**32 - 1),
)
def test_moves_that_evaluations_end_in_lose_nothing(n, weight, share, seed):
    """F of every prefix is known, and the sum is that before the moves at least."""
    function = random_function(seed, n)
    rough, fine = (
        rank(function, n, Guided(complement_weight=weight, polish=polish)) for polish in (0, 6)
    )
    most = rough.evaluations + int(share * (fine.evaluations - rough.evaluations))
    found = rank(function, n, Guided(complement_weight=weight), max_evaluations=most)
    sums = [
        sum(
            worth(function, n, weight)(frozenset(one.order[:size].tolist())) for size in range(1, n)
        )
        for one in (rough, found)
    ]
    assert np.isfinite(found.values).all()
    assert sums[1] >= sums[0] - 1e-6 * n


@pytest.mark.parametrize(("n", "looked"), [(196, 25), (400, 35), (401, 35), (1000, 35), (3000, 35)])
def test_guided_looks_at_no_more_than_35_of_many(n, looked):
    run = Guided(complement_weight=0).start(n)
    asked = [next(run)]
    for _ in range(2):
        asked.append(run.send(asked[-1] @ np.linspace(0, 1, n)))
    assert [len(subsets) for subsets in asked] == [1, n, looked]


@pytest.mark.parametrize("n", [15, 60])
@pytest.mark.parametrize("weight", [0, 0.5, 1])
def test_guided_keeps_ties_of_a_modular_function_in_order(n, weight):
    weights = np.random.default_rng(n).integers(0, 4, size=n).astype(float)
    ranking = rank(lambda s: weights[list(s)].sum(), n, Guided(complement_weight=weight))
    assert ranking.order.tolist() == np.argsort(-weights, kind="stable").tolist()


@settings(max_examples=10)
@given(n=st.integers(1, 40), seed=st.integers(0, 99))
def test_random_is_a_permutation_of_its_seed_and_asks_nothing(n, seed):
    one, again = (rank(len, n, Random(seed=seed)) for _ in range(2))
    assert sorted(one.order.tolist()) == list(range(n))
    assert one.order.tolist() == again.order.tolist()
    assert one.evaluations == 0


@settings(max_examples=20)
@given(n=st.integers(1, 14), n_pending=st.integers(1, 16), seed=st.integers(0, 2**32 - 1))
def test_bidirectional_is_algorithm_1(n, n_pending, seed):
    function = random_function(seed, n)
    ranking = rank(function, n, Bidirectional(n_pending=n_pending))
    order, evaluations = reference.algorithm_1(function, n, n_pending)
    assert ranking.order.tolist() == order
    assert ranking.evaluations == evaluations


@settings(max_examples=20)
@given(n=st.integers(1, 14), seed=st.integers(0, 2**32 - 1))
def test_greedy_is_greedy(n, seed):
    function = random_function(seed, n)
    ranking = rank(function, n, "greedy")
    assert (ranking.order.tolist(), ranking.evaluations) == reference.greedy(function, n)


@pytest.mark.parametrize(
    ("n_pending", "evaluations"), [(1, 649), (4, 719), (8, 805), (12, 883), (16, 953), (49, 1225)]
)
def test_evaluations_of_bidirectional_at_49_regions(n_pending, evaluations):
    assert (
        rank(lambda subset: 0.0, 49, Bidirectional(n_pending=n_pending)).evaluations == evaluations
    )


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


@settings(max_examples=20)
@given(n=st.integers(1, 14), seed=st.integers(0, 2**32 - 1))
def test_backward_is_backward_elimination(n, seed):
    function = random_function(seed, n)
    ranking = rank(function, n, "backward")
    assert ranking.order.tolist() == slow_backward(function, n)
    assert ranking.evaluations == n * (n + 1) // 2 - 1


@settings(max_examples=20)
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
    assert rank(function, n, TwoSided(retired=retired, window=1.0)).order.tolist() == front + back


@settings(max_examples=20)
@given(n=st.integers(1, 14), batch=st.integers(1, 16), seed=st.integers(0, 2**32 - 1))
def test_batched_lazy_looks_at_the_largest_last_gains(n, batch, seed):
    function = random_function(seed, n)
    gains, order, base = dict.fromkeys(range(n), np.inf), [], 0.0
    while len(order) < n:
        left = sorted(set(range(n)) - set(order), key=lambda c: (-gains[c], c))
        looked = left[:batch] if order else left
        values = {c: function(frozenset([*order, c])) for c in looked}
        best = max(looked, key=lambda c: (values[c], -c))
        if len(order) == 1:
            empty = statistics.median(gains[c] - (values[c] - base) for c in looked)
            gains = {c: gain - empty for c, gain in gains.items()}
        gains |= {c: value - base for c, value in values.items()}
        base = values[best]
        order.append(best)
    assert rank(function, n, BatchedLazy(batch=batch)).order.tolist() == order


@settings(max_examples=13)
@given(n=st.integers(1, 12), seed=st.integers(0, 2**32 - 1))
def test_a_beam_of_width_1_is_greedy(n, seed):
    function = random_function(seed, n)
    assert (
        rank(function, n, Beam(width=1)).order.tolist()
        == rank(function, n, "greedy").order.tolist()
    )


def prefix_sum(function, order):
    return sum(function(frozenset(order[:k])) for k in range(1, len(order) + 1))


@settings(max_examples=10)
@given(n=st.integers(1, 6), seed=st.integers(0, 2**32 - 1))
def test_a_wide_beam_finds_the_order_of_the_largest_sum(n, seed):
    function = random_function(seed, n)
    best = max(prefix_sum(function, order) for order in itertools.permutations(range(n)))
    assert np.isclose(prefix_sum(function, rank(function, n, Beam(width=20)).order.tolist()), best)


@settings(max_examples=13)
@given(n=st.integers(1, 12), seed=st.integers(0, 2**32 - 1))
def test_swaps_leave_no_neighbours_to_exchange(n, seed):
    function = random_function(seed, n)
    order = rank(function, n, Swaps(base=Singletons(), passes=1000)).order.tolist()
    for k in range(n - 1):
        other = [*order[:k], order[k + 1]]
        assert function(frozenset(order[: k + 1])) >= function(frozenset(other))


def assert_same_up_to_noise(function, found, expected, sizes, weight):
    """The prefixes are the same, or part ways at two of the same worth."""
    for size in sizes:
        mine, other = frozenset(found[:size]), frozenset(expected[:size])
        if mine != other:
            assert weight
            assert abs(function(mine) - function(other)) < 1e-5
            return


complement_weights = st.sampled_from([0, 0.5, 1.0])


@settings(max_examples=13)
@example(n=12, weight=1.0, seed=6145)  # it saturates near all elements, and is not modular
@given(n=st.integers(1, 12), weight=complement_weights, seed=st.integers(0, 2**32 - 1))
def test_guided_without_guesses_is_backward(n, weight, seed):
    function = random_function(seed, n)
    found = rank(function, n, Guided(admitted=0, window=1, polish=0, complement_weight=weight))
    worths = worth(function, n, weight)
    assert_same_up_to_noise(
        worths, found.order.tolist(), slow_backward(worths, n), range(n - 1, 0, -1), weight
    )


@settings(max_examples=10)
@given(
    n=st.integers(1, 12),
    admitted=st.integers(0, 3),
    weight=complement_weights,
    seed=st.integers(0, 2**32 - 1),
)
def test_guided_admits_like_greedy(n, admitted, weight, seed):
    function = random_function(seed, n)
    found = rank(
        function, n, Guided(admitted=admitted, window=1, polish=0, complement_weight=weight)
    )
    worths = worth(function, n, weight)
    best, _ = reference.greedy(worths, n)
    assert_same_up_to_noise(worths, found.order.tolist(), best, range(1, admitted + 1), weight)


def test_guided_admits_a_share():
    def evaluations(n, admitted):
        return rank(random_function(0, n), n, Guided(admitted=admitted)).evaluations

    assert evaluations(30, 0.09) == evaluations(30, 2) != evaluations(30, 1)
    assert evaluations(3, 0.04) == evaluations(3, 1)


@pytest.mark.parametrize(("n", "share"), [(12, 0.25), (49, 0.25), (196, 0.125)])
def test_guided_looks_at_a_quarter_and_at_less_of_many(n, share):
    weights = np.random.default_rng(0).random(n)
    by_default, by_hand = (
        rank(lambda chosen: float(weights[list(chosen)].sum() ** 2), n, Guided(polish=0, **options))
        for options in ({}, {"window": share})
    )
    assert by_default.order.tolist() == by_hand.order.tolist()
    assert by_default.evaluations == by_hand.evaluations


@pytest.mark.parametrize("search", sorted(SEARCHES))
@pytest.mark.parametrize("n", [0, -1, 2.5, True])
def test_every_search_refuses_what_is_no_count_of_elements(search, n):
    with pytest.raises(ValueError, match=rf"`n` \(={n}\)"):
        rank(len, n, search)


@settings(max_examples=10)
@given(
    n=st.integers(2, 35),
    admitted=st.integers(0, 4),
    weight=complement_weights,
    front=st.sampled_from([None, 0.3]),
    seed=st.integers(0, 2**32 - 1),
)
@example(n=35, admitted=4, weight=0.5, front=0.3, seed=2872053596)  # guesses are too high there
@example(n=34, admitted=0, weight=1, front=None, seed=2156423278)
def test_polishing_raises_the_sum_and_leaves_the_admitted(n, admitted, weight, front, seed):
    function = random_function(seed, n)
    options = {"admitted": admitted, "complement_weight": weight, "front": front}
    rough, fine = (rank(function, n, Guided(**options, polish=polish)) for polish in (0, 8))
    sums = [
        sum(
            (31 if front and size <= front * n else 1)
            * worth(function, n, weight)(frozenset(found.order[:size].tolist()))
            for size in range(1, n)
        )
        for found in (rough, fine)
    ]
    assert sums[1] >= sums[0] - 1e-6 * sum(31 if front and k <= front * n else 1 for k in range(n))
    assert fine.order[:admitted].tolist() == rough.order[:admitted].tolist()
    assert fine.evaluations <= rough.evaluations + (2 if weight else 1) * (8 + 1) * n


@pytest.mark.parametrize(
    ("search", "options"),
    [
        (Guided, {"admitted": -1}),
        (Guided, {"admitted": 1.5}),
        (Guided, {"admitted": 0.0}),
        (Guided, {"window": 0}),
        (Guided, {"polish": -1}),
        (Guided, {"polish": float("inf")}),
        (Guided, {"complement_weight": -0.5}),
        (Guided, {"ahead": -1}),
        (Guided, {"front": 0}),
        (Guided, {"front": 1.5}),
        (BatchedLazy, {"batch": 0}),
        (PhaseWindow, {"window": 1.5}),
        (PhaseWindow, {"prune": 0}),
        (PhaseWindow, {"select": 1.1}),
        (PhaseWindow, {"accept": 0.0}),
        (PhaseWindow, {"exit_change": -0.1}),
        (PhaseWindow, {"exit_ratio": -1}),
        (PhaseWindow, {"temperature": -0.5}),
        (PhaseWindow, {"decay": float("inf")}),
        (PhaseWindow, {"seed": -1}),
        (Beam, {"width": 0}),
        (Swaps, {"base": Greedy(), "passes": 0}),
        (Random, {"seed": -1}),
        (Greedy, {"k": 0}),
        (Bidirectional, {"n_pending": 1.0}),
    ],
)
def test_searches_refuse_options_out_of_range(search, options):
    name = list(options)[-1]
    with pytest.raises(ValueError, match=f"`{name}`"):
        search(**options)


@pytest.mark.parametrize(
    ("search", "name"),
    [(Guided, "admitted"), (Bidirectional, "n_pending"), (PhaseWindow, "window")],
)
def test_counts_that_may_be_shares_say_so(search, name):
    with pytest.raises(
        ValueError, match=rf"`{name}` \(=1.5\) must be a whole number.*, or a share in \(0, 1\)"
    ):
        search(**{name: 1.5})


@pytest.mark.parametrize(
    "options", [{"retired": 0}, {"window": 0}, {"window": 1.1}, {"refresh": 0.5}]
)
def test_two_sided_refuses(options):
    (name,) = options
    with pytest.raises(ValueError, match=f"`{name}`"):
        TwoSided(**options)


def test_evaluations_of_greedy_at_49_regions():
    assert rank(lambda subset: 0.0, 49, "greedy").evaluations == 49 * 50 // 2 == 1225


def coverage(draw):
    sets = draw(st.lists(st.sets(st.integers(0, 11)), min_size=1, max_size=7))
    weights = draw(st.lists(st.floats(0, 5), min_size=12, max_size=12))
    return len(sets), lambda chosen: sum(
        weights[e] for e in set().union(*(sets[i] for i in chosen))
    )


def facility_location(draw):
    n = draw(st.integers(1, 7))
    row = st.lists(st.floats(0, 5), min_size=n, max_size=n)
    benefit = np.array(draw(st.lists(row, min_size=1, max_size=6)))
    return n, lambda chosen: float(benefit[:, sorted(chosen)].max(axis=1).sum()) if chosen else 0.0


@pytest.mark.parametrize("family", [coverage, facility_location])
@settings(max_examples=26)
@given(data=st.data())
def test_greedy_reaches_its_guarantee_on_monotone_submodular_functions(family, data):
    n, function = family(data.draw)
    ranking = rank(function, n, "greedy")
    for k in range(1, n + 1):
        best = max(function(frozenset(s)) for s in itertools.combinations(range(n), k))
        assert ranking.values[k - 1] >= (1 - 1 / np.e) * best - 1e-9


@pytest.mark.parametrize("family", [coverage, facility_location])
@settings(max_examples=50)
@given(data=st.data(), offset=st.sampled_from([0, 0.1, -7.3, 1e5]), unit=st.sampled_from([1, 1e-8]))
def test_lazy_is_greedy_on_submodular_functions(family, data, offset, unit):
    n, function = family(data.draw)
    eager, lazy = (
        rank(lambda chosen: unit * (function(chosen) + offset), n, search)
        for search in ("greedy", "lazy")
    )
    assert lazy.order.tolist() == eager.order.tolist()
    assert np.array_equal(lazy.values, eager.values)
    assert lazy.evaluations <= eager.evaluations


@settings(max_examples=20)
@given(seed=st.integers(0, 2**32 - 1), weight=st.sampled_from([0.1, 1 / 3, 0.7]), n=st.just(30))
@pytest.mark.parametrize("precision", [np.float64, np.float32])
def test_lazy_is_greedy_where_rounding_lets_gains_grow(precision, seed, weight, n):
    rng = np.random.default_rng(seed)
    sets = rng.random((n, 60)) < 0.07
    weights = np.where(rng.random(60) < 0.5, weight, rng.random(60))

    def function(chosen):
        return float(precision(weights[sets[sorted(chosen)].any(axis=0)].sum()))

    assert rank(function, n, "lazy").order.tolist() == rank(function, n, "greedy").order.tolist()


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
    ranking = rank(
        lambda s: float(weights[list(s)].sum()), 12, Bidirectional(n_pending=2), max_evaluations=30
    )
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
        ({"n": 3, "max_evaluations": 0}, "`max_evaluations`"),
        ({"n": 3, "max_evaluations": 2.5}, "`max_evaluations`"),
        ({"n": 3, "set_function": lambda s: float("nan")}, "`set_function`"),
    ],
)
def test_bad_arguments(arguments, named):
    with pytest.raises(ValueError, match=named):
        rank(**({"set_function": len} | arguments))


def test_values_that_are_no_numbers_name_their_subset():
    with pytest.raises(ValueError, match=r"`set_function` returned nan for \{0, 2\}"):
        rank(lambda s: np.nan if s == {0, 2} else len(s), 3, "greedy")
    for value in (None, "high", 1j, [1, 2]):
        with pytest.raises(TypeError, match=r"`set_function` returned .* for \{1\}"):
            rank(lambda s, value=value: value if s == {1} else 0, 3, "greedy")


@pytest.mark.parametrize("search", sorted({*SEARCHES} - {"random"}))
@pytest.mark.parametrize("budget", [None, 100])
@pytest.mark.parametrize("call", [1, 2, 3])
def test_stop_iteration_of_the_set_function_is_an_error(search, budget, call):
    calls = iter(range(call - 1))

    def function(chosen):
        return next(calls)

    with pytest.raises(RuntimeError, match=r"`set_function` raised StopIteration for \{") as raised:
        rank(function, 3, search, max_evaluations=budget)
    assert isinstance(raised.value.__cause__, StopIteration)


@pytest.mark.parametrize("error", [KeyError("a"), GeneratorExit(), RuntimeError("b")])
def test_other_errors_of_the_set_function_pass_through(error):
    def function(chosen):
        raise error

    with pytest.raises(type(error)) as raised:
        rank(function, 3)
    assert raised.value is error


@pytest.mark.parametrize(
    ("numpys", "python"),
    [
        (Guided(np.float32(0.25), np.float16(0.5)), Guided(0.25, 0.5)),
        (Guided(np.int64(2), None, np.float32(4), np.int8(1)), Guided(2, None, 4.0, 1)),
        (Bidirectional(np.float32(0.5)), Bidirectional(0.5)),
        (Bidirectional(np.uint8(5)), Bidirectional(5)),
        (TwoSided(np.int64(2), np.float32(0.5), np.int32(3)), TwoSided(2, 0.5, 3)),
        (BatchedLazy(np.int64(4)), BatchedLazy(4)),
        (PhaseWindow(np.int64(4), np.float32(0.25)), PhaseWindow(4, 0.25)),
        (Beam(np.int64(4)), Beam(4)),
        (Random(np.int64(4)), Random(4)),
        (Greedy(np.int64(4)), Greedy(4)),
        (Swaps(Greedy(), np.int64(4)), Swaps(Greedy(), 4)),
    ],
    ids=lambda search: type(search).__name__,
)
def test_scalars_of_numpy_are_numbers(numpys, python):
    assert numpys == python
    assert repr(numpys) == repr(python)
    function = random_function(0, 9)
    ranking = rank(function, np.int64(9), numpys, max_evaluations=np.int32(1000))
    assert ranking.order.tolist() == rank(function, 9, python).order.tolist()


OPTIONS = [
    (type(search), field.name)
    for search in SEARCHES.values()
    for field in dataclasses.fields(search)
]


@pytest.mark.parametrize(("kind", "name"), [*OPTIONS, (Swaps, "passes")])
@pytest.mark.parametrize("value", [True, np.True_, np.complex64(1), np.array(1), "1", np.nan])
def test_what_is_no_number_is_refused(kind, name, value):
    options = {"base": Greedy()} if kind is Swaps else {}
    with pytest.raises(ValueError, match=f"`{name}`"):
        kind(**options, **{name: value})


def test_an_option_that_the_search_does_not_have():
    with pytest.raises(TypeError, match="n_pending"):
        Greedy(n_pending=3)


@pytest.mark.parametrize("search", [Greedy, len, None, iter, Guided(window=0.5).start(3)])
def test_what_is_no_search_is_refused(search):
    with pytest.raises(TypeError, match="`search`"):
        rank(len, 3, search)


def test_a_class_without_its_parentheses_is_recognised():
    with pytest.raises(TypeError, match=r"did you mean Greedy\(\)"):
        rank(len, 3, Greedy)


def test_what_swaps_refine_is_a_search():
    with pytest.raises(TypeError, match="`base`"):
        Swaps("greedy")


@pytest.mark.parametrize(
    "search", [*SEARCHES.values(), Swaps(TwoSided(window=0.5), passes=2)], ids=repr
)
def test_a_search_is_what_its_repr_says(search):
    made = eval(
        repr(search),
        {type(one).__name__: type(one) for one in [*SEARCHES.values(), Swaps(Greedy())]},
    )
    assert made == search
    assert hash(made) == hash(search)
    assert pickle.loads(pickle.dumps(search)) == search
    with pytest.raises(dataclasses.FrozenInstanceError):
        search.window = 1


def test_a_name_stands_for_the_default_object():
    for name, search in SEARCHES.items():
        assert as_search(name) is search
        assert search == type(search)()
        assert (
            name
            == "".join(f"_{c.lower()}" if c.isupper() else c for c in type(search).__name__)[1:]
        )


def test_the_default_of_rank_is_that_of_lima():
    default = inspect.signature(rank).parameters["search"].default
    assert as_search(default) == LiMASettings.of().search == Guided()


def answered(run, function):
    """The ranking of a search under way, given a set function."""
    try:
        subsets = next(run)
        while True:
            sets = [frozenset(np.flatnonzero(subset).tolist()) for subset in subsets]
            subsets = run.send(np.array([function(s) for s in sets]))
    except StopIteration as stop:
        return stop.value


@settings(max_examples=13)
@given(n=st.integers(1, 20), seed=st.integers(0, 2**32 - 1))
def test_guided_asks_for_complements_only_where_they_are_seen_anyway(n, seed):
    function = random_function(seed, n)
    blind = rank(function, n, Guided(complement_weight=0))
    for search in (Guided(), Guided(complement_weight=0)):
        found = answered(search.start(n, sees_complements=False), function)
        assert found.order.tolist() == blind.order.tolist()
        assert found.evaluations == blind.evaluations
