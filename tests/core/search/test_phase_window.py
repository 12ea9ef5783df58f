"""PhaseWindow against its description, written a second time with plain sets and lists."""

import statistics

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from submod_core.search import PhaseWindow, rank
from submod_core.testing.search import check_search


class Slow:
    """PhaseWin with plain lists; `asked` holds every subset it asks for, in order."""

    def __init__(self, function, n, **options):
        defaults = {"window": 0.3, "prune": 0.05, "select": 0.6, "accept": 0.99}
        defaults |= {"exit_change": 0.02, "exit_ratio": 0.98}
        defaults |= {"temperature": 0.0, "decay": 0.85, "seed": 0}
        self.__dict__ |= defaults | options
        self.function, self.n, self.asked, self.order, self.late = function, n, [], [], []
        if isinstance(self.window, float):
            self.window = max(1, int(self.window * n))
        self.empty, self.chance = None, np.random.default_rng(self.seed)
        left = list(range(n))
        while left:
            left = self.phase(left)
            self.temperature *= self.decay
        if self.late:
            values = self.screening(sorted(self.late))
            self.order += sorted(values, key=lambda e: (-values[e], e))

    def screening(self, elements):
        """F(S ∪ {e}) of each element, by one question each."""
        values = {}
        for element in elements:
            self.asked.append(frozenset([*self.order, element]))
            values[element] = self.function(self.asked[-1])
        return values

    def late_by_chance(self, share):
        """Annealing: whether an element with v/G is put behind the others this time."""
        if self.temperature == 0:
            return False
        probability = 1 / (1 + np.exp((share - self.select) / self.temperature))
        return self.chance.random() < probability

    def phase(self, left):
        """One phase; returns what is left for the next one."""
        alone = self.screening(left)
        if self.empty is not None and max(alone.values()) <= self.empty:
            self.order += sorted(alone, key=lambda e: (-alone[e], e))
            return []
        anchor = max(left, key=lambda e: (alone[e], -e))
        self.order.append(anchor)
        left = [e for e in left if e != anchor]
        if not left:
            return []
        values = self.screening(left)
        if self.empty is None:
            self.empty = statistics.median(alone[e] - (values[e] - alone[anchor]) for e in left)
        top = max(values.values()) - self.empty
        if top <= 0:
            self.order += sorted(values, key=lambda e: (-values[e], e))
            return []
        worth = {e: values[e] - self.empty for e in left}
        # Adaptive pruning: what is far below the best is put off to the end.
        self.late += [e for e in left if worth[e] < self.prune * top]
        left = [e for e in left if worth[e] >= self.prune * top]
        able = sorted(
            (e for e in left if worth[e] >= self.select * top), key=lambda e: (-worth[e], e)
        )
        self.picks(able, worth, top, alone[anchor] - self.empty)
        return [e for e in left if e not in self.order]

    def picks(self, able, worth, top, first):
        """Admit from the window of the `able`, the best first, until the supervision ends it."""
        admitted = [first]
        shares = {e: worth[e] / top for e in able}
        inside, outside, behind = able[: self.window], able[self.window :], []
        goes_on = True
        while goes_on and inside:
            window = sorted(inside)
            if len(admitted) > 1:
                values = self.screening(window)
                worth = {e: values[e] - self.empty for e in window}
            best = max(worth[e] for e in window)
            good = [
                e
                for e in window
                if worth[e] >= self.select * top and worth[e] >= self.accept * best
            ]
            goes_on = bool(good)
            for element in sorted(good, key=lambda e: (-worth[e], e)):
                # Dynamic supervision: the second difference of the last three values.
                slows = (
                    len(admitted) > 1
                    and admitted[-1] / worth[element] - admitted[-2] / admitted[-1]
                    > self.exit_change
                )
                goes_on = not slows
                if slows and worth[element] < self.exit_ratio * admitted[-1]:
                    break
                self.order.append(element)
                inside.remove(element)
                admitted.append(worth[element])
                if slows:
                    break
            while goes_on and outside and len(inside) < self.window:
                element = outside.pop(0)
                if element not in behind and self.late_by_chance(shares[element]):
                    behind.append(element)
                    outside.append(element)
                else:
                    inside.append(element)


def noisy(seed, n):
    noise = np.random.default_rng(seed).normal(size=(n, n))
    return lambda subset: float(np.tanh(noise[np.ix_(sorted(subset), sorted(subset))].sum()))


