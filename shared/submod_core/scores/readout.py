"""Read-out: from a model's outputs to probabilities, certainty and similarities.

Written once on backends; an adapter's oracle brings the outputs, with the classes on the last axis.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from submod_core._checks import as_numbers, check_axes, check_flag, check_positive, is_whole
from submod_core.backends import Array, backend_of
from submod_core.scores._look import TWICE, look, lowest_and_off

__all__ = ["ACTIVATIONS", "TWICE", "Readout"]

ACTIVATIONS = ("softmax", "sigmoid", "identity")


@dataclass(frozen=True, eq=False)
class Readout:
    """Settings of the read-out: from outputs to the target's score, confidence and features.

    Attributes
    ----------
    activation : {"softmax", "sigmoid", "identity"}, callable or None
        Turns the outputs into probabilities; None reads the value itself, of a regression.
    features : callable, layer or None
        Source of the features; None means the output vector.
    class_embeddings : array_like or Tensor, (K, d), or None
        Turns the features into class scores by their cosine to each row.
    scale : float
        The factor of the cosines.
    confidence_model : callable or None
        An evidential model whose certainty is the confidence (SMDL, Eq. 4); None means the entropy
        of the classes.
    feature_target : bool
        Whether the outputs are read for their features alone, without a target.

    class_axis : int or None
        The outputs' axis of classes, counted with the batch as 0, or from the back below 0. None
        stands for 1, but the last of three axes, where classes follow tokens, (N, T, C).
    independent : bool
        Whether each output is a choice of two, though no "sigmoid" makes it so; see `for_outputs`.

    Raises
    ------
    TypeError, ValueError
        If a setting is of the wrong type or out of range.

    Examples
    --------
    >>> Readout().probabilities(np.array([[0.0, 0.0]]))
    array([[0.5, 0.5]])
    """

    activation: str | Callable[..., Any] | None = "softmax"
    features: Any = None
    class_embeddings: Any = None
    scale: float = 100.0
    confidence_model: Any = None
    feature_target: bool = False
    class_axis: int | None = None
    independent: bool = False

    def __post_init__(self) -> None:
        named = self.activation is None or (
            isinstance(self.activation, str) and self.activation in ACTIVATIONS
        )
        if not callable(self.activation) and not named:
            raise ValueError(
                f"`activation` (={self.activation!r}) must be one of {ACTIVATIONS}, a callable or "
                "None"
            )
        if self.features is not None and not callable(self.features):
            raise TypeError(
                f"`features` (={self.features!r}) must be a callable, a layer of the model or None"
            )
        if self.class_embeddings is not None:
            _check_embeddings(self.class_embeddings)
        check_positive("scale", self.scale)
        if self.confidence_model is not None and not callable(self.confidence_model):
            raise TypeError(f"`confidence_model` (={self.confidence_model!r}) must be callable")
        whole = is_whole(self.class_axis)
        if self.class_axis is not None and (not whole or self.class_axis == 0):
            raise ValueError(
                f"`class_axis` (={self.class_axis!r}) must be None or a whole number other than 0, "
                "which is the batch"
            )
        check_flag("feature_target", self.feature_target)
        check_flag("independent", self.independent)

    def axis(self, n_axes: int) -> int:
        """The axis of classes of outputs with so many axes, the batch included.

        Raises
        ------
        ValueError
            If `class_axis` is none of them.

        Examples
        --------
        >>> Readout().axis(2), Readout().axis(3), Readout().axis(4), Readout(class_axis=1).axis(3)
        (1, 2, 1, 1)
        """
        if self.class_axis is None:
            return 2 if n_axes == 3 else 1
        axis = self.class_axis % n_axes
        if not -n_axes < self.class_axis < n_axes or axis == 0:
            raise ValueError(
                f"`class_axis` (={self.class_axis}) must be an axis of the outputs other than the "
                f"batch; they have {n_axes}"
            )
        return axis

    def sources(self, model: str) -> dict[str, str]:
        """The argument that each field of the responses comes from; `model` is the host's word.

        Examples
        --------
        >>> Readout(features=len).sources("forward_func")["features"]
        'features'
        """
        features = model if self.features is None else "features"
        from_features = self.feature_target or self.class_embeddings is not None
        certain = model if self.confidence_model is None else "confidence_model"
        target = features if from_features else model
        return {"target": target, "confidence": certain, "features": features}

    def reads_value(self, n_classes: int) -> bool:
        """Whether the score is the model's value itself, in a unit of its own.

        So it is under `activation` None, and where there is one output and no classes. Confidence
        and effectiveness have no such unit: they would decide where the unit is large, and not
        where it is small.

        Examples
        --------
        >>> Readout().reads_value(1), Readout().reads_value(2), Readout(None).reads_value(2)
        (True, False, True)
        """
        if self.feature_target or self.class_embeddings is not None:
            return False
        probability = self.activation == "sigmoid" or self.independent
        return self.activation is None or (n_classes == 1 and not probability)

    def activated(self, outputs: Array) -> Array:
        """Outputs after an activation of the user's own; `probabilities` applies named ones."""
        return self.activation(outputs) if callable(self.activation) else outputs

    def similarities(self, vectors: Array, embeddings: Array) -> Array:
        """Class scores (B, K): the scaled cosines of vectors (B, d) to embeddings (K, d).

        With a single embedding the cosine is the consistency itself, and is not scaled.

        Examples
        --------
        >>> readout = Readout(class_embeddings=np.eye(2), scale=10.0)
        >>> readout.similarities(np.array([[2.0, 0.0]]), np.eye(2))
        array([[10.,  0.]])
        """
        self.check_width(vectors.shape[-1])
        xp = backend_of(vectors)
        cosines = xp.normalize(vectors) @ xp.matrix_transpose(xp.normalize(embeddings))
        return cosines if len(embeddings) == 1 else self.scale * cosines

    def probabilities(self, classes: Array) -> Array:
        """Class probabilities (…, C) from class scores.

        A single output has no classes to normalise over: "softmax" leaves it as it is.

        Examples
        --------
        >>> Readout().probabilities(np.array([[0.0, 0.0]]))
        array([[0.5, 0.5]])
        """
        if self.activation == "softmax" and classes.shape[-1] != 1:
            return backend_of(classes).softmax(classes)
        return backend_of(classes).sigmoid(classes) if self.activation == "sigmoid" else classes

    def both_classes(self, probabilities: Array) -> Array:
        """Columns (1 − p, p) of a single output that is a probability p; others as they are.

        Examples
        --------
        >>> Readout("sigmoid").both_classes(np.array([[0.25]]))
        array([[0.75, 0.25]])
        """
        if probabilities.shape[-1] != 1 or not (self.activation == "sigmoid" or self.independent):
            return probabilities
        return backend_of(probabilities).concat([1 - probabilities, probabilities], -1)

    def certainty(self, probabilities: Array) -> Array | None:
        """Confidence (B,): one minus the normalised entropy of (B, C) (LiMA, Eq. 5).

        Under "sigmoid", and where the outputs are independent, the mean over the classes, each a
        choice of two outcomes. None where there is one output that is no probability, or the value
        itself is read.

        Examples
        --------
        >>> Readout().certainty(np.array([[0.5, 0.5], [1.0, 0.0]]))
        array([0., 1.])
        """
        xp, n_classes = backend_of(probabilities), probabilities.shape[-1]
        if self.activation == "sigmoid" or self.independent:
            pairs = xp.stack([probabilities, 1 - probabilities], 0)
            return 1 + xp.mean(xp.sum(xp.plogp(pairs), 0), -1) / math.log(2)
        if n_classes == 1 or self.activation is None:
            return None
        return 1 + xp.sum(xp.plogp(probabilities), -1) / math.log(n_classes)

    def suspicion(self, probabilities: Array) -> Array | None:
        """The lowest value and the largest distance of a sum from 1, (2,).

        `check_probabilities` judges them. None where the activation itself makes probabilities, or
        there is one output that is none. Of independent outputs 1 − p counts as a value.
        """
        if self.independent:
            xp = backend_of(probabilities)
            rows = xp.min(xp.stack([probabilities, 1 - probabilities], 0), -1)
            lowest = xp.min(xp.min(rows, -1), -1)
            return xp.stack([lowest, 0 * lowest], 0)
        if self.activation in ("softmax", "sigmoid", None) or probabilities.shape[-1] == 1:
            return None
        return lowest_and_off(probabilities)

    def for_outputs(self, classes: Array, ends_in_sigmoid: bool | None = None) -> "Readout":
        """The read-out itself; where class scores (B, C) are probabilities, one that keeps them.

        A model that ends in a softmax would be softmaxed twice: its maps would be confidently
        wrong. Logits that are at least 0 and sum to 1 in every row are taken for no accident.
        `ends_in_sigmoid` tells whether the model's last layer is a sigmoid, where a host looks.
        Under "identity", or after a function, values in [0, 1] that do not sum to 1 are each a
        choice of two; a single one is the probability of class 1.

        Examples
        --------
        >>> Readout().for_outputs(np.array([[2.0, 0.0]])).activation
        'softmax'
        >>> Readout("identity").for_outputs(np.array([[0.9, 0.8]])).independent
        True
        """
        if self.class_embeddings is not None:
            return self
        changed = look(self.activation, classes, ends_in_sigmoid)
        return replace(self, **changed) if changed else self

    def check_evidence(self, shape: tuple[int, ...], n_classes: int | None) -> None:
        """Raise ValueError unless the confidence model has as many classes as the model.

        `shape` is that of its outputs per example; `n_classes` is None where the model has none.
        """
        if len(shape) != 1 or shape[0] < 2 or n_classes not in (None, shape[0]):
            wanted = (
                "two classes or more"
                if n_classes is None
                else f"the {n_classes} classes of the model"
            )
            raise ValueError(
                f"`confidence_model` gives outputs of shape {shape} per example; it must give one "
                f"for each of {wanted}"
            )

    def check_width(self, n_features: int) -> None:
        """Raise ValueError unless the class embeddings have `n_features` columns."""
        shape = tuple(np.shape(self.class_embeddings))
        if shape[1] != n_features:
            raise ValueError(
                f"`class_embeddings` (of shape {shape}) must have one column per feature, "
                f"{n_features}"
            )

    def check_probabilities(self, lowest: float, largest_error: float) -> None:
        """Raise ValueError unless class values can be probabilities, by the numbers of `suspicion`.

        Rounding is allowed for: down to −0.001, and sums up to 0.01 away from 1.
        """
        if lowest < -1e-3 or largest_error > 1e-2:
            raise ValueError(
                f"`activation` (={self.activation!r}) must leave class probabilities for the "
                f"confidence score; got values from {lowest:.3g} on, with sums up to "
                f"{largest_error:.3g} away from 1. Use 'softmax' for logits, or `weights` without "
                "it"
            )


def _check_embeddings(embeddings: Any) -> None:
    """Raise TypeError or ValueError unless class embeddings are (K, d), of finite numbers."""
    listed = isinstance(embeddings, list | tuple)
    found = embeddings if listed else backend_of(embeddings, "class_embeddings")
    array = as_numbers("class_embeddings", found if listed else found.to_numpy(embeddings))
    check_axes("class_embeddings", array, 2, "(K, d)")
