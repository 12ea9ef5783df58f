"""The evidential loss and uncertainty: one formula, with gradients, in three frameworks."""

import numpy as np
import pytest
import tensorflow as tf
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from submod_core.scores import evidential_loss, uncertainty

# Off the kinks at ±10, where the clamp begins.
outputs = arrays(np.float64, (2, 4), elements=st.floats(-9, 9))


def total(values, one_hot):
    return (evidential_loss(values, one_hot) + 3 * uncertainty(values)).sum()


def slow_gradient(values, one_hot, h=1e-6):
    gradient = np.zeros_like(values)
    for index in np.ndindex(*values.shape):
        for sign in (1, -1):
            moved = values.copy()
            moved[index] += sign * h
            gradient[index] += sign * total(moved, one_hot) / (2 * h)
    return gradient


@pytest.mark.slow
@settings(max_examples=10)
@given(outputs, st.integers(0, 3))
def test_values_and_gradients_agree(values, target):
    one_hot = np.tile(np.eye(4)[target], (2, 1))
    slow = slow_gradient(values, one_hot)

    tensor = torch.from_numpy(values).requires_grad_()
    loss = total(tensor, torch.from_numpy(one_hot))
    loss.backward()
    assert loss.item() == pytest.approx(total(values, one_hot))
    assert np.allclose(tensor.grad, slow, atol=1e-6)

    @tf.function
    def graph(v):
        return tf.reduce_sum(evidential_loss(v, tf.constant(one_hot)) + 3 * uncertainty(v))

    for run in (graph, graph.python_function):
        with tf.GradientTape() as tape:
            variable = tf.constant(values)
            tape.watch(variable)
            loss = run(variable)
        assert float(loss) == pytest.approx(total(values, one_hot))
        assert np.allclose(tape.gradient(loss, variable), slow, atol=1e-6)


def test_extreme_outputs_stay_finite():
    for values in (np.array([[1e30, -1e30]]), np.array([[-1e30, -1e30]])):
        for convert in (np.asarray, torch.from_numpy, tf.constant):
            assert np.isfinite(
                np.asarray(evidential_loss(convert(values), convert(np.array([[0.0, 1.0]]))))
            ).all()
            assert np.isfinite(np.asarray(uncertainty(convert(values)))).all()


def test_a_keras_model_learns_by_it():
    rng = np.random.default_rng(0)
    labels = rng.integers(2, size=200)
    inputs = (rng.normal(size=(200, 2)) * 0.3 + 2 * labels[:, None] - 1).astype(np.float32)
    model = tf.keras.Sequential([tf.keras.Input((2,)), tf.keras.layers.Dense(2)])
    model.compile("adam", loss=lambda y, f: evidential_loss(f, y))
    model.optimizer.learning_rate = 0.1
    before = float(model.evaluate(inputs, np.eye(2, dtype=np.float32)[labels], verbose=0))
    model.fit(inputs, np.eye(2, dtype=np.float32)[labels], epochs=5, verbose=0)
    after = float(model.evaluate(inputs, np.eye(2, dtype=np.float32)[labels], verbose=0))
    assert after < before / 3
