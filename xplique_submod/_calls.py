"""Calls of every kind of model that Xplique takes."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from xplique_submod._compat import TENSORFLOW_MODELS


def call(model: Any, inputs: tf.Tensor) -> tf.Tensor:
    """Call a model that returns one tensor; return it as float32 with two axes or more."""
    outputs = single(model, inputs)
    if outputs is None:
        raise TypeError(
            "`model` returned several outputs, a tuple, list or dict; it must return one tensor, "
            "or be read by an `operator`"
        )
    return outputs


def single(model: Any, inputs: tf.Tensor) -> tf.Tensor | None:
    """The model's one output as `call` returns it; None where it has several."""
    if isinstance(model, TENSORFLOW_MODELS):
        outputs = model(inputs)
    elif isinstance(model, tf.lite.Interpreter):
        outputs = _interpret(model, inputs.numpy())
    else:
        outputs = getattr(model, "predict_proba", model)(inputs.numpy())
    if isinstance(outputs, tuple | list | Mapping):
        return None
    outputs = tf.cast(outputs, tf.float32)
    return outputs[:, None] if len(outputs.shape) == 1 else outputs


def _interpret(model: Any, inputs: np.ndarray) -> Any:
    """Outputs of a TensorFlow Lite interpreter, resized to the batch; a list of several."""
    sources, ends = model.get_input_details(), model.get_output_details()
    if len(sources) != 1:
        raise ValueError(
            f"`model` (a TFLite interpreter) has {len(sources)} inputs; it must have 1"
        )
    (source,) = sources
    model.resize_tensor_input(source["index"], [*inputs.shape], strict=False)
    model.allocate_tensors()
    model.set_tensor(source["index"], _quantised(inputs, source))
    model.invoke()
    outputs = [_dequantised(model.get_tensor(end["index"]), end) for end in ends]
    return outputs[0] if len(outputs) == 1 else outputs


def _quantised(values: np.ndarray, detail: Any) -> np.ndarray:
    """Real values as an interpreter's tensor holds them: q = x / scale + zero point, rounded."""
    dtype, (scale, zero_point) = np.dtype(detail["dtype"]), detail["quantization"]
    if dtype.kind not in "iu":
        return values.astype(dtype)
    if scale:
        values = values / scale + zero_point
    elif not np.array_equal(values, np.rint(values)):
        raise ValueError(
            f"`inputs` must be whole numbers: the model takes {dtype}, and has no scale for them"
        )
    limits = np.iinfo(dtype)
    return np.clip(np.rint(values), limits.min, limits.max).astype(dtype)


def _dequantised(values: np.ndarray, detail: Any) -> np.ndarray:
    """Real values of an interpreter's tensor: x = scale · (q − zero point)."""
    scale, zero_point = detail["quantization"]
    if values.dtype.kind not in "iu" or not scale:
        return values
    real: np.ndarray = scale * (values.astype(np.float32) - zero_point)
    return real
