"""Features asked for along with the first images: the same result, one call less."""

import warnings

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from submod_core import GroundSet
from submod_core.engine import Responses
from submod_core.methods import LiMASettings, explain
from submod_core.search import Guided


class Separately(Guided):
    """Guided search whose features are asked for before all else."""

    fills_rounds = False


def explained(n, seed, inert, search):
    """An explanation of a small network of the kept regions, and the images of each call."""
    rng = np.random.default_rng(seed)
    inner, outer, calls = rng.normal(size=(n, 5)), rng.normal(size=5), []

    def oracle(examples, keep, features):
        calls.append([row.tobytes() for row in keep])
        # Row by row: the rounding of products follows the batch.
        units = np.array([np.tanh((row[:, None] * inner).sum(0)) for row in keep])
        target = np.array([1 / (1 + np.exp(-3 * (row * outer).sum())) for row in units])
        return Responses(target, np.abs(2 * target - 1), units if features else None)

    ground_set = GroundSet(np.arange(n), np.ones(n), np.arange(n) < inert)
    with warnings.catch_warnings(action="ignore"):
        (one,) = explain(oracle, [ground_set], LiMASettings.of(search), batch_size=1000)
    return one, calls


@settings(max_examples=30)
@given(st.integers(5, 20), st.integers(0, 2**32 - 1), st.integers(0, 2))
def test_features_go_along_with_the_first_images(n, seed, inert):
    one, calls = explained(n, seed, inert, Guided(ahead=40))
    other, apart = explained(n, seed, inert, Separately(ahead=40))
    assert one.order.tolist() == other.order.tolist()
    np.testing.assert_array_equal(one.importance, other.importance)
    np.testing.assert_array_equal(one.curves.effectiveness, other.curves.effectiveness)
    assert one.model_inputs == other.model_inputs == sum(map(len, calls))
    assert len(calls) == len(apart) - 1
    # No image twice, but for the whole input.
    assert len({image for call in calls for image in call}) == one.model_inputs - 1
