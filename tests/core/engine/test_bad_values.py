"""Values that are not finite: an error that names the argument, the example and the subset."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from submod_core.engine import NonFiniteOutputError, Responses
from submod_core.methods import LiMASettings, explain
from submod_core.regions import GroundSet

SOURCES = {"target": "model", "confidence": "certainty", "features": "layer"}


def oracle_with(bad, name, call):
    """An oracle whose k-th answer has a bad value in one of its fields."""
    calls = 0

    def oracle(examples, keep, features):
        nonlocal calls
        answer = {
            "target": keep.mean(1),
            "confidence": keep.mean(1),
            "features": keep.astype(float) + 1 if features else None,
        }
        if answer[name] is not None:
            calls += 1
            if calls == call:
                answer[name][0] = bad
        return Responses(**answer)

    return oracle


@given(
    bad=st.sampled_from([np.nan, np.inf, -np.inf]),
    name=st.sampled_from(list(SOURCES)),
    call=st.integers(1, 6),
    batch_size=st.integers(1, 9),
)
def test_a_bad_value_in_any_call_names_where_it_comes_from(bad, name, call, batch_size):
    call = 1 if name == "features" else call
    sets = [GroundSet(np.arange(5), np.ones(5), np.zeros(5, bool))] * 2
    with pytest.raises(NonFiniteOutputError, match=f"`{SOURCES[name]}` for example [01] with only"):
        explain(
            oracle_with(bad, name, call),
            sets,
            LiMASettings.of("greedy"),
            batch_size=batch_size,
            sources=SOURCES,
        )


@pytest.mark.parametrize(
    "distance",
    [
        lambda vectors: np.full((len(vectors),) * 2, np.nan),
        lambda vectors: np.zeros((2, 2)),
        lambda vectors: np.zeros(len(vectors)),
    ],
    ids=["nan", "shape", "vector"],
)
def test_a_distance_that_is_none_is_refused(distance):
    sets = [GroundSet(np.arange(5), np.ones(5), np.zeros(5, bool))]
    settings = LiMASettings.of("greedy", distance=distance)
    with pytest.raises(ValueError, match="`distance`"):
        explain(oracle_with(0, "target", 99), sets, settings, batch_size=4)
