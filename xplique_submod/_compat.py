"""Imports from Xplique's private modules, in one place."""

import os
from typing import Any

if os.environ.get("KERAS_BACKEND", "tensorflow") != "tensorflow":
    raise ImportError(
        f"KERAS_BACKEND (={os.environ['KERAS_BACKEND']!r}) must be 'tensorflow' or unset: Xplique "
        "works with no other"
    )

import tensorflow as tf
from xplique.attributions.base import BlackBoxExplainer
from xplique.commons import get_inference_function, no_gradients_available, tensor_sanitize
from xplique.commons.callable_operations import predictions_one_hot_callable
from xplique.commons.operators import predictions_operator
from xplique.metrics.base import ExplainerMetric, ExplanationMetric

TENSORFLOW_MODELS = (tf.keras.Model, tf.keras.layers.Layer, tf.Module)
"""Types of models that run inside a `tf.function`; others are called eagerly, on numpy arrays."""


def scores_a_class(operator: Any, inference_function: Any) -> bool:
    """Whether the score is the target's own output, and not the value of another operator."""
    # "regression" and "classification" are names of the same function in Xplique: the name decides.
    return operator != "regression" and inference_function in (
        predictions_operator,
        predictions_one_hot_callable,
    )


__all__ = [
    "TENSORFLOW_MODELS",
    "BlackBoxExplainer",
    "ExplainerMetric",
    "ExplanationMetric",
    "get_inference_function",
    "no_gradients_available",
    "scores_a_class",
    "tensor_sanitize",
]
