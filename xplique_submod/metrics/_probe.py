"""The small network that reads labels off the outlines of groups."""

from typing import Any

import numpy as np
import tensorflow as tf

from submod_core._types import AnyArray, BoolArray, IntArray


def learn(masks: BoolArray, classes: IntArray, epochs: int, seed: int) -> IntArray:
    """Train on the first half of the examples; return the classes that are found in the second."""
    x, half = masks.astype(np.float32)[..., None], len(masks) // 2
    probe = _probe(x, int(classes.max()) + 1, seed)
    probe.compile("adam", tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    probe.optimizer.learning_rate = 3e-3
    rng = np.random.default_rng(seed)
    for _ in range(epochs):
        order = rng.permutation(half)
        for start in range(0, half, 32):  # `fit` takes ten times as long to set out
            rows = order[start : start + 32]
            probe.train_on_batch(x[rows], classes[rows])
    return np.argmax(probe(x[half:]), axis=1)


def _probe(x: AnyArray, classes: int, seed: int) -> Any:
    """Two convolutions over images of at most 32 × 32; a hidden layer over anything else."""
    layers, start = tf.keras.layers, tf.keras.initializers.GlorotUniform
    body: list[Any] = [layers.Flatten(), layers.Dense(64, "relu", kernel_initializer=start(seed))]
    if x.ndim == 4:
        size = (min(32, x.shape[1]), min(32, x.shape[2]))
        options = {"strides": 2, "padding": "same", "activation": "relu"}
        kernels = [layers.Conv2D(n, 3, **options, kernel_initializer=start(seed)) for n in (16, 32)]
        body = [layers.Resizing(*size, antialias=True), *kernels, layers.Flatten()]
    end = layers.Dense(classes, kernel_initializer=start(seed))
    return tf.keras.Sequential([tf.keras.Input(x.shape[1:]), *body, end])
