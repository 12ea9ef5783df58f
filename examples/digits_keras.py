"""The network of `digits_model.py` in Keras, from the same weights file."""

from pathlib import Path

import numpy as np
import tensorflow as tf

from digits_scenes import WEIGHTS

layers = tf.keras.layers


def load_model(weights: Path = WEIGHTS) -> tf.keras.Model:
    """The trained network: (N, 64, 64, 3) in [0, 1] → logits (N, 10).

    Examples
    --------
    >>> load_model()(tf.zeros((1, 64, 64, 3))).shape
    TensorShape([1, 10])
    """
    with np.load(weights, allow_pickle=False) as file:
        arrays = {name: file[name] for name in file.files}
    inputs = x = tf.keras.Input((64, 64, 3))
    for i in range(4):
        kernel = arrays[f"convs.{i}.weight"].transpose(2, 3, 1, 0)
        conv = layers.Conv2D(
            kernel.shape[-1], 3, padding="same", activation="relu", name=f"conv_{i}"
        )
        x = conv(x)
        conv.set_weights([kernel, arrays[f"convs.{i}.bias"]])
        x = layers.MaxPool2D()(x) if i < 3 else x
    head = layers.Dense(10, name="head")
    outputs = head(layers.GlobalMaxPool2D()(x))
    head.set_weights([arrays["head.weight"].T, arrays["head.bias"]])
    return tf.keras.Model(inputs, outputs)


def patch_encoder(model: tf.keras.Model) -> tf.keras.Model:
    """Keras twin of `PatchEncoder` in `digits_model.py`.

    A trainable copy of three layers, and a convolution as wide as a digit.

    Examples
    --------
    >>> patch_encoder(load_model())(tf.zeros((1, 64, 64, 3))).shape
    TensorShape([1, 256, 48])
    """
    below = tf.keras.Model(model.inputs[0], model.get_layer("conv_2").output)
    copied = tf.keras.models.clone_model(below)
    copied.set_weights(below.get_weights())
    # The new activation takes effect in the next call of the copy.
    copied.layers[-1].activation = tf.keras.activations.linear
    x = copied(copied.inputs[0])
    around = layers.Conv2D(48, 7, padding="same", kernel_initializer="zeros")(x)
    return tf.keras.Model(copied.inputs[0], layers.Reshape((256, 48))(layers.Add()([x, around])))
