"""Models whose several outputs are probabilities, of one choice or of a label each."""

import numpy as np
import pytest
import tensorflow as tf

from xplique_submod import LiMA, metrics
from xplique_submod._layers import ends_in_sigmoid

keras, layers = tf.keras, tf.keras.layers
X = np.random.default_rng(0).random((2, 8), dtype="f4")
Y = np.eye(5, dtype="f4")[[0, 3]]
NOTICE = "the model's outputs are probabilities already"


def logits(n=5):
    keras.utils.set_random_seed(0)
    start = keras.initializers.RandomNormal(stddev=2)
    return keras.Sequential([keras.Input((8,)), layers.Dense(n, kernel_initializer=start)])


def sigmoid():
    model = keras.Sequential([keras.Input((8,)), layers.Dense(5, "sigmoid")])
    model.set_weights(logits().get_weights())
    return model


def heads():
    start = keras.Input((8,))
    whole = logits()
    kernel, bias = whole.get_weights()
    ends = [layers.Dense(n, "sigmoid") for n in (2, 3)]
    model = keras.Model(start, layers.Concatenate()([end(start) for end in ends]))
    ends[0].set_weights([kernel[:, :2], bias[:2]])
    ends[1].set_weights([kernel[:, 2:], bias[2:]])
    return model


def nested():
    return keras.Sequential([keras.Input((8,)), layers.Rescaling(1.0), sigmoid()])


def activated():
    return keras.Sequential([logits(), layers.Activation("sigmoid"), layers.Reshape((5,))])


def operation():
    start = keras.Input((8,))
    return keras.Model(start, keras.ops.sigmoid(logits()(start)))


LABELS = {
    "dense": sigmoid,
    "heads": heads,
    "nested": nested,
    "activated": activated,
    "operation": operation,
}


@pytest.mark.parametrize("activation", ["softmax", "sigmoid", "identity"])
@pytest.mark.parametrize("make", LABELS.values(), ids=LABELS)
def test_labels_of_a_keras_model_are_read_as_they_are(make, activation):
    """As the logits are under "sigmoid": the order, the score and the mean binary certainty."""
    model = make()
    weights = {"consistency": 2, "collaboration": 1, "confidence": 0.5}
    lima = LiMA(model, activation=activation, weights=weights)
    if activation == "identity":
        found = lima.explain_regions(X, Y)
    else:
        with pytest.warns(UserWarning, match=f"{NOTICE}.*activation='identity'"):
            found = lima.explain_regions(X, Y)
    wanted = LiMA(logits(), activation="sigmoid", weights=weights).explain_regions(X, Y)
    for one, other, p in zip(found, wanted, model(X).numpy()[[0, 1], [0, 3]], strict=True):
        assert one.curves.insertion[-1] == pytest.approx(p, abs=1e-6)
        assert one.order.tolist() == other.order.tolist()
        np.testing.assert_allclose(one.curves.confidence, other.curves.confidence, atol=1e-5)


@pytest.mark.parametrize("kind", ["function", "module"])
def test_labels_of_other_models_are_noticed_and_identity_reads_them(kind):
    class Module(tf.Module):
        def __call__(self, x):
            return model(x)

    model = sigmoid()
    other = Module() if kind == "module" else lambda x: model(x).numpy()
    with pytest.warns(UserWarning, match=r"in \[0, 1\].*activation='identity'"):
        LiMA(other).explain(X, Y)
    (found, _) = LiMA(other, activation="identity").explain_regions(X, Y)
    p = model(X[:1]).numpy()[0]
    assert found.curves.insertion[-1] == pytest.approx(p[0], abs=1e-6)
    slow = np.mean(1 + (p * np.log(p) + (1 - p) * np.log(1 - p)) / np.log(2))
    assert found.curves.confidence[-1] == pytest.approx(slow, abs=1e-5)


@pytest.mark.parametrize("n", [2, 7, 300])
def test_a_softmax_is_read_as_one_choice(n):
    model = keras.Sequential([logits(n), layers.Softmax()])
    targets = np.eye(n, dtype="f4")[[0, 1]]
    with pytest.warns(UserWarning, match=NOTICE):
        found = LiMA(model).explain_regions(X, targets)
    quiet = LiMA(model, activation="identity").explain_regions(X, targets)
    wanted = LiMA(logits(n), weights=None).explain_regions(X, targets)
    for one, other, slow in zip(found, quiet, wanted, strict=True):
        assert one.order.tolist() == other.order.tolist()
        assert one.curves.insertion[-1] == pytest.approx(slow.curves.insertion[-1], abs=1e-5)
        assert one.curves.confidence[-1] == pytest.approx(slow.curves.confidence[-1], abs=1e-4)


def test_an_operator_s_confidence_is_of_the_probabilities_themselves():
    model = keras.Sequential([logits(), layers.Softmax()])
    with pytest.warns(UserWarning, match=NOTICE):
        found = LiMA(model, operator=lambda f, x, y: f(x)[:, 0]).explain_regions(X, Y)
    p = model(X).numpy()
    slow = 1 + (p * np.log(p)).sum(1) / np.log(5)
    assert [one.curves.confidence[-1] for one in found] == pytest.approx(slow, abs=1e-5)


def test_metrics_of_labels_are_of_the_model_s_own_probability():
    found = metrics.Insertion(sigmoid(), X, Y, steps=8).per_example(X)
    other = metrics.Insertion(logits(), X, Y, steps=8, activation="sigmoid").per_example(X)
    assert found == pytest.approx(other, abs=1e-6)


def plain_output():
    start = keras.Input((8,))
    return keras.Model(start, layers.Dense(3)(layers.Dense(4, "sigmoid")(start)))


def mixed():
    start = keras.Input((8,))
    return keras.Model(
        start, layers.Concatenate()([layers.Dense(1, "sigmoid")(start), layers.Dense(1)(start)])
    )


def several():
    start = keras.Input((8,))
    return keras.Model(
        start, [layers.Dense(1, "sigmoid")(start), layers.Dense(1, "sigmoid")(start)]
    )


@pytest.mark.parametrize(
    ("make", "expected"),
    [(make, True) for make in LABELS.values()]
    + [(make, False) for make in (logits, plain_output, mixed, several, keras.Sequential)]
    + [(lambda: keras.Sequential([logits(), layers.Softmax()]), False), (lambda: abs, False)],
)
def test_the_last_layer_is_looked_at(make, expected):
    assert ends_in_sigmoid(make()) is expected
