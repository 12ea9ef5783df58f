"""Datasets under Xplique: every kind of method, target, dataset and metric."""

from functools import partial

import numpy as np
import pytest
import tensorflow as tf
from xplique.attributions import KernelShap, Lime, Occlusion, Saliency

from submod_core.dataset import OtherRunError, describe, digest
from xplique_submod import (
    SMDL,
    LiMA,
    SumOfParts,
    attribute_dataset,
    evaluate_dataset,
    explain_mistakes,
    open_explanations,
)
from xplique_submod.metrics import Insertion, Sparsity

N = 5
IMAGES = np.random.default_rng(0).random((N, 8, 8, 3), np.float32)
LABELS = [0, 1, 2, 3, 0]
TARGETS = np.eye(4, dtype=np.float32)[LABELS]


def network(seed=0):
    tf.keras.utils.set_random_seed(seed)
    layers = tf.keras.layers
    return tf.keras.Sequential(
        [
            tf.keras.Input((8, 8, 3)),
            layers.Conv2D(4, 3, activation="tanh"),
            layers.GlobalAveragePooling2D(),
            layers.Dense(4),
        ]
    )


NETWORK = network()


def lima():
    """A factory, as workers call it."""
    return LiMA(network(), regions=(2, 2))


def rows(folder):
    """All rows but for their seconds."""
    table = open_explanations(folder).table()
    return [row | {"seconds": None} for row in table.to_pylist()]


@pytest.mark.parametrize("targets", [LABELS, TARGETS], ids=["numbers", "one-hot"])
def test_explanations_are_those_of_the_method(tmp_path, targets):
    method = LiMA(NETWORK, regions=(2, 2))
    stored = attribute_dataset(method, (IMAGES, targets), tmp_path, shard_size=3)
    for found, one in zip(stored, method.explain_regions(IMAGES, TARGETS), strict=True):
        np.testing.assert_array_equal(found.order, one.order)
        np.testing.assert_allclose(found.curves.insertion, one.curves.insertion, rtol=1e-5)
    predicted = np.argmax(NETWORK(IMAGES), 1).tolist()
    assert [stored.row(i)["prediction"] for i in range(N)] == predicted
    assert [stored.row(i)["target"] for i in range(N)] == LABELS


def test_without_targets_the_prediction_is_explained(tmp_path):
    stored = attribute_dataset(LiMA(NETWORK, regions=(2, 2)), IMAGES, tmp_path)
    predicted = np.argmax(NETWORK(IMAGES), 1).tolist()
    assert [stored.row(i)["target"] for i in range(N)] == predicted


class Batches(tf.keras.utils.PyDataset):
    """Batches of two, the last of one."""

    def __len__(self):
        return 3

    def __getitem__(self, index):
        some = slice(2 * index, 2 * index + 2)
        return IMAGES[some], TARGETS[some]


def test_a_keras_dataset_of_batches_is_its_examples(tmp_path):
    method = LiMA(NETWORK, regions=(2, 2))
    attribute_dataset(method, (IMAGES, TARGETS), tmp_path / "a")
    attribute_dataset(method, Batches(), tmp_path / "b")
    assert rows(tmp_path / "a") == rows(tmp_path / "b")


METHODS = {
    "SMDL": lambda: SMDL(NETWORK, patches=(2, 2)),
    "Saliency": lambda: Saliency(NETWORK),
    "KernelShap": lambda: KernelShap(NETWORK, nb_samples=8),
}


@pytest.mark.parametrize("name", METHODS)
def test_every_method_gives_the_same_again(tmp_path, name):
    for place in ("a", "b"):
        attribute_dataset(METHODS[name](), (IMAGES, LABELS), tmp_path / place, shard_size=3)
    assert rows(tmp_path / "a") == rows(tmp_path / "b")  # also where random numbers are drawn
    stored = open_explanations(tmp_path / "a")
    assert not stored.errors
    assert stored.map(0).shape == (8, 8)
    if name == "Saliency":
        made = np.asarray(Saliency(NETWORK)(IMAGES, TARGETS))
        np.testing.assert_allclose(stored.map(1), made[1].sum(-1), rtol=1e-4, atol=1e-6)


