"""The regression on the subsets seen so far, against the textbook's formulas."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from submod_core.search._surrogate import Surrogate


@settings(max_examples=13)
@given(
    n=st.integers(1, 9) | st.sampled_from([63, 64, 65, 130]),
    seen=st.integers(1, 30),
    seed=st.integers(0, 2**32 - 1),
)
def test_the_surrogate_is_kernel_ridge_regression(n, seen, seed):
    rng = np.random.default_rng(seed)
    subsets, values = rng.random((seen, n)) < 0.5, rng.normal(size=seen)
    surrogate = Surrogate(n, reach=0.3)
    for part in np.array_split(np.arange(seen), 3):
        if len(part):
            surrogate.observe(subsets[part], values[part])

    def kernel(a, b):
        d = int((a != b).sum())
        return np.exp(-d / (0.3 * n)) + 1 - 2 * d / n

    gram = np.array([[kernel(a, b) for b in subsets] for a in subsets]) + 1e-4 * np.eye(seen)
    share = (values - values.min()) / max(np.ptp(values), 1e-12)
    odds = np.log((share + 0.01) / (1.01 - share))
    weights = np.linalg.solve(gram, odds - odds.mean())
    base = rng.random(n) < 0.5
    for i, guess in enumerate(surrogate.flipped(base[None])[0]):
        flipped = base ^ (np.arange(n) == i)
        z = odds.mean() + sum(w * kernel(flipped, s) for w, s in zip(weights, subsets, strict=True))
        expected = values.min() + max(np.ptp(values), 1e-12) * (1.02 / (1 + np.exp(-z)) - 0.01)
        assert np.isclose(guess, expected, rtol=0, atol=1e-6 + 1e-5 * np.abs(values).max())


def test_the_surrogate_forgets_the_older_half():
    surrogate, subsets = Surrogate(8, memory=20), np.random.default_rng(0).random((24, 8)) < 0.5
    fresh = Surrogate(8)
    for row in range(24):
        surrogate.observe(subsets[row : row + 1], np.array([float(row)]))
    fresh.observe(subsets[11:], np.arange(11.0, 24.0))
    assert np.allclose(surrogate.flipped(subsets[:1]), fresh.flipped(subsets[:1]))


def test_it_is_the_same_regression_however_many_subsets_come_at_once():
    rng = np.random.default_rng(0)
    subsets, values = rng.random((700, 20)) < 0.5, rng.normal(size=700)
    few, many = Surrogate(20), Surrogate(20)
    for rows in np.split(np.arange(700), 70):
        few.observe(subsets[rows], values[rows])
    for rows in (slice(600), slice(600, 700)):  # 100 columns of 600 rows are solved together
        many.observe(subsets[rows], values[rows])
    # Guesses are rounded, and may fall to either side.
    assert np.allclose(
        few.flipped(subsets[:5]), many.flipped(subsets[:5]), rtol=0, atol=1.5 * many.resolution
    )


def test_guesses_for_some_elements_are_those_for_all():
    rng = np.random.default_rng(1)
    subsets, values = rng.random((60, 90)) < 0.5, rng.normal(size=60)
    surrogate = Surrogate(90)
    surrogate.observe(subsets, values)
    some = np.array([3, 4, 50, 89])
    assert np.allclose(surrogate.flipped(subsets, some), surrogate.flipped(subsets)[:, some])


@settings(max_examples=10)
@given(exponent=st.integers(-900, 900), seed=st.integers(0, 2**32 - 1))
def test_guesses_have_the_unit_of_the_values(exponent, seed):
    rng = np.random.default_rng(seed)
    subsets, values = rng.random((20, 6)) < 0.5, rng.normal(size=20)
    plain, other = Surrogate(6), Surrogate(6)
    plain.observe(subsets, values)
    other.observe(subsets, values * 2.0**exponent)
    assert np.array_equal(other.flipped(subsets), plain.flipped(subsets) * 2.0**exponent)


def test_guesses_from_equal_values_are_that_value():
    subsets = np.eye(4, dtype=bool)
    for value in (0.0, 0.25, -3e-200):
        surrogate = Surrogate(4)
        assert surrogate.resolution == 0
        surrogate.observe(subsets, np.full(4, value))
        assert np.allclose(surrogate.flipped(subsets), value, rtol=1e-4, atol=0)