def covering(seed, n, sharpness=1.0):
    """A monotone submodular function: 1 − Π over features of what the elements leave of each."""
    weights = np.random.default_rng(seed).exponential(size=(n, 5)) * sharpness
    return lambda subset: float(5 - np.exp(-weights[sorted(subset)].sum(axis=0)).sum())


def growing(seed, n):
    """A supermodular function."""
    weights = np.random.default_rng(seed).uniform(size=n)
    return lambda subset: float(weights[sorted(subset)].sum() ** 2)


options = st.fixed_dictionaries(
    {},
    optional={
        "window": st.integers(1, 16) | st.sampled_from([0.1, 0.3, 0.5, 0.9]),
        "prune": st.sampled_from([0.01, 0.3, 0.7, 1.0]),
        "select": st.sampled_from([0.01, 0.3, 0.8, 1.0]),
        "accept": st.sampled_from([0.5, 0.9, 1.0]),
        "exit_change": st.sampled_from([0.0, 0.1, 1e9]),
        "exit_ratio": st.sampled_from([0.0, 0.9, 1.01]),
    },
)
chances = st.fixed_dictionaries(
    {},
    optional={
        "temperature": st.sampled_from([0.1, 0.5, 10.0]),
        "decay": st.sampled_from([0.5, 1.0]),
        "seed": st.integers(0, 3),
    },
)


@pytest.mark.parametrize("family", [noisy, covering, growing])
@settings(max_examples=60)
@given(n=st.integers(1, 16), seed=st.integers(0, 2**32 - 1), given_=options, chance=chances)
def test_it_is_its_description_question_for_question(family, n, seed, given_, chance):
    function, asked, given_ = family(seed, n), [], given_ | chance
    slow = Slow(function, n, **given_)

    def counted(subset):
        asked.append(subset)
        return function(subset)

    ranking = rank(counted, n, PhaseWindow(**given_))
    assert ranking.order.tolist() == slow.order
    assert asked == slow.asked
    assert ranking.evaluations == len(slow.asked)


@settings(max_examples=40)
@given(n=st.integers(1, 20), seed=st.integers(0, 2**32 - 1), given_=options)
def test_it_sorts_a_modular_function_by_any_options(n, seed, given_):
    # Whole numbers: sums are exact.
    weights = [int(w) for w in np.random.default_rng(seed).permutation(3 * n)[:n] - n]
    ranking = rank(lambda s: sum(weights[e] for e in s) + 5, n, PhaseWindow(**given_))
    assert ranking.order.tolist() == sorted(range(n), key=lambda e: -weights[e])


@settings(max_examples=20)
@given(n=st.integers(1, 16), seed=st.integers(0, 2**32 - 1), given_=options)
def test_no_subset_is_asked_for_twice_and_none_is_empty(n, seed, given_):
    # A phase that ends at a look, admitting none, has the next one ask for it anew; where F grows
    # along the order that takes a ratio above 1.
    assume(given_.get("exit_ratio", 0) <= 1)
    asked = []
    function = covering(seed, n)
    rank(lambda s: asked.append(s) or function(s), n, PhaseWindow(**given_))
    assert len(set(asked)) == len(asked)
    assert all(asked)


@pytest.mark.parametrize("search", [PhaseWindow(1), PhaseWindow(5, accept=1.0), PhaseWindow(0.5)])
def test_it_conforms(search):
    for n in (1, 2, 9, 30):
        check_search(search, n)


def test_annealing_changes_orders_by_its_seed_alone():
    function = covering(0, 24)
    orders = {
        temperature: {
            tuple(rank(function, 24, search).order.tolist())
            for seed in range(6)
            for search in [PhaseWindow(3, temperature=temperature, seed=seed)] * 2
        }
        for temperature in (0.0, 0.5)
    }
    assert len(orders[0.0]) == 1
    assert 1 < len(orders[0.5]) <= 6


def test_many_elements_that_hardly_matter_are_admitted_together():
    # F saturates: after few picks all elements of the window are within 1 % of its best.
    sizes = (50, 100, 200)
    asked = [rank(covering(0, n, 8.0), n, "phase_window").evaluations for n in sizes]
    greedy = [rank(lambda subset: 0.0, n, "greedy").evaluations for n in sizes]
    assert asked[2] < 0.2 * greedy[2]
    assert asked[2] / asked[1] < 3 < greedy[2] / greedy[1]