def score(model, inputs, targets):
    return tf.reduce_sum(model(inputs) * targets, -1)


def doubled(model, inputs, targets):
    return 2 * tf.reduce_sum(model(inputs) * targets, -1)


OPTIONS = {
    "mean": partial(Saliency, reducer="mean"),
    "max": partial(Saliency, reducer="max"),
    "an operator": partial(Saliency, operator=score),
    "another operator": partial(Saliency, operator=doubled),
    "a black box": KernelShap,
    "its operator": partial(KernelShap, operator=score),
    "Lime": Lime,
    "probability": partial(Lime, prob=0.3),
    "kernel": partial(Lime, kernel_width=3.0),
    "LiMA": LiMA,
    "a wrapper": lambda net: SumOfParts(net, IMAGES[:1], features=4),
    "an option of a wrapper": lambda net: SumOfParts(net, IMAGES[:1], features=4, top=0.4),
    "LiMA's operator": partial(LiMA, operator=score),
}


def test_every_option_of_a_method_and_a_model_counts():
    digests = [digest(describe(make(network()))) for make in OPTIONS.values()]
    assert len(set(digests)) == len(OPTIONS)
    assert digests == [digest(describe(make(network()))) for make in OPTIONS.values()]
    config = NETWORK.get_config()
    config["layers"][1]["config"]["activation"] = "relu"
    other = tf.keras.Sequential.from_config(config)
    other.set_weights(NETWORK.get_weights())
    assert digest(describe(LiMA(other))) not in digests


def functional(step):
    """A network that passes its inputs through some step first; nothing is seeded."""
    inputs = tf.keras.Input((8, 8, 3))
    x = tf.keras.layers.Flatten()(step(inputs))
    model = tf.keras.Model(inputs, tf.keras.layers.Dense(4)(x))
    model.set_weights([np.ones((192, 4)), np.ones(4)])
    return model


class Centred(tf.keras.Model):
    def __init__(self, mean):
        super().__init__()
        self.mean, self.flat = tf.constant(mean), tf.keras.layers.Flatten()

    def call(self, x):
        return self.flat(x - self.mean)


STEPS = {
    "none": lambda x: x,
    "a constant": lambda x: x / 255.0,
    "another constant": lambda x: x / 2.0,
    "a function": tf.keras.ops.relu,
    "another function": tf.keras.ops.tanh,
    "a connection": lambda x: x + tf.keras.ops.relu(x),
    "another connection": lambda x: tf.keras.ops.relu(x) + tf.keras.ops.relu(x),
    "a lambda": tf.keras.layers.Lambda(lambda x: 2 * x),
    "another lambda": tf.keras.layers.Lambda(lambda x: 3 * x),
    "a mean": tf.keras.layers.Normalization(mean=[1.0] * 3, variance=[1.0] * 3),
    "another mean": tf.keras.layers.Normalization(mean=[2.0] * 3, variance=[1.0] * 3),
}


def test_the_graph_of_a_model_counts():
    models = [functional(step) for step in STEPS.values()] + [Centred(1.0), Centred(2.0)]
    digests = [digest(describe(model)) for model in models]
    assert len(set(digests)) == len(models)
    for model in models:
        model(IMAGES)
    assert digests == [digest(describe(model)) for model in models]
    assert digests[: len(STEPS)] == [digest(describe(functional(s))) for s in STEPS.values()]


@pytest.mark.parametrize("kind", [Lime, KernelShap, partial(Occlusion, patch_size=2)])
def test_a_method_goes_on_after_its_use_and_stays_as_it_was(kind, tmp_path):
    method = kind(NETWORK)
    before = dict(vars(method))
    stored = attribute_dataset(method, (IMAGES, LABELS), tmp_path)
    assert vars(method) == before
    again = attribute_dataset(method, (IMAGES, LABELS), tmp_path)
    np.testing.assert_array_equal(again.map(0), stored.map(0))


