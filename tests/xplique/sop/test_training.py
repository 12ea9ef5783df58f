"""Training under Xplique is Keras's: weights, losses, scaled losses, replicas, labels."""

import os
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf
from soak.amounts import SOAK

from xplique_submod import SumOfParts
from xplique_submod.sop import fit

pytestmark = pytest.mark.usefixtures("eagerly")

keras, layers = tf.keras, tf.keras.layers
rng = np.random.default_rng(0)
X, Y = rng.random((8, 6), "float32"), np.arange(8) % 3


def made(regularizer=None, **options):
    keras.utils.set_random_seed(0)
    start = keras.Input((6,))
    backbone = keras.Sequential([start, layers.Dense(4, "tanh"), layers.Dense(3, dtype="float32")])
    bias = keras.initializers.RandomNormal(1.0, seed=1)  # features that differ have no ties
    body = [
        layers.Reshape((6, 1)),
        layers.Dense(4, bias_initializer=bias, kernel_regularizer=regularizer),
    ]
    sop = SumOfParts(backbone, X[:1], encoder=keras.Sequential([start, *body]), groups=3, **options)
    for name in ("query", "class_query"):  # off their start, where half of the gradients vanish
        weight = getattr(sop, name)
        weight.assign_add(0.3 * tf.random.stateless_normal(weight.shape, (1, 2)))
    return sop


def wanted(sop, loss_of, rate=0.1):
    """The weights after one step of plain gradient descent on the mean of losses."""
    with tf.GradientTape() as tape:
        loss = loss_of(sop)
    variables = sop.trainable_variables
    gradients = tape.gradient(loss, variables)
    steps = zip(variables, gradients, strict=True)
    return [v.numpy() - (0 if g is None else rate * g.numpy()) for v, g in steps], float(loss)


def default(sop, weights=None):
    """Eq. 48, written out."""
    parts = sop.parts(X)
    shares = tf.transpose(parts.scores, (0, 2, 1)) * parts.groups.scales[..., None]
    logits = tf.reduce_sum(shares * parts.partials, 1)
    losses = tf.nn.sparse_softmax_cross_entropy_with_logits(Y, logits)
    return tf.reduce_mean(losses if weights is None else losses * weights)


def stepped(sop, y=Y, optimizer=None, loss=None, eagerly=False, **options):
    sop.compile(optimizer or keras.optimizers.SGD(0.1), loss, run_eagerly=eagerly)
    history = sop.fit(X, y, batch_size=8, shuffle=False, verbose=0, **options)
    return [v.numpy() for v in sop.trainable_variables], history.history["loss"][0]


def check(found, expected, atol=1e-6):
    for a, b in zip(found[0], expected[0], strict=True):
        np.testing.assert_allclose(a, b, atol=atol)
    assert found[1] == pytest.approx(expected[1], abs=1e-5)


WEIGHTS = rng.random(8, "float32")
CASES = {
    "plain": ({}, None),
    "sample_weight": ({"sample_weight": WEIGHTS}, WEIGHTS),
    "a column": ({"sample_weight": WEIGHTS[:, None]}, WEIGHTS),
    "all 0": ({"sample_weight": np.zeros(8, "float32")}, np.zeros(8, "float32")),
    "class_weight": ({"class_weight": {0: 0.0, 1: 2.0, 2: 0.5}}, np.array([0, 2, 0.5], "f4")[Y]),
    "labels in a column": ({"y": Y[:, None]}, None),
    "eagerly": ({"eagerly": True, "sample_weight": WEIGHTS}, WEIGHTS),
}


# Without weights and with them, the step is also traced; the rest reaches it as weights.
TRACED = ("plain", "sample_weight")


@pytest.mark.parametrize(
    ("options", "weights"),
    [
        pytest.param(*case, id=name, marks=pytest.mark.graph if name in TRACED else ())
        for name, case in CASES.items()
    ],
)
def test_a_step_is_gradient_descent_on_the_weighted_mean(options, weights):
    check(stepped(made(), **options), wanted(made(), lambda sop: default(sop, weights)))


