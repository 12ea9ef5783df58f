"""NaN and infinity never become an explanation of Sum-of-Parts: the error names the example."""

import numpy as np
import pytest
import tensorflow as tf

from submod_core.engine import NonFiniteOutputError
from xplique_submod import SelfAttributing, SumOfParts, SumOfPartsAttribution

keras, layers = tf.keras, tf.keras.layers
X = np.random.default_rng(0).random((4, 6), "float32")
MARKED = np.where(np.arange(4)[:, None] == 2, np.float32(7), X)


@keras.utils.register_keras_serializable("tests")
class Spoilt(layers.Layer):
    """Not finite, in its last column, for inputs with a mark."""

    def __init__(self, value, **options):
        super().__init__(**options)
        self.value = value

    def get_config(self):
        return {**super().get_config(), "value": self.value}

    def call(self, x):
        marked = tf.reduce_any(x == 7.0, tf.range(1, tf.rank(x)), keepdims=True)
        last = tf.range(tf.shape(x)[-1]) == tf.shape(x)[-1] - 1
        return tf.where(marked & last, tf.constant(self.value, x.dtype), x)


def made(value, place, **options):
    keras.utils.set_random_seed(0)
    start, spoilt, bias = keras.Input((6,)), Spoilt(value), keras.initializers.RandomNormal()
    first = [spoilt] if place == "backbone" else []
    backbone = keras.Sequential([start, *first, layers.Dense(4, "tanh"), layers.Dense(3)])
    body = [layers.Reshape((6, 1)), layers.Dense(4, bias_initializer=bias)]
    if place == "encoder":
        body = [Spoilt(value), *body]
    encoder = keras.Sequential([start, *body])
    return SumOfParts(backbone, X[:1], encoder=encoder, groups=3, top=1.0, **options)


NAN, INF = float("nan"), float("inf")


@pytest.mark.parametrize(
    ("value", "place"), [(NAN, "backbone"), (NAN, "encoder"), (INF, "encoder")]
)
def test_of_the_network(value, place):
    sop = made(value, place, batch_size=3)
    sop(X), sop.predict(X, verbose=0), sop.explain(X)
    said = rf"example 2: .* `{place}`"
    method = SumOfPartsAttribution(sop)
    for call in (sop, sop.explain, lambda x: method(x, tf.one_hot([0] * 4, 3))):
        with pytest.raises(NonFiniteOutputError, match=said):
            call(MARKED)
    with pytest.raises(tf.errors.InvalidArgumentError, match=f"(?s)`{place}`.*not finite"):
        sop.predict(MARKED, verbose=0)
    sop(MARKED, training=True)  # there the loss says so


def test_self_attributing_models():
    def maps(x, _):
        return np.where(np.asarray(x) == 7, np.float32("nan"), x)

    def model(x):
        x = tf.convert_to_tensor(x)[:, :3]
        return tf.where(x == 7, np.float32("nan"), x)

    with pytest.raises(NonFiniteOutputError, match="example 2: its map by `attribution`"):
        SelfAttributing(lambda x: tf.convert_to_tensor(x)[:, :3], maps, X[:1])(MARKED)
    one = SelfAttributing(model, lambda x, _: x, X[:1])
    one(X)
    for call in (one, one.explain):
        with pytest.raises(NonFiniteOutputError, match="example 2: the answer of `backbone`"):
            call(MARKED)
