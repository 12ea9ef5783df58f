"""Operators: every form that runs under Xplique's own methods is the consistency of ours."""

import functools

import numpy as np
import pytest
import tensorflow as tf
from soak.amounts import combined
from xplique.attributions import Rise
from xplique.commons.operators import predictions_operator

from xplique_submod import LiMA, metrics

keras, layers = tf.keras, tf.keras.layers
RNG = np.random.default_rng(0)
X, Y = RNG.random((2, 16, 16, 3), dtype="f4"), np.eye(5, dtype="f4")[:2]
ZERO = np.zeros((1, 16, 16, 3), "f4")
FAITHFUL = {"consistency": 1, "collaboration": 1}


def plain():
    keras.utils.set_random_seed(0)
    return keras.Sequential(
        [
            keras.Input((16, 16, 3)),
            layers.Conv2D(8, 3),
            layers.GlobalAveragePooling2D(),
            layers.Dense(5),
        ]
    )


def two_outputs():
    keras.utils.set_random_seed(0)
    start = keras.Input((16, 16, 3))
    hidden = layers.GlobalAveragePooling2D()(layers.Conv2D(8, 3)(start))
    return keras.Model(start, [layers.Dense(5)(hidden), layers.Dense(4)(hidden)])


class Named(keras.Model):
    """With outputs in a dict."""

    def __init__(self):
        super().__init__()
        self.inner = plain()

    def call(self, x):
        return {"logits": self.inner(x)}


def detector(filtered=False):
    keras.utils.set_random_seed(0)
    start = keras.Input((16, 16, 3))
    boxes = layers.Conv2D(6, 8, strides=8, activation="sigmoid")(start)
    boxes = layers.Reshape((4, 6))(boxes)
    if filtered:  # as after a suppression of boxes: as many as are left
        boxes = layers.Lambda(
            lambda b: tf.boolean_mask(b, tf.reduce_max(b[..., 4], 0) > 0.3, axis=1),
            output_shape=(None, 6),
        )(boxes)
    return keras.Model(start, boxes)


def score(f, x, y):
    return tf.reduce_sum(f(x) * y, -1)


def looped(f, x, y):
    rows = [f(one[None])[0] for one in x]
    return tf.stack([tf.reduce_sum(row * t) for row, t in zip(rows, y, strict=True)])


def on_numpy(f, x, y):
    return np.sum(f(x).numpy() * np.asarray(y), -1)


def branching(f, x, y):
    if tf.reduce_sum(x) > 1:
        return score(f, x, y)
    return tf.zeros(tf.shape(x)[0])


class Callable:
    def __call__(self, model, inputs, targets):
        return score(model, inputs, targets)


TRACED = {
    "plain": (plain, score),
    "with a keyword": (plain, lambda f, x, y: tf.reduce_sum(f(x, training=False) * y, -1)),
    "a tf.function": (plain, tf.function(score)),
    "Xplique's own": (plain, lambda f, x, y: 2 * predictions_operator(f, x, y)),
    "a partial": (plain, functools.partial(tf.function(score))),
    "map_fn": (
        plain,
        lambda f, x, y: tf.map_fn(
            lambda a: tf.reduce_sum(f(a[0][None])[0] * a[1]), (x, y), fn_output_signature=tf.float32
        ),
    ),
    "cond": (
        plain,
        lambda f, x, y: tf.cond(
            tf.reduce_sum(x) > 0, lambda: score(f, x, y), lambda: tf.zeros(tf.shape(x)[0])
        ),
    ),
    "an if": (plain, branching),
    "a reference": (plain, lambda f, x, y: tf.reduce_sum((f(x) - f(ZERO)) * y, -1)),
    "a layer": (
        plain,
        lambda f, x, y: tf.norm(keras.Model(f.inputs, f.layers[-2].output)(x), axis=-1),
    ),
    "the mean of two calls": (plain, lambda f, x, y: score(f, x, y) + score(f, x[:, ::-1], y)),
    "the first output": (two_outputs, lambda f, x, y: tf.reduce_sum(f(x)[0] * y, -1)),
    "an output by name": (Named, lambda f, x, y: tf.reduce_sum(f(x)["logits"] * y, -1)),
    "probabilities": (plain, lambda f, x, y: tf.reduce_sum(tf.nn.softmax(f(x)) * y, -1)),
}
EAGER = {
    "numpy": (plain, on_numpy),
    "a loop over the examples": (plain, looped),
    "the number of examples": (
        plain,
        lambda f, x, y: tf.stack([score(f, x, y)[i] for i in range(int(x.shape[0]))]),
    ),
    "variables": (plain, lambda f, x, y: tf.Variable(score(f, x, y)) + 0.0),
}


