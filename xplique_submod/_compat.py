"""Everything private that this package takes from Xplique, in one place."""

import os

if os.environ.get("KERAS_BACKEND", "tensorflow") != "tensorflow":
    raise ImportError(
        f"KERAS_BACKEND (={os.environ['KERAS_BACKEND']!r}) must be 'tensorflow' or unset: Xplique works with no other"
    )

import tensorflow as tf
from xplique.attributions.base import BlackBoxExplainer
from xplique.commons import get_inference_function, no_gradients_available, tensor_sanitize
from xplique.commons.callable_operations import predictions_one_hot_callable
from xplique.commons.operators import predictions_operator

TENSORFLOW_MODELS = (tf.keras.Model, tf.keras.layers.Layer, tf.Module)
"""What can run inside of a `tf.function`; anything else is called eagerly, on numpy arrays."""

__all__ = [
    "TENSORFLOW_MODELS",
    "BlackBoxExplainer",
    "get_inference_function",
    "no_gradients_available",
    "predictions_one_hot_callable",
    "predictions_operator",
    "tensor_sanitize",
]
