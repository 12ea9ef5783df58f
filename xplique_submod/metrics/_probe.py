"""The small networks that read labels off the outlines of groups."""

from typing import Any

import numpy as np
import tensorflow as tf

from submod_core._types import AnyArray, BoolArray, IntArray


def learn(masks: BoolArray, classes: IntArray, epochs: int, seed: int, kind: str) -> IntArray:
    """Train on the first half of the examples; return the classes that are found in the second."""
    x, half = masks.astype(np.float32)[..., None], len(masks) // 2
    probe = _probe(x, int(classes.max()) + 1, seed, kind)
    step = _step(probe)
    rng = np.random.default_rng(seed)
    for _ in range(epochs):
        order = rng.permutation(half)
        for start in range(0, half, 32):  # `fit` takes ten times as long to set out
            rows = order[start : start + 32]
            step(x[rows], classes[rows])
    return np.argmax(probe(x[half:]), axis=1)


def _step(probe: Any) -> Any:
    """A step of training, as one graph for batches of any size."""
    loss = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    optimizer = tf.keras.optimizers.Adam(3e-3)
    optimizer.build(probe.trainable_variables)
    shapes = tf.TensorSpec((None, *probe.input_shape[1:])), tf.TensorSpec((None,), tf.int64)

    @tf.function(input_signature=shapes)  # type: ignore[untyped-decorator]
    def step(x: Any, classes: Any) -> None:
        with tf.GradientTape() as tape:
            value = loss(classes, probe(x, training=True))
        variables = probe.trainable_variables
        optimizer.apply_gradients(zip(tape.gradient(value, variables), variables, strict=True))

    return step


def _probe(x: AnyArray, classes: int, seed: int, kind: str) -> Any:
    """The network of a kind, over images of at most 32 × 32 or anything else."""
    layers, start = tf.keras.layers, tf.keras.initializers.GlorotUniform
    image = x.ndim == 4
    inputs = h = tf.keras.Input(x.shape[1:])
    if image:
        h = layers.Resizing(min(32, x.shape[1]), min(32, x.shape[2]), antialias=True)(h)
    if kind == "transformer":
        h = _attended(h, start(seed))
    elif kind == "convolution" and image:
        options = {"strides": 2, "padding": "same", "activation": "relu"}
        for n in (16, 32):
            h = layers.Conv2D(n, 3, **options, kernel_initializer=start(seed))(h)
    elif kind == "convolution":
        h = layers.Dense(64, "relu", kernel_initializer=start(seed))(layers.Flatten()(h))
    logits = layers.Dense(classes, kernel_initializer=start(seed))(layers.Flatten()(h))
    return tf.keras.Model(inputs, logits)


def _attended(h: Any, start: Any, width: int = 32) -> Any:
    """Two layers of attention over patches of 4 × 4 pixels, or over the elements of a sequence."""
    layers = tf.keras.layers
    if len(h.shape) == 4:  # the last row and column of patches are filled up with 0
        h = layers.Conv2D(width, 4, 4, padding="same", kernel_initializer=start)(h)
        h = layers.Reshape((-1, width))(h)
    else:
        h = layers.Dense(width, kernel_initializer=start)(h)
    h = _Places()(h)
    for _ in range(2):
        x = layers.LayerNormalization()(h)
        h = h + layers.MultiHeadAttention(4, width // 4, kernel_initializer=start)(x, x)
        x = layers.Dense(2 * width, "relu", kernel_initializer=start)(
            layers.LayerNormalization()(h)
        )
        h = h + layers.Dense(width, kernel_initializer=start)(x)
    return layers.GlobalAveragePooling1D()(h)


class _Places(tf.keras.layers.Layer):
    """Adds a learned code to each token."""

    def build(self, shape: Any) -> None:
        start = tf.keras.initializers.RandomNormal(stddev=0.1, seed=0)
        self.code = self.add_weight(shape=(1, *shape[1:]), initializer=start)

    def call(self, tokens: Any) -> Any:
        return tokens + self.code
