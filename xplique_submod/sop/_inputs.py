"""Inputs of a sum of parts in Keras, and the features that come with them."""

from typing import Any

import tensorflow as tf

from submod_core.sop.features import NOT_IN_A_ROW, check_in_a_row
from xplique_submod._checks import tensor_of


def unpacked(inputs: Any, feature_mask: Any, dtype: str) -> tuple[tf.Tensor, Any]:
    """The inputs as a tensor, of a dtype if they are floats, and the mask that came with them."""
    first, second = inputs if isinstance(inputs, tuple | list) else (inputs, feature_mask)
    tensor = shown(first)
    return (tf.cast(tensor, dtype) if tensor.dtype.is_floating else tensor), second


def shown(inputs: Any) -> tf.Tensor:
    """Inputs (N, …) as a tensor; TypeError where they are no such numbers."""
    tensor = tensor_of("inputs", inputs)
    if len(tensor.shape) < 2:
        raise TypeError(f"`inputs` (of shape {tuple(tensor.shape)}) must be (N, …)")
    return tensor


def check_rows(labels: tf.Tensor) -> None:
    """Fail unless features (N, T) follow each other in the order of their ids; in a graph too."""
    if not tf.is_symbolic_tensor(labels):
        check_in_a_row(labels.numpy())
        return
    places = tf.range(tf.shape(labels)[1])
    before, after = labels[:, :, None], labels[:, None, :]
    wrong = (before > after) & (after >= 0) & (places[:, None] < places)
    tf.debugging.assert_equal(tf.reduce_any(wrong), False, NOT_IN_A_ROW)