def test_a_class_that_there_is_not_is_an_error_of_its_example(tmp_path):
    stored = attribute_dataset(Saliency(NETWORK), (IMAGES, [0, 7, 2, -1, 1]), tmp_path)
    assert set(stored.errors) == {"1", "3"}
    assert "target 7, of a model with 4 classes" in stored.errors["1"]


def test_groups_of_a_sum_of_parts(tmp_path):
    sop = SumOfParts(NETWORK, IMAGES[:1], features=4)
    stored = attribute_dataset(sop, (IMAGES, LABELS), tmp_path)
    for found, one in zip(stored, sop.explain(IMAGES), strict=True):
        np.testing.assert_allclose(found.contributions.sum(0), one.logits, atol=1e-5)


def test_mistakes_are_those_of_explain_mistakes(tmp_path):
    method = LiMA(NETWORK, regions=(2, 2))
    stored = attribute_dataset(method, (IMAGES, TARGETS), tmp_path, mistakes=True)
    expected = {m.example: m for m in explain_mistakes(method, IMAGES, TARGETS)}
    assert expected
    for i in range(N):
        assert (stored[i] is None) == (i not in expected)
        if i in expected:
            np.testing.assert_array_equal(stored[i].causes, expected[i].causes)


@pytest.mark.parametrize("metric", ["Insertion", Insertion], ids=["name", "class"])
def test_a_metric_over_the_dataset_is_the_metric(tmp_path, metric):
    stored = attribute_dataset(Saliency(NETWORK), (IMAGES, LABELS), tmp_path / "e")
    scores = evaluate_dataset(
        stored, metric, NETWORK, (IMAGES, LABELS), tmp_path / "s", shard_size=2, steps=4
    )
    expected = Insertion(NETWORK, IMAGES, TARGETS, steps=4).per_example(np.stack(list(stored)))
    np.testing.assert_allclose(scores.values, expected, rtol=1e-5)


def test_a_metric_of_maps_alone(tmp_path):
    stored = attribute_dataset(Saliency(NETWORK), (IMAGES, LABELS), tmp_path / "e")
    scores = evaluate_dataset(stored, "Sparsity", NETWORK, (IMAGES, LABELS), tmp_path / "s")
    np.testing.assert_allclose(scores.values, Sparsity().per_example(np.stack(list(stored))))


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"method": lambda: LiMA(network(1), regions=(2, 2))}, "model.weights"),
        ({"method": lambda: LiMA(network(), regions=(2, 4))}, "regions"),
        ({"method": lambda: LiMA(network(), regions=(2, 2), baseline=0.5)}, "baseline"),
    ],
    ids=["weights", "regions", "baseline"],
)
def test_another_run_is_refused(tmp_path, change, named):
    attribute_dataset(lima, (IMAGES, TARGETS), tmp_path)
    attribute_dataset(lima, (IMAGES, TARGETS), tmp_path)  # the same again is none
    given = {"method": lima, "dataset": (IMAGES, TARGETS), "folder": tmp_path} | change
    with pytest.raises(OtherRunError, match=named):
        attribute_dataset(**given)


@pytest.mark.parametrize(
    ("change", "error", "named"),
    [
        ({"method": NETWORK}, TypeError, "`method`"),
        ({"dataset": tf.data.Dataset.from_tensor_slices(IMAGES)}, TypeError, "`dataset`"),
        ({"method": lambda: Saliency(NETWORK), "mistakes": True}, ValueError, "`mistakes`"),
        ({"engine": "dask"}, ValueError, "`engine`"),
    ],
    ids=["model", "tf.data", "mistakes", "engine"],
)
def test_bad_arguments_are_named(tmp_path, change, error, named):
    given = {"method": lima, "dataset": (IMAGES, TARGETS), "folder": tmp_path / "run"} | change
    with pytest.raises(error, match=named):
        attribute_dataset(**given)