ONE_HOT = np.eye(3, dtype="float32")[Y]
SOFT = rng.dirichlet(np.ones(3), 8).astype("float32")
SEVERAL = (rng.random((8, 3)) < 0.5).astype("float32")
LOSSES = {
    "sparse": (keras.losses.SparseCategoricalCrossentropy(from_logits=True), Y),
    "one-hot": (keras.losses.CategoricalCrossentropy(from_logits=True), ONE_HOT),
    "soft": (keras.losses.CategoricalCrossentropy(from_logits=True), SOFT),
    "several labels": (keras.losses.BinaryCrossentropy(from_logits=True), SEVERAL),
    "hinge": (keras.losses.Hinge(), 2 * ONE_HOT - 1),
    "by name": ("mean_absolute_error", SOFT),
}


@pytest.mark.parametrize(("loss", "y"), LOSSES.values(), ids=list(LOSSES))
def test_a_compiled_loss_is_taken_of_the_scaled_logits(loss, y):
    found = keras.losses.get(loss)

    def expected(sop):
        return tf.reduce_mean(found(y, sop.parts(X).scaled_logits))

    start = made()
    step = wanted(start, expected)
    check(stepped(made(), y, loss=loss), step)
    start.compile("sgd", loss)
    assert start.evaluate(X, y, verbose=0) == pytest.approx(step[1], abs=1e-5)


@pytest.mark.parametrize(
    ("loss", "y", "name"),
    [
        (LOSSES["sparse"][0], Y, None),
        (LOSSES["one-hot"][0], ONE_HOT, "cross_entropy"),
        (LOSSES["soft"][0], SOFT, "cross_entropy"),
        (LOSSES["several labels"][0], SEVERAL, "binary_cross_entropy"),
    ],
)
def test_the_losses_by_name_are_keras_losses(loss, y, name):
    sop = made()
    ours = sop.training_loss(X, y, loss=name)
    assert float(ours) == pytest.approx(float(loss(y, sop.parts(X).scaled_logits)), abs=1e-6)
    losses = fit(sop, X, y, batch_size=8, loss=name, verbose=False)
    assert losses[0] == pytest.approx(float(ours), abs=1e-5)


@pytest.mark.parametrize(
    "loss",
    [
        "sparse_categorical_crossentropy",
        "binary_crossentropy",
        keras.losses.SparseCategoricalCrossentropy(),
        keras.losses.CategoricalCrossentropy(),
        "kl_divergence",
    ],
    ids=lambda loss: loss if isinstance(loss, str) else type(loss).__name__,
)
def test_losses_of_probabilities_are_refused(loss):
    sop = made()
    sop.compile("sgd", loss)
    with pytest.raises(ValueError, match=r"`loss` .* must take logits"):
        sop.fit(X, Y, verbose=0)


def test_metrics_are_weighted_where_they_are_compiled_so():
    sop, weights = made(), (Y == 0).astype("float32")
    weighted = keras.metrics.SparseCategoricalAccuracy(name="weighted")
    sop.compile("sgd", metrics=["accuracy"], weighted_metrics=[weighted])
    right = np.argmax(sop(X), 1) == Y
    found = sop.evaluate(X, Y, sample_weight=weights, verbose=0, return_dict=True)
    assert found["accuracy"] == pytest.approx(right.mean())
    assert found["weighted"] == pytest.approx(right[Y == 0].mean())
    assert found["loss"] == pytest.approx(float(default(sop, weights)), abs=1e-5)


def test_what_layers_of_the_encoder_add_to_the_loss_counts():
    def expected(sop):
        return default(sop) + 0.5 * tf.reduce_sum(sop.encoder.layers[-1].kernel ** 2)

    check(stepped(made(keras.regularizers.L2(0.5))), wanted(made(), expected))


@pytest.fixture
def mixed():
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_float16")
    yield
    keras.config.set_dtype_policy(before)


OPTIMIZERS = {
    "sgd": lambda: keras.optimizers.SGD(0.1),
    "adam": lambda: keras.optimizers.AdamW(1e-2),
    "factor": lambda: keras.optimizers.SGD(0.1, loss_scale_factor=1024.0),
}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_under_mixed_precision_a_step_is_as_long(name, mixed):
    sop = made()
    sop(X)  # calling it works
    found = stepped(sop, optimizer=OPTIMIZERS[name]())
    keras.config.set_dtype_policy("float32")
    expected = stepped(made(), optimizer=OPTIMIZERS[name]())
    for a, b in zip(found[0], expected[0], strict=True):
        np.testing.assert_allclose(a, b, atol=2e-3)
    assert found[1] == pytest.approx(expected[1], rel=1e-2)


