"""Named tasks, and the members of Xplique's `Tasks`: a name and its member mean the same."""

import numpy as np
import pytest
import tensorflow as tf
from xplique.commons.operators_operations import Tasks

from xplique_submod import LiMA, explain_mistakes, metrics

keras, layers = tf.keras, tf.keras.layers
X = np.random.default_rng(0).random((2, 6), dtype="f4")
NO_CLASSES = "ignore:the model gives no class:UserWarning"


def network(n, end=None):
    keras.utils.set_random_seed(0)
    start = keras.initializers.RandomNormal(stddev=3)
    return keras.Sequential([keras.Input((6,)), layers.Dense(n, end, kernel_initializer=start)])


def alike(one, other):
    for a, b in zip(one, other, strict=True):
        assert a.order.tolist() == b.order.tolist()
        np.testing.assert_allclose(a.curves.objective, b.curves.objective, atol=1e-5)


def wrapped(model, kind):
    class Estimator:
        def predict_proba(self, x):
            return np.asarray(model(x))

    class Subclassed(keras.Model):
        def call(self, x):
            return model(x)

    return {
        "keras": model,
        "function": lambda x: np.asarray(model(x)),
        "subclassed": Subclassed(),
        "estimator": Estimator(),
    }[kind]


@pytest.mark.filterwarnings(NO_CLASSES)
@pytest.mark.parametrize("kind", ["keras", "function", "subclassed", "estimator"])
@pytest.mark.parametrize("n", [1, 2, 5])
def test_a_regression_is_the_value_itself(n, kind):
    model, targets = network(n), np.eye(n, dtype="f4")[[0, 0]]
    by_name = LiMA(wrapped(model, kind), operator="regression").explain_regions(X, targets)
    by_task = LiMA(wrapped(model, kind), operator=Tasks.REGRESSION).explain_regions(X, targets)
    alike(by_name, by_task)
    for one, row in zip(by_name, model(X).numpy(), strict=True):
        assert one.curves.insertion[-1] == pytest.approx(row[0], rel=1e-5)
        assert one.curves.insertion[0] == pytest.approx(0, abs=1e-6)
        assert one.curves.confidence is None


@pytest.mark.filterwarnings("ignore:the model's outputs are probabilities:UserWarning")
@pytest.mark.filterwarnings(NO_CLASSES)
@pytest.mark.parametrize("n", [2, 3, 6])
def test_a_classification_is_a_class_s_probability(n):
    targets = np.eye(n, dtype="f4")[[0, 1]]
    model = network(n, "softmax")
    plain = LiMA(model).explain_regions(X, targets)
    alike(plain, LiMA(model, operator="classification").explain_regions(X, targets))
    alike(plain, LiMA(model, operator=Tasks.CLASSIFICATION).explain_regions(X, targets))
    logits = network(n)
    softmaxed = LiMA(logits, operator="classification").explain_regions(X, targets)
    p = tf.nn.softmax(logits(X)).numpy()
    assert softmaxed[1].curves.insertion[-1] == pytest.approx(p[1, 1], abs=1e-5)


def test_where_xplique_s_one_object_leaves_it_open_a_warning_says_how_to_choose():
    with pytest.warns(UserWarning, match="one object in Xplique.*operator='classification'"):
        found = LiMA(network(3), operator=Tasks.CLASSIFICATION).explain_regions(X, np.eye(3)[:2])
    assert found[0].curves.insertion[-1] == pytest.approx(float(network(3)(X)[0, 0]), rel=1e-5)


def test_mistakes_are_explained_for_the_task_of_classes():
    model = network(3)
    wrong = np.eye(3)[np.asarray(model(X)).argmin(1)]
    plain = explain_mistakes(LiMA(model), X, wrong)
    for operator in ("classification", Tasks.CLASSIFICATION):
        found = explain_mistakes(LiMA(model, operator=operator), X, wrong)
        assert [repr(one) for one in found] == [repr(one) for one in plain]
    with pytest.raises(ValueError, match="`method`"):
        explain_mistakes(LiMA(model, operator="regression"), X, wrong)


@pytest.mark.parametrize("n", [1, 3])
def test_metrics_read_a_task_and_its_name_alike(n):
    model, targets = network(n), np.eye(n, dtype="f4")[[0, 0]]
    found = [
        metrics.Insertion(model, X, targets, steps=6, operator=operator)(X)
        for operator in (
            None,
            "regression",
            "classification",
            Tasks.REGRESSION,
            Tasks.CLASSIFICATION,
        )
    ]
    assert found == pytest.approx(found[:1] * 5)


def test_class_embeddings_say_that_it_is_a_classification():
    text = np.random.default_rng(1).normal(size=(4, 3)).astype("f4")
    targets, options = np.eye(4)[:2], {"class_embeddings": text, "scale": 5.0}
    plain = LiMA(network(3), **options).explain_regions(X, targets)
    alike(
        plain,
        LiMA(network(3), operator=Tasks.CLASSIFICATION, **options).explain_regions(X, targets),
    )
    # The features are the model's outputs, and not their similarities to the embeddings.
    outputs = LiMA(network(3), weights={"effectiveness": 1}, **options)
    wanted = LiMA(network(3), weights={"effectiveness": 1}).explain_regions(X, np.eye(3)[:2])
    alike(outputs.explain_regions(X, targets), wanted)
