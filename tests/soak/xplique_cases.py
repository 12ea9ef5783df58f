"""Table of all that runs a model under Xplique."""

import itertools
from typing import Any

import numpy as np
import tensorflow as tf
from xplique.attributions import Saliency

from soak.amounts import some
from soak.faults import Case, Meter, Subject
from submod_core.sea_nn import Learning
from xplique_submod import (
    SEANN,
    SMDL,
    AggMean,
    LiMA,
    SelfAttributing,
    SumOfParts,
    explain_mistakes,
    metrics,
)

keras, layers = tf.keras, tf.keras.layers
X = np.random.default_rng(0).random((2, 8, 8, 3), "float32")
TARGETS = np.eye(4, dtype="float32")[[1, 1]]
FAST = {"settings": Learning(widths=(8,), epochs=2), "side": 4, "thresholds": (5,)}

_METERS: dict[int, Meter] = {}
_NUMBERS = itertools.count()


@keras.utils.register_keras_serializable("soak")
class Metered(layers.Layer):
    """A layer whose calls are counted, in graphs too; copies of it share the count."""

    def __init__(self, number: int, **options: Any) -> None:
        super().__init__(**options)
        self.number = number

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "number": self.number}

    def call(self, x: Any) -> Any:
        meter = _METERS[self.number]
        factor = tf.numpy_function(
            lambda rows: np.float32(1 + meter(len(rows))), [tf.stop_gradient(x)], tf.float32
        )
        factor.set_shape(())
        return x * factor


def network(meter: Meter, output: str | None = None) -> Any:
    """With dropout and batch norm, whose statistics asking must not change."""
    keras.utils.set_random_seed(0)
    number = next(_NUMBERS)
    _METERS[number] = meter
    body = [
        keras.Input((8, 8, 3)),
        Metered(number),
        layers.Conv2D(6, 3, name="conv"),
        layers.BatchNormalization(),
        layers.Activation("tanh"),
        layers.Dropout(0.5),
        layers.GlobalAveragePooling2D(),
        layers.Dense(4, output, kernel_initializer=keras.initializers.RandomNormal(0, 3)),
    ]
    return keras.Sequential(body)


def function(meter: Meter) -> Any:
    """A model that is no TensorFlow: it gives probabilities, which the first call finds out."""
    weights = np.random.default_rng(1).normal(size=(192, 4))

    def model(x: Any) -> Any:
        logits = np.asarray(x).reshape(len(x), -1) * (1 + meter(len(x))) @ weights
        powers = np.exp(logits - logits.max(1, keepdims=True))
        return (powers / powers.sum(1, keepdims=True)).astype("float32")

    return model


def state_of(*models: Any) -> Any:
    """All that a call must leave as it was: weights, statistics, TensorFlow's generator."""

    def state() -> dict[str, Any]:
        weights = [np.array(v) for model in models for v in model.variables]
        generator = np.array(tf.random.get_global_generator().state)
        return {"weights": weights, "TensorFlow's generator": generator}

    return state


def of_network(make: Any) -> Any:
    """A case of a method that `make` makes of a Keras model."""

    def made(meter: Meter) -> Subject:
        net = network(meter)
        call = make(net)
        return Subject(lambda x: call(x, TARGETS), X, state_of(net))

    return made


def of_function(make: Any) -> Any:
    """A case of a method that `make` makes of a function of arrays."""

    def made(meter: Meter) -> Subject:
        call = make(function(meter))
        return Subject(lambda x: call(x, TARGETS), X, state_of())

    return made


def prior(model: Any) -> Any:
    def maps(x: Any, targets: Any) -> Any:
        return np.square(x) + 0 * np.asarray(model(x))[:, :1, None, None]

    return SMDL(model, prior=maps, patches=4, regions=4, batch_size=4).explain_regions


def sum_of_parts(meter: Meter) -> Subject:
    net = network(meter)
    sop = SumOfParts(net, X[:1], features=4, groups=3, batch_size=4, layer="conv")
    return Subject(sop.explain, X, state_of(net, sop))


def self_attributing(meter: Meter) -> Subject:
    model = function(meter)
    one = SelfAttributing(model, lambda x, _: np.square(x), X[:1], features=4)
    return Subject(one.explain, X, state_of())


def mistakes(meter: Meter) -> Subject:
    model = function(meter)
    method = LiMA(model, regions=(2, 2), batch_size=4)
    wrong = np.eye(4, dtype="float32")[(model(X).argmax(1) + 1) % 4]
    return Subject(
        lambda x: [one.explanation for one in explain_mistakes(method, x, wrong)], X, state_of()
    )


def insertion(model: Any) -> Any:
    return lambda x, y: metrics.Insertion(model, x, y, steps=4, batch_size=4).per_example(x)


def ensemble(kind: Any, **options: Any) -> Any:
    return of_network(lambda net: kind(net, [Saliency(net), prior_map(net)], **options))


def prior_map(net: Any) -> Any:
    return lambda x, _: np.square(x) * np.asarray(net(x))[:, :1, None, None]


ENGINE = r"`(model|features)` for example [01] with only the regions \["
PARTS = "example [01]: (the answer of `backbone`|an embedding of its features)"
MAPS = r"map by `methods\[[01]\].*` of example [01]"
FOUR = {"regions": (2, 2), "batch_size": 4}
CASES = {
    "LiMA": Case(of_function(lambda f: LiMA(f, **FOUR).explain_regions), ENGINE),
    "LiMA of a graph": Case(
        of_network(lambda n: LiMA(n, **FOUR).explain_regions), ENGINE, graph=True
    ),
    "LiMA with a layer": Case(
        of_network(lambda n: LiMA(n, features="conv", **FOUR).explain_regions), ENGINE, graph=True
    ),
    "SMDL": Case(of_function(lambda f: SMDL(f, patches=2, batch_size=4).explain_regions), ENGINE),
    "SMDL with a prior": Case(
        of_function(prior), rf"{ENGINE}|map by `prior` of example 0", smaller=False
    ),
    "SEANN": Case(ensemble(SEANN, **FAST), MAPS, smaller=False, graph=True),
    "AggMean": Case(ensemble(AggMean), MAPS, smaller=False, graph=True),
    "SumOfParts": Case(sum_of_parts, PARTS, graph=True),
    "SelfAttributing": Case(self_attributing, PARTS),
    "mistakes": Case(mistakes, rf"{ENGINE}|the model of `method` for example [01]", smaller=False),
    "insertion": Case(of_function(insertion), ENGINE),
}
CASES = some(CASES, "LiMA", "LiMA of a graph", "SumOfParts", "mistakes")
