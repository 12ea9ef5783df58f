"""The networks of `imagenet_nets.py` in Keras, from the same arrays.

Images (N, size, size, 3) in [0, 1] → logits (N, 1000).
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import tensorflow as tf

layers = tf.keras.layers
Arrays = Mapping[str, np.ndarray]

V1_STRIDES = (1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1)
V2_STRIDES = (2, 1, 2, 1, 1, 2, 1, 1, 1, 1, 1, 1, 2, 1, 1, 1)


def build(weights: Path, name: str) -> tf.keras.Model:
    """Keras twin of the torch network of a name."""
    with np.load(weights / FILES[name], allow_pickle=False) as archive:
        arrays = {key: archive[key] for key in archive.files}
    return squeezenet(arrays) if name == "squeezenet" else mobilenet(arrays, name)


FILES = {
    "mobilenet_v1_025": "mobilenet_v1_025_128.npz",
    "mobilenet_v2": "mobilenet_v2_224.npz",
    "squeezenet": "squeezenet1_0_227.npz",
}
SIZES = {"mobilenet_v1_025": 128, "mobilenet_v2": 224, "squeezenet": 227}


def convolution(
    arrays: Arrays, stem: str, x: tf.Tensor, stride: int = 1, padding: str = "same"
) -> tf.Tensor:
    """One convolution, depthwise where the name says so."""
    kernel, bias = arrays[f"{stem}_kernel"], arrays[f"{stem}_bias"]
    if "depthwise" in stem:
        layer = layers.DepthwiseConv2D(kernel.shape[0], stride, padding)
    else:
        layer = layers.Conv2D(kernel.shape[-1], kernel.shape[0], stride, padding)
    outputs = layer(x)
    layer.set_weights([kernel, bias])
    return outputs


def mobilenet(arrays: Arrays, name: str) -> tf.keras.Model:
    """MobileNet v1 or v2; batch normalisation is folded into the convolutions."""
    stems = sorted({key.rsplit("_", 1)[0] for key in arrays})

    def layer(index: int, x: tf.Tensor, stride: int = 1, act: bool = True) -> tf.Tensor:
        x = convolution(arrays, stems[index], x, stride)
        return layers.ReLU(6.0)(x) if act else x

    inputs = tf.keras.Input((SIZES[name], SIZES[name], 3))
    x = layer(0, layers.Rescaling(2.0, -1.0)(inputs), 2)
    if name == "mobilenet_v1_025":
        for block, stride in enumerate(V1_STRIDES):
            x = layer(2 + 2 * block, layer(1 + 2 * block, x, stride))
    else:
        x = layer(2, layer(1, x), act=False)
        for block, stride in enumerate(V2_STRIDES):
            first = 3 + 3 * block
            y = layer(first + 2, layer(first + 1, layer(first, x), stride), act=False)
            x = layers.Add()([x, y]) if stride == 1 and x.shape == y.shape else y
        x = layer(51, x)
    head = layers.Dense(1000)
    outputs = head(layers.GlobalAveragePooling2D()(x))
    kernel, bias = arrays[f"{stems[-1]}_kernel"], arrays[f"{stems[-1]}_bias"]
    head.set_weights([kernel[0, 0, :, 1:], bias[1:]])  # class 0 is background
    return tf.keras.Model(inputs, outputs)


def squeezenet(arrays: Arrays) -> tf.keras.Model:
    """SqueezeNet 1.0."""
    inputs = tf.keras.Input((SIZES["squeezenet"], SIZES["squeezenet"], 3))
    x = inputs[..., ::-1] * 255.0 - np.array([104.0, 117.0, 123.0], np.float32)

    def pool(x: tf.Tensor) -> tf.Tensor:
        return layers.MaxPool2D(3, 2)(x)

    x = pool(layers.ReLU()(convolution(arrays, "conv1", x, 2, "valid")))
    for fire in range(2, 10):
        x = pool(x) if fire in (5, 9) else x
        x = layers.ReLU()(convolution(arrays, f"fire{fire}_conv1x1_1", x))
        wide = [convolution(arrays, f"fire{fire}_{kind}", x) for kind in ("conv1x1_2", "conv3x3_2")]
        x = layers.ReLU()(layers.Concatenate()(wide))
    x = layers.ReLU()(
        convolution(arrays, "conv_final", layers.ZeroPadding2D(1)(x), padding="valid")
    )
    return tf.keras.Model(inputs, layers.GlobalAveragePooling2D()(x))