def test_under_mixed_precision_fit_scales_its_losses_and_calls_are_methods(mixed):
    sop, half = made(), made()
    np.testing.assert_allclose(half(X), half.parts(X).logits, atol=1e-6)
    losses = fit(half, X, Y, batch_size=4, lr=1e-3, verbose=False)
    keras.config.set_dtype_policy("float32")
    full = fit(made(), X, Y, batch_size=4, lr=1e-3, verbose=False)
    np.testing.assert_allclose(losses, full, rtol=1e-2)
    assert sop.compute_dtype == "float16"


BAD = {
    "label 3": Y + 1,
    "label -1": Y - 1,
    "values NaN": np.full((8, 3), np.nan, "float32"),
    "one-hot floats": ONE_HOT,
    "shares": SOFT,
    "several labels": SEVERAL,
    "shape": np.zeros((8, 7), "float32"),
    "whole numbers for each output": np.zeros((8, 3), int),
}


@pytest.mark.parametrize("y", BAD.values(), ids=list(BAD))
def test_targets_that_are_none_are_refused_before_a_step(y):
    sop = made()
    before = [v.numpy() for v in sop.variables]
    for call in (lambda: fit(sop, X, y, verbose=False), lambda: sop.training_loss(X, y)):
        with pytest.raises(ValueError, match="`targets`"):
            call()
    sop.compile("sgd")
    with pytest.raises((ValueError, tf.errors.InvalidArgumentError), match="`targets`"):
        sop.fit(X, y, verbose=0)
    for variable, value in zip(sop.variables[: len(before)], before, strict=True):
        np.testing.assert_array_equal(variable, value)


@pytest.mark.graph
def test_labels_out_of_range_of_a_compiled_loss_and_targets_that_are_missing():
    sop = made()
    sop.compile("sgd", LOSSES["sparse"][0])
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"`targets` .* classes from 0 to 2"):
        sop.fit(X, Y + 1, verbose=0)
    with pytest.raises(ValueError, match="`y`"):
        sop.fit(X, verbose=0)


def test_a_step_on_nan_stops_before_the_weights_change():
    sop, bad = made(), np.where(np.arange(8)[:, None] == 3, np.float32("nan"), X)
    before = [v.numpy() for v in sop.trainable_variables]
    sop.compile("sgd")
    with pytest.raises(tf.errors.InvalidArgumentError, match="the loss of a step is not finite"):
        sop.fit(bad, Y, verbose=0)
    for variable, value in zip(sop.trainable_variables, before, strict=True):
        np.testing.assert_array_equal(variable, value)


def test_no_argument_is_ignored():
    with pytest.raises(TypeError, match="`scheduler` is no argument of `fit`"):
        fit(made(), X, Y, scheduler="cosine")
    with pytest.raises(ValueError, match="`loss`"):
        fit(made(), X, Y, loss="hinge")


REPLICAS = """
import numpy as np, sys, tensorflow as tf
sys.path.insert(0, sys.argv[1])
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
import test_training as t

for options in ({}, {"sample_weight": t.WEIGHTS}, {"loss": t.LOSSES["sparse"][0]}):
    with tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"]).scope():
        two = t.stepped(t.made(), optimizer=t.keras.optimizers.SGD(0.1), **options)
    one = t.stepped(t.made(), optimizer=t.keras.optimizers.SGD(0.1), **options)
    t.check(two, one)
print("the same")
"""


@pytest.mark.graph
@pytest.mark.skipif(SOAK == 1, reason="a process of two devices: in `make soak`")
@pytest.mark.slow
def test_two_replicas_take_the_step_of_one():
    command = [sys.executable, "-c", REPLICAS, os.path.dirname(__file__)]
    ran = subprocess.run(command, capture_output=True, text=True)
    assert ran.stdout.strip().endswith("the same"), ran.stderr[-2000:]
