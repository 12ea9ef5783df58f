"""Imports from Xplique's and Keras's private modules, in one place."""

import os
from collections.abc import Callable
from typing import Any, Literal, NamedTuple

if os.environ.get("KERAS_BACKEND", "tensorflow") != "tensorflow":
    raise ImportError(
        f"KERAS_BACKEND (={os.environ['KERAS_BACKEND']!r}) must be 'tensorflow' or unset: Xplique "
        "works with no other"
    )

import tensorflow as tf
from xplique.attributions.base import BlackBoxExplainer
from xplique.commons import Tasks, get_inference_function, no_gradients_available
from xplique.commons.callable_operations import predictions_one_hot_callable
from xplique.commons.operators import predictions_operator
from xplique.metrics.base import ExplainerMetric, ExplanationMetric

TENSORFLOW_MODELS = (tf.keras.Model, tf.keras.layers.Layer, tf.Module)
"""Types of models that run inside a `tf.function`; others are called eagerly, on numpy arrays."""


class Task(NamedTuple):
    """Meaning of the argument `operator`.

    Attributes
    ----------
    kind : {"classes", "value", "either", "operator"}
        The probability of a class; the sum of outputs times targets, as in a regression; one of
        these two, which the model's outputs tell; the value of a function.
    operator : callable or None
        The function g(f, x, y).
    """

    kind: Literal["classes", "value", "either", "operator"]
    operator: Callable[..., Any] | None = None

    @classmethod
    def of(cls, operator: Any, inference_function: Any) -> "Task":
        """The task of an operator that Xplique has turned into an inference function."""
        if operator is None or (isinstance(operator, str) and operator == "classification"):
            return cls("classes")
        if isinstance(operator, str) and operator == "regression":
            return cls("value")
        # `Tasks.CLASSIFICATION` and `Tasks.REGRESSION` are one and the same object in Xplique.
        if inference_function in (predictions_operator, predictions_one_hot_callable):
            return cls("either")
        return cls("operator", inference_function)


def run_layers(model: Any, inputs: Any, call: Callable[..., Any]) -> Any:
    """Outputs of a functional or sequential model; `call(layer, *args, **kwargs)` runs a layer."""
    if isinstance(model, tf.keras.Sequential):
        for layer in model.layers:
            inputs = call(layer, inputs)
        return inputs

    def bound(layer: Any) -> Callable[..., Any]:
        return lambda *args, **kwargs: call(layer, *args, **kwargs)

    return model._run_through_graph(inputs, operation_fn=bound)


def origin(tensor: Any) -> tuple[Any, list[Any], int]:
    """The layer that made a symbolic tensor, the layer's inputs, and which output it is."""
    layer, node, place = tensor._keras_history
    return layer, layer._inbound_nodes[node].input_tensors, place


__all__ = [
    "TENSORFLOW_MODELS",
    "BlackBoxExplainer",
    "ExplainerMetric",
    "ExplanationMetric",
    "Task",
    "Tasks",
    "get_inference_function",
    "no_gradients_available",
    "origin",
    "predictions_operator",
    "run_layers",
]
