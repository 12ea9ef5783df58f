"""Bootstrap means: against a slow transcription, and on numbers whose interval is known."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from submod_core.dataset import Scores, bootstrap_mean


def test_the_interval_is_that_of_resampled_means():
    values = np.random.default_rng(1).normal(size=30)
    rng, means = np.random.default_rng(0), []
    for _ in range(2000):
        total = 0.0
        for place in rng.integers(30, size=30):
            total += values[place]
        means.append(total / 30)
    found = bootstrap_mean(values)
    ranked = np.sort(means)
    np.testing.assert_allclose(
        [found.low, found.high], np.interp([0.025 * 1999, 0.975 * 1999], range(2000), ranked)
    )
    assert found.mean == pytest.approx(sum(values) / 30)


def test_the_interval_covers_the_mean_of_normal_numbers_as_often_as_it_says():
    rng = np.random.default_rng(0)
    inside = [
        one.low <= 0 <= one.high for one in (bootstrap_mean(rng.normal(size=60)) for _ in range(40))
    ]
    assert 0.86 <= np.mean(inside) <= 1


@given(st.lists(st.floats(-5, 5), min_size=1, max_size=20), st.floats(-3, 3))
def test_a_constant_moves_it_and_nothing_else(values, shift):
    one, other = bootstrap_mean(np.array(values)), bootstrap_mean(np.array(values) + shift)
    np.testing.assert_allclose(other[:3], np.add(one[:3], shift), atol=1e-9)
    assert one.low <= one.mean + 1e-12
    assert one.high >= one.mean - 1e-12


def test_examples_that_failed_are_left_out_of_both():
    one = Scores(np.array([1.0, np.nan, 3.0, 4.0]), tuple("abcd"))
    other = Scores(np.array([0.5, 9.0, np.nan, 3.0]), tuple("abcd"))
    assert one.minus(other).n == 2
    assert one.minus(other).mean == 0.75
    with pytest.raises(ValueError, match="`other`"):
        one.minus(Scores(other.values, tuple("abce")))