def masked(x, explanation, n_kept):
    kept = np.isin(explanation.regions, explanation.order[:n_kept])
    return np.where(kept[..., None], x, 0).astype("f4")


def check_curve(model, operator, targets, found):
    """The insertion curve is the operator's value, called eagerly, on inputs masked slowly."""
    for x, target, one in zip(X, targets, found, strict=True):
        for k, value in enumerate(one.curves.insertion):
            slow = operator(model, tf.constant(masked(x, one, k)[None]), tf.constant(target[None]))
            assert value == pytest.approx(float(slow[0]), rel=1e-4, abs=1e-5)


@pytest.mark.parametrize(("name", "batch_size"), combined(TRACED | EAGER, [3, 32]))
def test_an_operator_s_value_is_the_consistency(name, batch_size):
    make, operator = (TRACED | EAGER)[name]
    model = make()
    lima = LiMA(model, batch_size, operator=operator, regions=(2, 2), weights=FAITHFUL)
    check_curve(model, operator, Y, lima.explain_regions(X, Y))
    assert lima._reader._eager == (name in EAGER)
    if make is not Named:  # Xplique's own methods take no subclassed models of Keras 3
        assert np.isfinite(Rise(model, operator=operator, nb_samples=4)(X, Y)).all()


NAMES = [
    "object detection",
    "object detection box position",
    "object detection box proba",
    "object detection box class",
]


@pytest.mark.parametrize("filtered", [False, True])
@pytest.mark.parametrize("name", NAMES)
def test_object_detection_by_name(name, filtered):
    model = detector(filtered)
    box = detector()(X).numpy()[:, 1]
    lima = LiMA(model, operator=name, regions=(2, 2), weights=FAITHFUL)
    check_curve(model, lima.inference_function, box, lima.explain_regions(X, box))


def test_the_operator_gets_the_model_itself():
    model, seen = plain(), []

    def operator(f, x, y):
        seen.append(f)
        return score(f, x, y)

    LiMA(model, operator=operator, regions=(2, 2)).explain(X, Y)
    metrics.Deletion(model, X, Y, operator=operator, steps=4)(X)
    assert seen
    assert all(f is model for f in seen)


@pytest.mark.parametrize("extra", [0, 1, 2])
def test_confidence_and_features_come_from_a_call_of_the_model_s_own(extra):
    """However often an operator calls the model on something else."""
    model = plain()

    def operator(f, x, y):
        found = score(f, x, y)
        for k in range(extra):
            found += 0 * score(f, x * (k - 1.5), y)
        return found

    found = LiMA(model, operator=operator, regions=(2, 2)).explain_regions(X, Y)
    weights = {"effectiveness": 1}
    spread = LiMA(model, operator=operator, regions=(2, 2), weights=weights).explain_regions(X, Y)
    wanted = LiMA(model, regions=(2, 2), weights=weights).explain_regions(X, Y)
    for x, one in zip(X, found, strict=True):
        p = tf.nn.softmax(model(np.stack([masked(x, one, k) for k in range(5)]))).numpy()
        slow = 1 + (p * np.log(p)).sum(1) / np.log(5)
        np.testing.assert_allclose(one.curves.confidence, slow, atol=1e-5)
    for one, other in zip(spread, wanted, strict=True):
        assert one.order.tolist() == other.order.tolist()
        np.testing.assert_allclose(one.curves.effectiveness, other.curves.effectiveness, atol=1e-5)


