"""Baselines of Sum-of-Parts, which replace the features of inputs, in TensorFlow."""

from typing import Any

import tensorflow as tf

from submod_core.sop.baselines import Known, blurring


def replacements(inputs: tf.Tensor, baseline: Known, colour: Any, channels: int | None) -> Any:
    """Values that replace each element of inputs (N, …): (1 or N, …), they broadcast.

    Gradients pass to the inputs that they are computed from.

    Parameters
    ----------
    inputs : tf.Tensor
    baseline : float, str or tuple of float
    colour : tensor, (C,), or None
        The values of "random_colour".
    channels : int or None
        The axis of channels.
    """
    # In double precision whatever the model runs in: tensor cores would round the products.
    if baseline == "blur":
        rows, columns = (tf.constant(each) for each in blurring(tuple(inputs.shape[1:3])))
        made = tf.einsum("hi,niwc->nhwc", rows, tf.cast(inputs, tf.float64))
        made = tf.einsum("wj,nhjc->nhwc", columns, made)
    elif baseline == "channel_mean":
        made = tf.reduce_mean(tf.cast(inputs, tf.float64), (1, 2), keepdims=True)
    else:
        values = tf.cast(baseline if colour is None else colour, tf.float64)
        shape = [1] * len(inputs.shape)
        if values.shape.rank:
            assert channels is not None
            shape[channels] = -1
        made = tf.reshape(values, shape)
    whole = isinstance(baseline, str) and not inputs.dtype.is_floating
    return tf.cast(tf.round(made) if whole else made, inputs.dtype)
