"""Classifiers with one output: class 0 has 1 − p, class 1 has p."""

from functools import cache

import numpy as np
import pytest
import tensorflow as tf
from soak.amounts import combined
from xplique.commons import Tasks

from xplique_submod import (
    SMDL,
    LiMA,
    SumOfParts,
    SumOfPartsAttribution,
    explain_mistakes,
    metrics,
)
from xplique_submod._command import explain_photograph

pytestmark = pytest.mark.usefixtures("eagerly")

keras, layers = tf.keras, tf.keras.layers
RNG = np.random.default_rng(0)
X = RNG.random((3, 8, 8, 3), dtype="f4") * np.array([1, -1, 1], "f4")[:, None, None, None]
ALONE = {"consistency": 2, "collaboration": 1, "confidence": 0.5}
IDENTITY, SIGMOID = {"activation": "identity"}, {"activation": "sigmoid"}
OPTIONS = {"regions": (2, 2), "weights": ALONE}


def logits():
    keras.utils.set_random_seed(0)
    start = keras.initializers.RandomNormal(stddev=0.3)
    return keras.Sequential(
        [keras.Input((8, 8, 3)), layers.Flatten(), layers.Dense(1, kernel_initializer=start)]
    )


# Keras takes longer to build a network than to answer.
@cache
def built():
    return logits()


def p_of(x):
    return tf.sigmoid(built()(x)).numpy()[:, 0]


class Subclassed(keras.Model):
    def __init__(self):
        super().__init__()
        self.inner = logits()

    def call(self, x):
        return tf.sigmoid(self.inner(x))


class Module(tf.Module):
    def __init__(self):
        super().__init__()
        self.inner = logits()

    def __call__(self, x):
        return tf.sigmoid(self.inner(x))


class Estimator:
    def predict_proba(self, x):
        return p_of(x)[:, None]


def ending(*end):
    return keras.Sequential([logits(), *end])


def functional():
    start = keras.Input((8, 8, 3))
    return keras.Model(start, keras.ops.sigmoid(logits()(start)))


CLASSIFIERS = {
    "a last dense sigmoid": (lambda: dense_sigmoid(), {}),
    "an activation layer": (lambda: ending(layers.Activation("sigmoid")), {}),
    "an operation": (functional, {}),
    "reshaped": (lambda: ending(layers.Activation("sigmoid"), layers.Reshape((1,))), {}),
    "predict_proba of one column": (Estimator, {}),
    "a logit": (logits, SIGMOID),
    "a function of logits": (lambda: lambda x: built()(x).numpy()[:, 0], SIGMOID),
    "a subclassed model": (Subclassed, IDENTITY),
    "a module": (Module, IDENTITY),
    "a function": (lambda: p_of, IDENTITY),
    "an activation of one's own": (logits, {"activation": lambda z: 0.5 + 0.5 * tf.tanh(z / 2)}),
}


def dense_sigmoid():
    model = keras.Sequential([keras.Input((8, 8, 3)), layers.Flatten(), layers.Dense(1, "sigmoid")])
    model.set_weights(logits().get_weights())
    return model


def masked(x, explanation, n_kept):
    kept = np.isin(explanation.regions, explanation.order[:n_kept])
    return np.where(kept[..., None], x, 0).astype("f4")


TARGETS = {"0/1": [[0.0], [1.0], [0.0]], "one-hot": np.eye(2)[[0, 1, 0]]}


@pytest.mark.parametrize(("classifier", "targets"), combined(CLASSIFIERS, TARGETS))
def test_both_classes_are_explained(classifier, targets):
    make, options = CLASSIFIERS[classifier]
    found = LiMA(make(), **OPTIONS, **options).explain_regions(X, TARGETS[targets])
    for x, one, truth in zip(X, found, [0, 1, 0], strict=True):
        p = p_of(np.stack([masked(x, one, k) for k in range(5)]))
        probability = p if truth else 1 - p
        np.testing.assert_allclose(one.curves.insertion, probability, atol=1e-5)
        certain = 1 + (p * np.log(p) + (1 - p) * np.log(1 - p)) / np.log(2)
        np.testing.assert_allclose(one.curves.confidence, certain, atol=1e-5)


