"""Calls of every kind of model that Xplique takes."""

from typing import Any

import numpy as np
import tensorflow as tf

from xplique_submod._compat import TENSORFLOW_MODELS


class Recorder:
    """A model that keeps the outputs of its last call."""

    def __init__(self, model: Any) -> None:
        self.model = model
        self.outputs: tf.Tensor | None = None

    def __call__(self, inputs: Any) -> tf.Tensor:
        self.outputs = call(self.model, inputs)
        return self.outputs

    def __getattr__(self, name: str) -> Any:
        return getattr(self.model, name)


def call(model: Any, inputs: tf.Tensor) -> tf.Tensor:
    """Call any kind of model that Xplique takes; return float32 outputs with two axes or more."""
    if isinstance(model, TENSORFLOW_MODELS):
        outputs = model(inputs)
    elif isinstance(model, tf.lite.Interpreter):
        outputs = _interpret(model, inputs)
    else:
        outputs = getattr(model, "predict_proba", model)(inputs.numpy())
    if isinstance(outputs, tuple | list | dict):
        raise TypeError(f"`model` returned a {type(outputs).__name__}; it must return one tensor")
    outputs = tf.cast(outputs, tf.float32)
    return outputs[:, None] if len(outputs.shape) == 1 else outputs


def _interpret(model: Any, inputs: tf.Tensor) -> np.ndarray:
    """Outputs of a TensorFlow Lite interpreter, resized to the batch."""
    model.resize_tensor_input(model.get_input_details()[0]["index"], [*inputs.shape], strict=False)
    model.allocate_tensors()
    model.set_tensor(model.get_input_details()[0]["index"], inputs)
    model.invoke()
    outputs: np.ndarray = model.get_tensor(model.get_output_details()[0]["index"])
    return outputs
