"""The network of `digits_model.py` in Keras, from the same weights file."""

import numpy as np
import tensorflow as tf

from digits_scenes import WEIGHTS

layers = tf.keras.layers


def load_model() -> tf.keras.Model:
    """The trained network: (N, 64, 64, 3) in [0, 1] → logits (N, 10).

    Examples
    --------
    >>> load_model()(tf.zeros((1, 64, 64, 3))).shape
    TensorShape([1, 10])
    """
    with np.load(WEIGHTS, allow_pickle=False) as arrays:
        weights = {name: arrays[name] for name in arrays.files}
    inputs = x = tf.keras.Input((64, 64, 3))
    for i in range(4):
        kernel = weights[f"convs.{i}.weight"].transpose(2, 3, 1, 0)
        conv = layers.Conv2D(kernel.shape[-1], 3, padding="same", activation="relu", name=f"conv_{i}")
        x = conv(x)
        conv.set_weights([kernel, weights[f"convs.{i}.bias"]])
        x = layers.MaxPool2D()(x) if i < 3 else x
    head = layers.Dense(10, name="head")
    outputs = head(layers.GlobalMaxPool2D()(x))
    head.set_weights([weights["head.weight"].T, weights["head.bias"]])
    return tf.keras.Model(inputs, outputs)