@pytest.mark.parametrize(("make", "options"), CLASSIFIERS.values(), ids=CLASSIFIERS)
def test_it_is_the_classifier_of_two_outputs(make, options):
    def twin(x):
        p = p_of(x)
        return np.stack([1 - p, p], 1)

    targets = np.eye(2)[[0, 1, 1]]
    one = LiMA(make(), **OPTIONS, **options).explain_regions(X, targets)
    two = LiMA(twin, **OPTIONS, **IDENTITY).explain_regions(X, targets)
    for a, b in zip(one, two, strict=True):
        assert a.order.tolist() == b.order.tolist()
        np.testing.assert_allclose(a.curves.objective, b.curves.objective, atol=1e-5)


@pytest.mark.parametrize(("make", "options"), CLASSIFIERS.values(), ids=CLASSIFIERS)
def test_mistakes_of_both_kinds_are_explained(make, options):
    predicted = (p_of(X) > 0.5).astype(int)
    lima = LiMA(make(), **OPTIONS, **options)
    for wrong in ((1 - predicted)[:, None], np.eye(2)[1 - predicted]):
        for one, p, truth in zip(
            explain_mistakes(lima, X, wrong), p_of(X), 1 - predicted, strict=True
        ):
            assert (one.truth, one.predicted) == (truth, 1 - truth)
            assert one.confidence_before == pytest.approx(p if truth else 1 - p, abs=1e-5)
            assert one.before.shape == (2,)
    with pytest.raises(ValueError, match="already predicts"):
        explain_mistakes(lima, X, predicted[:, None])


def test_the_images_hold_mistakes_of_both_kinds():
    assert 0 < (p_of(X) > 0.5).sum() < len(X)


@pytest.mark.parametrize("batch_size", [1, 2, 64])
def test_the_batch_changes_nothing(batch_size):
    targets = [[0.0], [1.0], [0.0]]
    found = LiMA(dense_sigmoid(), batch_size, **OPTIONS)(X, targets)
    parts = [
        LiMA(dense_sigmoid(), **OPTIONS)(X[i : i + 1], targets[i : i + 1])[0] for i in range(3)
    ]
    np.testing.assert_allclose(found, parts, atol=1e-5)


def test_smdl_and_metrics_read_both_classes_too():
    targets, maps = np.array([[0.0], [1.0], [0.0]]), RNG.random((3, 8, 8))
    smdl = SMDL(dense_sigmoid(), patches=2, weights=ALONE).explain_regions(X, targets)
    assert [one.curves.insertion[-1] for one in smdl] == pytest.approx(
        np.where(targets[:, 0], p_of(X), 1 - p_of(X)), abs=1e-5
    )
    for kind, settings in (
        (metrics.Insertion, {"steps": 4}),
        (metrics.Deletion, {"steps": 4}),
        (metrics.HighestConfidence, {}),
    ):
        twin = kind(
            lambda x: np.stack([1 - p_of(x), p_of(x)], 1), X, np.eye(2)[[0, 1, 0]], **settings
        )
        for model, activation in ((dense_sigmoid(), None), (logits(), "sigmoid"), (p_of, None)):
            found = kind(model, X, targets, activation=activation, **settings).per_example(maps)
            assert found == pytest.approx(twin.per_example(maps), abs=1e-5)


REFUSED = {
    "a zero of a plain value": (
        lambda: lambda x: 9 * p_of(x),
        {},
        [[0.0]] * 3,
        "name no class.*sigmoid",
    ),
    "a zero of a logit": (
        logits,
        {},
        [[1.0], [0.0], [1.0]],
        r"name no class for the examples \[1\]",
    ),
    "two columns of a plain value": (
        logits,
        {},
        np.eye(2)[[0, 1, 0]],
        "`targets`.*activation='sigmoid'",
    ),
    "three columns": (dense_sigmoid, {}, np.eye(3), "`targets`"),
    "zeros of two columns": (dense_sigmoid, {}, np.zeros((3, 2)), "name no class"),
    "a class out of range": (dense_sigmoid, {}, tf.one_hot([0, 1, 2], 2), "name no class"),
    "less than no class": (dense_sigmoid, {}, [[-1.0]] * 3, "must be 0 or 1"),
    "half a class": (logits, SIGMOID, [[0.5]] * 3, "must be 0 or 1"),
    "the only embedding": (
        functional,
        {"class_embeddings": np.ones((1, 1)), "activation": "identity"},
        [[0.0]] * 3,
        "name no class",
    ),
    "a class out of range by Xplique's task": (
        lambda: keras.Sequential([logits(), layers.Dense(4, "softmax")]),
        IDENTITY | {"operator": Tasks.CLASSIFICATION},
        tf.one_hot([0, 1, 4], 4),
        r"name no class for the examples \[2\]",
    ),
    "nan": (dense_sigmoid, {}, np.full((3, 1), np.nan), "name no class"),
    "one column of several outputs": (
        lambda: keras.Sequential([keras.Input((8, 8, 3)), layers.Flatten(), layers.Dense(4)]),
        {},
        np.zeros((3, 1)),
        "`targets`",
    ),
    "what is no probability later": (
        lambda: (
            lambda x: (
                np.where(x.sum((1, 2, 3)) == x[:1].sum(), 0.5, 0.5)
                + (x.mean((1, 2, 3)) > 0) * (x.mean((1, 2, 3)) < 0.4)
            )
        ),
        IDENTITY,
        [[0.0]] * 3,
        "`activation`",
    ),
}


