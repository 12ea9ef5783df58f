"""Segmentation score: how much a dense prediction gives a zone to one class."""

from typing import Any

from submod_core._checks import check_choice
from submod_core._types import AnyArray
from submod_core.backends import Array, backend_of

ACTIVATIONS = ("softmax", "sigmoid", "identity")
MODES = ("probability", "area")


def segmentation_score(
    outputs: Array,
    zones: Array,
    labels: Array,
    mode: str = "probability",
    activation: str = "softmax",
) -> Array:
    """Score of one class in a zone of a dense prediction.

    Parameters
    ----------
    outputs : array, (N, places…, C)
        The model's answer for each place, classes last.
    zones : array, (N, places…)
        Weight of each place, 1 inside and 0 outside.
    labels : array of int, (N,)
        The class to explain of each example.
    mode : {"probability", "area"}
        The mean probability of the class over the zone; or the share of the zone that is predicted
        as the class, where no other class has a higher score.
    activation : {"softmax", "sigmoid", "identity"}
        What makes probabilities of the outputs.

    Returns
    -------
    array, (N,)
        Values in [0, 1].

    Examples
    --------
    >>> import numpy as np
    >>> outputs = np.array([[[0.9, 0.1], [0.6, 0.4], [0.2, 0.8]]])
    >>> zones, labels = np.array([[1.0, 1.0, 1.0]]), np.array([0])
    >>> for mode in ("probability", "area"):
    ...     print(segmentation_score(outputs, zones, labels, mode, "identity").round(2))
    [0.57]
    [0.67]
    """
    check_choice("mode", mode, MODES)
    check_choice("activation", activation, ACTIVATIONS)
    if mode == "area" and outputs.shape[-1] == 1:
        raise ValueError(
            "`mode` (='area') needs two classes, of which one is the highest; the outputs have one"
        )
    xp, n_places = backend_of(outputs, "outputs"), len(outputs.shape) - 2
    zones = xp.asarray_like(zones, outputs)
    values = outputs
    if mode == "probability" and activation != "identity":  # neither changes which is the highest
        values = xp.softmax(outputs) if activation == "softmax" else xp.sigmoid(outputs)
    # The class of each example at all its places: a mask of classes, (N, 1, …, C).
    chosen = xp.arange_like(outputs) == xp.asarray_like(labels, outputs)[:, None]
    for _ in range(n_places):
        chosen = chosen[:, None]
    own = xp.sum(xp.astype(chosen, _name(outputs)) * values, -1)
    if mode == "area":
        own = xp.astype(own >= xp.max(values, -1), _name(outputs)) + 0 * own
    inside, whole = own * zones, zones
    for _ in range(n_places):
        inside, whole = xp.sum(inside, -1), xp.sum(whole, -1)
    return inside / whole


def extremes(outputs: Array) -> Array:
    """Lowest and highest output, and the largest distance of a place's sum from 1, (3,).

    Examples
    --------
    >>> import numpy as np
    >>> extremes(np.array([[[0.5, 0.5], [0.25, 0.5]]]))
    array([0.25, 0.5 , 0.25])
    """
    xp = backend_of(outputs, "outputs")
    low, high = xp.min(outputs, -1), xp.max(outputs, -1)
    off = xp.abs(xp.sum(outputs, -1) - 1)
    while len(low.shape):
        low, high, off = xp.min(low, -1), xp.max(high, -1), xp.max(off, -1)
    return xp.stack([low, high, off], 0)


def check_segmentation(
    found: AnyArray, zones: AnyArray, labels: AnyArray, n_classes: int, activation: str
) -> None:
    """Raise ValueError unless outputs, zones and labels can be what they are read as.

    Parameters
    ----------
    found : ndarray, (3,)
        From `extremes`.
    zones : ndarray, (N, places…)
    labels : ndarray of int, (N,)
    n_classes : int
    activation : str

    Examples
    --------
    >>> import numpy as np
    >>> found, zone = np.array([0.0, 0.9, 1e-7]), np.ones((1, 4, 4))
    >>> check_segmentation(found, zone, np.array([0]), 2, "softmax")
    Traceback (most recent call last):
    ValueError: `activation` (='softmax') would be applied to probabilities: the model's outputs are
    at least 0 and sum to 1 everywhere; give 'identity'
    """
    lowest, highest, off = found.tolist()
    if activation == "softmax" and n_classes > 1 and lowest >= 0 and off < 2e-3:
        raise ValueError(
            "`activation` (='softmax') would be applied to probabilities: the model's outputs are "
            "at least 0 and sum to 1 everywhere; give 'identity'"
        )
    if activation == "softmax" and n_classes == 1:
        raise ValueError(
            "`activation` (='softmax') needs two classes, and the model has one: give 'sigmoid' "
            "for a logit, 'identity' for a probability"
        )
    if activation == "identity" and not (lowest >= -1e-3 and highest <= 1 + 1e-3):
        raise ValueError(
            f"`activation` (='identity') leaves outputs from {lowest:.3g} to {highest:.3g}, which "
            "are no probabilities; give 'softmax' or 'sigmoid' for logits"
        )
    rows = zones.reshape(len(zones), -1)
    if not ((rows >= 0) & (rows <= 1)).all() or not (rows.sum(1) > 0).all():
        raise ValueError(
            "`zones` must be 1 inside and 0 outside, with a place inside for each example"
        )
    if ((labels < 0) | (labels >= n_classes)).any():
        raise ValueError(
            f"`labels` (={labels.tolist()}) must be classes from 0 to {n_classes - 1} of the model"
        )


def check_places(zones: tuple[Any, ...], places: tuple[Any, ...]) -> None:
    """Raise ValueError unless zones have the places of the outputs; None is unknown, in a graph.

    Examples
    --------
    >>> check_places((9, 9), (3, 3))
    Traceback (most recent call last):
    ValueError: `zones` (of size (9, 9)) must have the size of the model's outputs, (3, 3): resize
    one of them
    """
    alike = len(zones) == len(places) and all(
        a == b or a is None or b is None for a, b in zip(zones, places, strict=True)
    )
    if not alike:
        raise ValueError(
            f"`zones` (of size {zones}) must have the size of the model's outputs, {places}: "
            "resize one of them"
        )


def _name(array: Array) -> str:
    return "float64" if "float64" in str(array.dtype) else "float32"


class SegmentationOptions:
    """Options of a segmentation score, with their checks: the base of each host's class."""

    is_quantity = True
    """Methods read the value itself: consistency and collaboration alone."""

    def __init__(self, mode: str, activation: str) -> None:
        check_choice("mode", mode, MODES)
        check_choice("activation", activation, ACTIVATIONS)
        self.mode, self.activation = mode, activation

    def _of(self, outputs: Array, zones: Array, labels: Array) -> Array:
        return segmentation_score(outputs, zones, labels, self.mode, self.activation)
