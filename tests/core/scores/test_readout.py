"""The read-out: probabilities, certainty, and outputs that are probabilities already."""

import warnings

import numpy as np
import pytest
import tensorflow as tf
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.special import softmax

from submod_core.scores import Readout, confidence
from submod_core.scores.readout import TWICE

MAKE = {"numpy": np.asarray, "torch": torch.from_numpy, "tensorflow": tf.constant}
logits = arrays(np.float64, (4, 5), elements=st.floats(-6, 6, allow_subnormal=False))


@pytest.mark.parametrize("framework", MAKE)
@given(x=logits)
def test_certainty_is_eq_5_under_every_framework(framework, x):
    readout = Readout()
    p = readout.probabilities(MAKE[framework](x))
    np.testing.assert_allclose(np.asarray(p), softmax(x, axis=-1), atol=1e-12)
    slow = [1 + sum(v * np.log(v) for v in row) / np.log(5) for row in softmax(x, axis=-1)]
    np.testing.assert_allclose(np.asarray(readout.certainty(p)), slow, atol=1e-9)
    np.testing.assert_allclose(slow, confidence(softmax(x, axis=-1)), atol=1e-9)


@pytest.mark.parametrize("framework", MAKE)
@given(x=logits)
def test_certainty_of_independent_labels_is_the_mean_over_them(framework, x):
    readout = Readout("sigmoid")
    p = readout.probabilities(MAKE[framework](x))
    each = confidence(np.stack([np.asarray(p), 1 - np.asarray(p)], -1))
    np.testing.assert_allclose(np.asarray(readout.certainty(p)), each.mean(1), atol=1e-9)


@pytest.mark.parametrize("framework", MAKE)
@pytest.mark.parametrize("dtype", ["float64", "float32", "float16"])
@given(x=logits)
def test_probabilities_are_noticed_whatever_their_precision(framework, dtype, x):
    p = softmax(x, axis=-1).astype(dtype)
    with pytest.warns(UserWarning, match="probabilities already"):
        found = Readout().for_outputs(MAKE[framework](p))
    assert found.activation == "identity"


@given(x=logits)
def test_logits_are_no_probabilities(x):
    readout = Readout()
    accident = (x >= 0).all() and np.allclose(x.sum(1), 1, atol=2e-3)
    assert accident or readout.for_outputs(x) is readout


@pytest.mark.parametrize(
    "readout",
    [Readout("identity"), Readout("sigmoid"), Readout(abs), Readout(class_embeddings=np.eye(5))],
    ids=["identity", "sigmoid", "function", "embeddings"],
)
def test_other_activations_are_taken_at_their_word(readout):
    p = softmax(np.random.default_rng(0).normal(size=(4, 5)), axis=-1)
    assert readout.for_outputs(p) is readout
    assert Readout().for_outputs(np.ones((3, 1))).activation == "softmax"
    assert "identity" in TWICE


labels = arrays(np.float64, (4, 3), elements=st.floats(0.01, 0.3, allow_subnormal=False))


@pytest.mark.parametrize("framework", MAKE)
@pytest.mark.parametrize("activation", ["softmax", "sigmoid", "identity", abs])
@given(p=labels)
def test_labels_that_sum_to_less_than_1_are_each_a_choice_of_two(framework, activation, p):
    known = True if isinstance(activation, str) and activation != "identity" else None
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        found = Readout(activation).for_outputs(MAKE[framework](p), known)
    assert len(caught) == (known is True)
    assert found.independent
    np.testing.assert_array_equal(np.asarray(found.probabilities(MAKE[framework](p))), p)
    each = confidence(np.stack([p, 1 - p], -1))
    certainty = np.asarray(found.certainty(MAKE[framework](p)))
    np.testing.assert_allclose(certainty, each.mean(1), atol=1e-9)
    lowest, off = np.asarray(found.suspicion(MAKE[framework](p)))
    assert (lowest, off) == (min(p.min(), (1 - p).min()), 0)
    with pytest.raises(ValueError, match="`activation`"):
        found.check_probabilities(*np.asarray(found.suspicion(MAKE[framework](p + 1))).tolist())


@pytest.mark.parametrize("framework", MAKE)
@given(p=labels)
def test_one_output_is_a_choice_of_two(framework, p):
    p, make = p[:, :1], MAKE[framework]
    for readout, x in (
        (Readout("sigmoid"), np.log(p / (1 - p))),
        (Readout("identity").for_outputs(make(p)), p),
        (Readout().for_outputs(make(p), True), p),
    ):
        both = readout.both_classes(readout.probabilities(make(x)))
        np.testing.assert_allclose(np.asarray(both), np.concatenate([1 - p, p], 1), atol=1e-9)
        slow = confidence(np.concatenate([1 - p, p], 1))
        np.testing.assert_allclose(np.asarray(readout.certainty(both)), slow, atol=1e-9)


@pytest.mark.parametrize("x", [[[-0.1], [0.5]], [[0.5], [1.1]], [[0.0], [float("nan")]]])
def test_one_output_beyond_probabilities_stays_a_value(x):
    x = np.array(x)
    for readout in (Readout(), Readout("identity").for_outputs(x), Readout().for_outputs(x, False)):
        assert readout.both_classes(readout.probabilities(x)) is x
        assert readout.certainty(x) is None


@given(p=labels)
def test_several_outputs_in_the_unit_interval_are_noticed_where_the_host_looks(p):
    with pytest.warns(UserWarning, match=r"in \[0, 1\].*activation='identity'"):
        assert Readout().for_outputs(p, False).activation == "softmax"
    blank = np.concatenate([p, 0 * p])  # as the outputs for a blank input without biases
    for classes, known in ((p, None), (blank, False), (p - 0.4, False), (p + 1, True)):
        readout = Readout()
        assert readout.for_outputs(classes, known) is readout


def test_rows_of_several_labels_may_sum_to_1_by_chance():
    rows = np.random.default_rng(0).uniform(0.1, 0.9, (32, 5))
    rows[3] /= rows[3].sum()
    assert Readout("identity").for_outputs(rows).independent
    # The other way round: of classes, some rows are something else.
    classes = rows / rows.sum(1, keepdims=True)
    classes[3] = rows[4]
    assert not Readout("identity").for_outputs(classes).independent
    # What is known to be a sigmoid's is independent whatever it sums to.
    assert Readout("identity").for_outputs(rows[3:4], True).independent
