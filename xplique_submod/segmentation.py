"""Segmentation for Xplique: an operator that reads one class in a zone."""

from typing import Any

import numpy as np
import tensorflow as tf

from submod_core._checks import as_numbers, as_whole_numbers, check_axes, check_count
from submod_core.scores import SegmentationOptions
from submod_core.scores.segmentation import check_places, check_segmentation, extremes
from xplique_submod._checks import tensor_of


class SegmentationScore(SegmentationOptions):
    """Score of one class in a zone of a dense prediction: an operator of any explainer and metric.

    The zone is a mask over the places of the outputs: one pixel, an object, or everything, which
    then is the class's area in the whole prediction. The score is a quantity, so that confidence
    and effectiveness are left out. `captum_submod.SegmentationScore` gives the same.

    Parameters
    ----------
    mode : {"probability", "area"}
        The mean probability of the class over the zone, which Xplique's own operator gives for
        probabilities; or the share of the zone that is predicted as the class.
    activation : {"softmax", "sigmoid", "identity"}
        What makes probabilities of the outputs (N, places…, C).

    Raises
    ------
    TypeError, ValueError
        If an option is unknown. When called: if targets are malformed, or the outputs are not what
        `activation` says.

    Notes
    -----
    The targets are those of Xplique's operator, (N, places…, C): the zone in the channel of its
    class, and 0 in all others. `segmentation_targets` makes them.

    Examples
    --------
    >>> from xplique_submod import LiMA
    >>> model = lambda images: tf.concat([images, 1 - images], -1)
    >>> images = np.zeros((1, 8, 8, 1), np.float32)
    >>> images[:, 2:6, 2:6] = 1.0
    >>> targets = segmentation_targets(images[..., 0], [0], 2)
    >>> score = SegmentationScore(activation="identity")
    >>> score(model, images, targets).numpy()
    array([1.], dtype=float32)
    >>> found = LiMA(model, operator=score, regions=(4, 4)).explain_regions(images, targets)
    >>> sorted(found[0].order[:4].tolist())
    [5, 6, 9, 10]
    """

    def __init__(self, *, mode: str = "probability", activation: str = "softmax") -> None:
        super().__init__(mode, activation)

    def __repr__(self) -> str:
        return f"SegmentationScore(mode={self.mode!r}, activation={self.activation!r})"

    def __call__(self, model: Any, inputs: Any, targets: Any) -> tf.Tensor:
        """Score (N,) of each example's class in its zone, for targets (N, places…, C)."""
        if not callable(model):
            raise TypeError(f"`model` (={model!r}) must be callable")
        inputs, targets = tensor_of("inputs", inputs), tensor_of("targets", targets)
        outputs, targets = tf.cast(model(inputs), tf.float32), tf.cast(targets, tf.float32)
        shapes = [tuple(array.shape[1:]) for array in (outputs, targets)]
        if outputs.shape.rank < 3 or len(shapes[0]) != len(shapes[1]):
            raise ValueError(
                f"`targets` (of shape {shapes[1]} per example) must be shaped like the model's "
                f"outputs, (places…, C), {shapes[0]}"
            )
        if shapes[0][-1] != shapes[1][-1]:
            raise ValueError(
                f"`targets` (of shape {shapes[1]} per example) must have a channel for each of the "
                f"{shapes[0][-1]} classes of the model"
            )
        check_places(shapes[1][:-1], shapes[0][:-1])
        arrays = (extremes(outputs), targets, self.activation)
        if tf.executing_eagerly():
            _check(arrays[0].numpy(), targets.numpy(), self.activation)
            checks = []
        else:
            checks = [tf.numpy_function(_check, arrays, [])]
        with tf.control_dependencies(checks):
            zones = tf.reduce_sum(targets, -1)
        places = list(range(1, len(shapes[1])))
        labels = tf.argmax(tf.reduce_sum(tf.abs(targets), places), -1)
        return self._of(outputs, zones, labels)


def segmentation_targets(zones: Any, labels: Any, n_classes: int) -> tf.Tensor:
    """Targets (N, places…, C) of segmentation, for Xplique's operator and `SegmentationScore`.

    Parameters
    ----------
    zones : array_like, (N, places…)
        1 inside and 0 outside.
    labels : array_like of int, (N,)
        The class of each zone.
    n_classes : int
        C, of the model.

    Returns
    -------
    tf.Tensor of float32, (N, places…, C)

    Raises
    ------
    TypeError, ValueError
        If zones or labels are of other shapes, a zone is empty, or a label is no class.

    Examples
    --------
    >>> segmentation_targets([[1, 0]], [1], 2).numpy().tolist()
    [[[0.0, 1.0], [0.0, 0.0]]]
    """
    check_count("n_classes", n_classes)
    weights, classes = as_numbers("zones", zones), as_whole_numbers("labels", labels)
    check_axes("labels", classes, 1, "(N,)")
    if weights.ndim < 2 or len(weights) != len(classes):
        raise ValueError(
            f"`zones` (of shape {weights.shape}) must be (N, places…) with a zone for each of "
            f"{len(classes)} `labels`"
        )
    check_segmentation(np.zeros(3), weights, classes, n_classes, "identity")
    onehot = np.eye(n_classes)[classes].reshape(len(classes), *(1,) * (weights.ndim - 1), -1)
    return tf.constant(weights[..., None] * onehot, tf.float32)


def _check(found: Any, targets: Any, activation: Any) -> None:
    """Raise ValueError unless outputs and targets can be what they are read as."""
    named = activation.decode() if isinstance(activation, bytes) else activation
    channels = np.abs(targets).reshape(len(targets), -1, targets.shape[-1]).sum(1)
    if not ((channels > 0).sum(1) == 1).all():
        raise ValueError(
            "`targets` must hold the zone in the channel of one class for each example, and 0 in "
            "all others"
        )
    if ((targets < 0) | (targets > 1)).any():
        raise ValueError("`targets` must be 1 inside of the zone and 0 outside")
    check_segmentation(found, targets.sum(-1), channels.argmax(1), targets.shape[-1], named)
