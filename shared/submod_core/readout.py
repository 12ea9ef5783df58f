"""How a model's outputs are read: what an adapter's oracle needs to know, apart from the model itself."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

ACTIVATIONS = ("softmax", "sigmoid", "identity")

NO_CLASSES = (
    "the model gives no class probabilities: its value for the target is itself the consistency, and the confidence "
    "score is left out"
)
"""What an oracle warns of, once, where the confidence score is asked for and cannot be had."""


@dataclass(frozen=True, eq=False)
class Readout:
    """From outputs to the target's score, the confidence and the features.

    Attributes
    ----------
    activation : {"softmax", "sigmoid", "identity"} or callable
        What turns the outputs into probabilities.
    features : callable, layer or None
        Where the features come from; None means the output vector.
    class_embeddings : array_like or Tensor, (K, d), or None
        Turns the features into class scores by their cosine to each row.
    scale : float
        The factor of the cosines.
    confidence_model : callable or None
        An evidential model whose certainty is the confidence (SMDL, Eq. 4); None means the entropy of the classes.
    feature_target : bool
        The outputs are read for their features alone; there is no target.

    Raises
    ------
    TypeError, ValueError
        If one is of the wrong type or out of range.
    """

    activation: str | Callable[..., Any] = "softmax"
    features: Any = None
    class_embeddings: Any = None
    scale: float = 100.0
    confidence_model: Any = None
    feature_target: bool = False

    def __post_init__(self) -> None:
        if not callable(self.activation) and self.activation not in ACTIVATIONS:
            raise ValueError(f"`activation` (={self.activation!r}) must be one of {ACTIVATIONS} or a callable")
        if self.features is not None and not callable(self.features):
            raise TypeError(f"`features` (={self.features!r}) must be a callable, a layer of the model or None")
        if self.class_embeddings is not None and len(np.shape(self.class_embeddings)) != 2:
            raise ValueError(f"`class_embeddings` (of shape {np.shape(self.class_embeddings)}) must be (K, d)")
        if isinstance(self.scale, bool) or not isinstance(self.scale, int | float) or not self.scale > 0:
            raise ValueError(f"`scale` (={self.scale!r}) must be a number above 0")

        if self.confidence_model is not None and not callable(self.confidence_model):
            raise TypeError(f"`confidence_model` (={self.confidence_model!r}) must be callable")
        if not isinstance(self.feature_target, bool):
            raise TypeError(f"`feature_target` (={self.feature_target!r}) must be True or False")

    def check_evidence(self, shape: tuple[int, ...], n_classes: int | None) -> None:
        """Raise ValueError unless the confidence model gives evidence for as many classes as the model has."""
        if len(shape) != 1 or shape[0] < 2 or n_classes not in (None, shape[0]):
            wanted = "two classes or more" if n_classes is None else f"the {n_classes} classes of the model"
            raise ValueError(
                f"`confidence_model` gives outputs of shape {shape} per example; it must give one for each of {wanted}"
            )

    def check_width(self, n_features: int) -> None:
        """Raise ValueError unless the class embeddings have as many columns as there are features."""
        shape = tuple(np.shape(self.class_embeddings))
        if shape[1] != n_features:
            raise ValueError(f"`class_embeddings` (of shape {shape}) must have one column per feature, {n_features}")

    def check_probabilities(self, lowest: float, largest_error: float) -> None:
        """Raise ValueError unless values of classes, from `lowest` on, with sums so far off 1, are probabilities."""
        if lowest < -1e-3 or largest_error > 1e-2:
            raise ValueError(
                f"`activation` (={self.activation!r}) must leave class probabilities for the confidence score; got "
                f"values from {lowest:.3g} on, with sums up to {largest_error:.3g} away from 1. Use 'softmax' for "
                "logits, or `weights` without it"
            )
