"""Kinds and values of the campaign over the Xplique plug-in; models are NumPy functions."""

import keras
import numpy as np
import tensorflow as tf

from xplique_submod import LiMA
from xplique_submod.sop import SelfAttributing, SumOfParts

from . import host_kinds
from .calls import INF, NAN, Bad, frozen, labels, without

X = np.linspace(0, 1, 32, dtype=np.float32).reshape(2, 4, 4, 1)
Y = np.eye(3, dtype=np.float32)[:2]
MASK = (np.arange(16) // 4).reshape(4, 4)
WEIGHTS = np.random.default_rng(0).normal(size=(16, 3)).astype(np.float32)


@frozen.register(keras.Model)
def _model(value):
    return [frozen(np.asarray(weight)) for weight in value.weights]


@frozen.register(tf.Tensor)
def _tensor(value):
    return frozen(value.numpy())


def arrays(good: np.ndarray, **others) -> Bad:
    """Bad values of an array like `good`, which a tensor may be as well."""
    return {
        "None": None,
        "text": "three",
        "an object": object(),
        "a mapping": {"a": 1},
        "strings": np.full(good.shape, "a"),
        "objects": np.full(good.shape, None, dtype=object),
        "nan": good * np.float32(NAN),
        "infinity": np.full(good.shape, INF, np.float32),
        "empty": good[:0],
        "a number": 0.5,
        "complex numbers": good * 1j,
    } | others


KINDS = host_kinds.KINDS | {
    "inputs": arrays(X),
    "targets": arrays(
        Y, **{"no class": Y * 0, "too few": Y[:1], "too many classes": np.eye(9)[:2]}
    ),
    "operator": {"text": "classify everything", "a number": 3, "a list": [1]},
    "regions": host_kinds.KINDS["regions"],
    "baseline": {"text": "mist", "nan": NAN, "infinity": INF, "an object": object()}
    | {"another size": np.zeros((3, 3, 1)), "None": None, "a complex number": 1j},
    "batch_size": without(host_kinds.KINDS["batch_size"], "None"),
    "feature_mask": without(labels(MASK[None], **{"another size": MASK[None, :3]}), "None"),
    "explanations": arrays(X, **{"another size": X[:, :3]}),
    "masks": labels(np.ones((2, 4, 4)), **{"another size": np.ones((2, 3, 3), bool)}),
    "example_inputs": arrays(X[:1]),
    "backbone": {"None": None, "a number": 3, "text": "one"},
    "encoder": {"a number": 3, "text": "one"},
    "training": {},  # changes nothing
    "maps": {"None": None, "a number": 3, "empty": [], "of None": [None]},
}


def model(inputs):
    with np.errstate(all="ignore"):
        return np.reshape(inputs, (len(inputs), -1)) @ WEIGHTS


def lima(**options):
    return LiMA(model, **({"regions": (2, 2), "search": "singletons"} | options))


def a_map(inputs, targets):
    return inputs


def backbone():
    layers = keras.layers
    convolution = layers.Conv2D(4, 2, strides=2, kernel_initializer="ones")
    return keras.Sequential(
        [keras.Input((4, 4, 1)), convolution, layers.GlobalAveragePooling2D(), layers.Dense(3)]
    )


def sum_of_parts(**options):
    return SumOfParts(backbone(), X[:1], **({"features": 2, "groups": 2} | options))


def self_attributing():
    return SelfAttributing(backbone(), a_map, X[:1], features=2)