@pytest.mark.parametrize("rows", [[[1, 1, 0, 0]], [[0, 0, 0, 2]], [[-1, 1, 1, 0]]], ids=str)
def test_a_mistake_has_one_true_class(rows):
    net = [keras.Input((8, 8, 3)), layers.Flatten(), layers.Dense(4)]
    with pytest.raises(ValueError, match="`targets` must be one-hot"):
        explain_mistakes(LiMA(keras.Sequential(net), **OPTIONS), X[:1], np.array(rows, np.float32))


@pytest.mark.parametrize(("target", "p"), [(0, 0.4), (1, 0.6), (None, 0.6)])
def test_the_command_explains_both_classes_of_one_output(target, p):
    model = lambda x: tf.sigmoid(tf.reduce_mean(x, (1, 2, 3)) * 4)[:, None]  # noqa: E731
    image = np.full((8, 8, 3), np.log(1.5) / 4, np.float32)
    options = {"regions": (2, 2), "activation": "identity"}
    one, found = explain_photograph(model, image, target, options)
    assert found == (1 if target is None else target)
    assert one.curves.insertion[-1] == pytest.approx(p, abs=1e-5)
    with pytest.raises(ValueError, match="classes from 0 to 1"):
        explain_photograph(model, image, 2, options)


@pytest.mark.filterwarnings("ignore:the model gives no class:UserWarning")
@pytest.mark.parametrize(("make", "options", "targets", "named"), REFUSED.values(), ids=REFUSED)
def test_what_names_no_class_is_refused(make, options, targets, named):
    with pytest.raises(ValueError, match=named):
        LiMA(make(), **OPTIONS, **options).explain(X, targets)


@pytest.mark.filterwarnings("ignore:the model gives no class:UserWarning")
def test_a_value_of_one_output_stays_a_value():
    """The score of target 1 is the output, and target −1 its opposite: no class is made of it."""
    model = logits()
    for sign in (1, -1):
        found = LiMA(model, regions=(2, 2)).explain_regions(X, np.full((3, 1), sign))
        assert [one.curves.insertion[-1] for one in found] == pytest.approx(
            sign * model(X).numpy()[:, 0], rel=1e-4
        )
    assert found[0].curves.confidence is None
    with pytest.raises(ValueError, match=r"needs classes.*activation='sigmoid'"):
        explain_mistakes(LiMA(model, regions=(2, 2)), X, np.ones((3, 1)))


def test_of_one_logit_class_0_has_the_opposite_contributions():
    body = [layers.Conv2D(4, 3), layers.GlobalMaxPool2D(), layers.Dense(1)]
    sop = SumOfParts(keras.Sequential([keras.Input((8, 8, 3)), *body]), X[:1], features=4, groups=3)
    explainer, logit = SumOfPartsAttribution(sop), sop(X).numpy()[:, 0]
    for targets in ([[1.0], [0.0], [1.0]], np.eye(2)[[1, 0, 1]]):
        maps = explainer(X, targets).numpy()
        scores = maps[:, ::4, ::4, 0].sum((1, 2))  # once for each patch
        np.testing.assert_allclose(scores, logit * [1, -1, 1], atol=1e-5)
    for bad in (np.zeros((3, 2)), np.full((3, 1), np.nan)):
        with pytest.raises(ValueError, match="name no class"):
            explainer(X, bad)
    with pytest.raises(ValueError, match="`targets`"):
        explainer(X, np.eye(3))
