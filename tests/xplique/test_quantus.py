"""`explain_func` as Quantus calls it for Keras models: channels first and last."""

from functools import partial

import keras
import numpy as np
import pytest
import tensorflow as tf

from xplique_submod import LiMA
from xplique_submod.quantus import explain_func

METHOD = partial(LiMA, regions=(2, 2), search="singletons")
X = np.random.default_rng(0).random((2, 8, 6, 3)).astype(np.float32)


def network(*shape):
    keras.utils.set_random_seed(0)
    layers = keras.layers
    return keras.Sequential([keras.Input(shape), layers.Flatten(), layers.Dense(4)])


def test_scores_have_the_channels_first_however_inputs_come():
    model, targets = network(8, 6, 3), np.array([0, 3])
    wanted = METHOD(model).explain(X, tf.one_hot(targets, 4)).numpy()
    last = explain_func(model=model, inputs=X, targets=targets, method=METHOD, device="cpu")
    first = explain_func(model, np.moveaxis(X, -1, 1), targets, method=METHOD)
    assert type(last) is type(first) is np.ndarray
    assert first.shape == (2, 1, 8, 6)
    np.testing.assert_array_equal(last, first)
    np.testing.assert_array_equal(first[:, 0], wanted[..., 0])


def test_where_a_shape_fits_both_ways_it_asks():
    model, cube = network(3, 3, 3), np.random.default_rng(0).random((1, 3, 3, 3))
    with pytest.raises(ValueError, match="`channel_first`"):
        explain_func(model, cube, 1, method=METHOD)
    first = explain_func(model, np.moveaxis(cube, -1, 1), 1, method=METHOD, channel_first=True)
    last = explain_func(model, cube, 1, method=METHOD, channel_first=False)
    np.testing.assert_array_equal(first, last)


def test_tables_have_no_channels():
    assert explain_func(network(5), np.ones((2, 5)), np.array([0, 1])).shape == (2, 5)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("model", len),
        ("inputs", X[:, :5]),
        ("inputs", X[0]),
        ("inputs", [["a"]]),
        ("targets", np.array([0, 1, 2])),
        ("targets", np.array([4, 0])),
        ("method", None),
        ("channel_first", "yes"),
    ],
)
def test_what_does_not_fit_is_refused(name, value):
    good = {"model": network(8, 6, 3), "inputs": X, "targets": np.ones(2, int), "method": METHOD}
    with pytest.raises((TypeError, ValueError), match=f"`{name}`"):
        explain_func(**(good | {name: value}))


def test_classes_of_one_output_are_0_and_1():
    keras.utils.set_random_seed(0)
    layers = keras.layers
    net = [keras.Input((8, 6, 3)), layers.Flatten(), layers.Dense(1, "sigmoid")]
    model = keras.Sequential(net)
    found = explain_func(model, X, np.array([0, 1]), method=METHOD)
    wanted = METHOD(model).explain(X, np.array([[0.0], [1.0]], np.float32)).numpy()
    np.testing.assert_array_equal(found[:, 0], wanted[..., 0])


@pytest.mark.parametrize("target", [-1, 4])
def test_a_class_out_of_range_is_refused(target):
    with pytest.raises(ValueError, match="`targets`"):
        explain_func(network(8, 6, 3), X, target, method=METHOD)