def counting(rows):
    inner = plain()

    def model(x):
        rows.append(len(x))
        return inner(x)

    return model


@pytest.mark.parametrize(
    ("weights", "calls"),
    [({"consistency": 1}, 1), (FAITHFUL, 1), ({"consistency": 1, "confidence": 1}, 2)],
)
def test_the_model_is_called_once_where_neither_confidence_nor_features_is_needed(weights, calls):
    rows = []
    lima = LiMA(counting(rows), operator=score, regions=(2, 2), weights=weights)
    found = lima.explain_regions(X, Y)
    looks = 0 if calls == 1 else 4  # for confidence: two examples, whole and empty
    assert sum(rows) == calls * sum(one.model_inputs for one in found) + looks


@pytest.mark.parametrize("make", [two_outputs, Named, functools.partial(detector, True)])
def test_what_an_operator_s_model_cannot_give_is_left_out_with_a_warning(make):
    def operator(f, x, y):
        outputs = f(x)
        if isinstance(outputs, dict | list):
            return tf.reduce_sum(outputs["logits"] if isinstance(outputs, dict) else outputs[0], -1)
        return tf.reduce_sum(outputs, (1, 2))

    model = make()
    with pytest.warns(UserWarning, match="left out") as caught:
        (found, _) = LiMA(model, operator=operator, regions=(2, 2)).explain_regions(X, Y)
    said = " ".join(str(one.message) for one in caught)
    assert "confidence score is left out" in said
    assert "effectiveness score is left out" in said
    assert (found.curves.confidence, found.curves.effectiveness) == (None, None)
    alone = LiMA(model, operator=operator, regions=(2, 2), weights={"effectiveness": 1})
    with pytest.warns(UserWarning, match="left out"), pytest.raises(ValueError, match="`weights`"):
        alone.explain(X, Y)
    given = {"features": lambda x: tf.reduce_mean(x, (1, 2)), "weights": {"effectiveness": 1}}
    found = LiMA(model, operator=operator, regions=(2, 2), **given).explain_regions(X, Y)
    assert np.isfinite(found[0].curves.effectiveness).all()


def test_outputs_of_several_lengths_are_an_error_where_nothing_is_traced():
    def boxes(x):
        x = np.asarray(x)
        return np.ones((len(x), 1 + (x[:, :8, :8].sum() > 0), 2), "f4")

    lima = LiMA(boxes, operator=lambda f, x, y: f(x)[:, 0, 0], regions=(2, 2), batch_size=1)
    with pytest.warns(UserWarning, match="no class"), pytest.raises(ValueError, match="`features`"):
        lima.explain(X, Y)


def test_an_error_of_an_operator_s_own_is_raised():
    class MineError(Exception):
        pass

    def operator(f, x, y):
        raise MineError("in an operator")

    with pytest.raises(MineError, match="in an operator"):
        LiMA(plain(), operator=operator, regions=(2, 2), weights=FAITHFUL).explain(X, Y)


def test_metrics_take_the_same_operators():
    model, maps = plain(), RNG.random((2, 16, 16), dtype="f4")
    expected = metrics.Insertion(model, X, Y, steps=4)(maps)
    for operator in (score, on_numpy, tf.function(score), looped, "regression", "classification"):
        assert metrics.Insertion(model, X, Y, steps=4, operator=operator)(maps) == pytest.approx(
            expected, abs=1e-5
        )
    for operator in (score, "regression", "object detection"):
        with pytest.raises(ValueError, match="`activation`"):
            metrics.Insertion(model, X, Y, operator=operator, activation="softmax")
