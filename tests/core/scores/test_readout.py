"""The read-out: probabilities, certainty, and models that end in a softmax."""

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
