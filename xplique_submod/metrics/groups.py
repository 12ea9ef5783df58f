"""Numbers that judge models which predict from groups of features: `SumOfParts`, `SelfAttributing`."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from submod_core._types import FloatArray
from submod_core.metrics.groups import TOPS, grown_area, outlines
from submod_core.sop import GroupExplanation


def grown_insertion(model: Any, inputs: Any, feature_mask: Any = None) -> FloatArray:
    """What all groups together convince of as they grow: `captum_submod.metrics.grown_insertion`.

    Parameters
    ----------
    model : SumOfParts or SelfAttributing
    inputs : array, (N, …)
    feature_mask : array, optional

    Returns
    -------
    ndarray of float64, (N,)
        Area under the probability of the class that is predicted from all features, relative to it; higher is better.

    Examples
    --------
    >>> from xplique.attributions import Saliency
    >>> from xplique_submod import SelfAttributing
    >>> layers = tf.keras.layers
    >>> backbone = tf.keras.Sequential([tf.keras.Input((8, 8, 3)), layers.Flatten(), layers.Dense(10)])
    >>> images = tf.random.uniform((2, 8, 8, 3))
    >>> grown_insertion(SelfAttributing(backbone, Saliency(backbone), images[:1], features=2), images).shape
    (2,)
    """
    full, predicted = _full(model, inputs, feature_mask)
    rows = [_probabilities(model(inputs, feature_mask, top=top), predicted) for top in TOPS]
    return grown_area(rows, full)


def grown_deletion(model: Any, inputs: Any, labels: Any = None, feature_mask: Any = None) -> FloatArray:
    """What is left to convince as groups shrink: `captum_submod.metrics.grown_deletion`.

    Parameters
    ----------
    model, inputs, feature_mask
        As in `grown_insertion`.
    labels : array_like of int, (N,), optional
        The true classes: an example that is wrongly classified from all features scores 1 everywhere.

    Returns
    -------
    ndarray of float64, (N,)
        Lower is better.

    Examples
    --------
    >>> from xplique.attributions import Saliency
    >>> from xplique_submod import SelfAttributing
    >>> layers = tf.keras.layers
    >>> backbone = tf.keras.Sequential([tf.keras.Input((8, 8, 3)), layers.Flatten(), layers.Dense(10)])
    >>> images = tf.random.uniform((2, 8, 8, 3))
    >>> grown_deletion(SelfAttributing(backbone, Saliency(backbone), images[:1], features=2), images).shape
    (2,)
    """
    full, predicted = _full(model, inputs, feature_mask)
    rows = [_probabilities(model.without(inputs, feature_mask, top=top), predicted) for top in TOPS]
    areas = grown_area(rows, full)
    return areas if labels is None else np.where(predicted == np.asarray(labels), areas, 1.0)


def errors_by_sparsity(
    model: Any, inputs: Any, labels: Any, tops: Sequence[float] = TOPS, feature_mask: Any = None
) -> FloatArray:
    """Share of wrong predictions with groups of several sizes: `captum_submod.metrics.errors_by_sparsity`.

    Parameters
    ----------
    model, inputs, feature_mask
        As in `grown_insertion`.
    labels : array_like of int, (N,)
    tops : sequence of float

    Returns
    -------
    ndarray of float64, (len(tops),)

    Examples
    --------
    >>> from xplique.attributions import Saliency
    >>> from xplique_submod import SelfAttributing
    >>> layers = tf.keras.layers
    >>> backbone = tf.keras.Sequential([tf.keras.Input((8, 8, 3)), layers.Flatten(), layers.Dense(10)])
    >>> images = tf.random.uniform((2, 8, 8, 3))
    >>> model = SelfAttributing(backbone, Saliency(backbone), images[:1], features=2)
    >>> errors_by_sparsity(model, images, np.argmax(model(images), 1), [0.2])
    array([0.])
    """
    predictions = [np.argmax(model(inputs, feature_mask, top=top), axis=-1) for top in tops]
    return np.array([np.mean(predicted != np.asarray(labels)) for predicted in predictions])


def probing_accuracy(
    explanations: Sequence[GroupExplanation], labels: Any, *, epochs: int = 60, seed: int = 0
) -> float:
    """How well the label can be read off the groups' outlines: `captum_submod.metrics.probing_accuracy`.

    Parameters
    ----------
    explanations : sequence of GroupExplanation, N
    labels : array_like, (N,)
    epochs, seed : int

    Returns
    -------
    float
        Accuracy on the second half.

    Examples
    --------
    >>> one, features = np.ones((1, 1)), np.arange(16).reshape(4, 4)
    >>> groups = [np.arange(16)[None] == k for k in range(8)]
    >>> same = [GroupExplanation(features, group, one, one, np.ones(1)) for group in groups]
    >>> 0 <= probing_accuracy(same, np.arange(8) % 2, epochs=2) <= 1
    True
    """
    masks, wanted = outlines(explanations, labels)
    x, half = masks.astype(np.float32)[..., None], len(masks) // 2
    probe = _probe(x, int(wanted.max()) + 1, seed)
    probe.compile("adam", tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    probe.optimizer.learning_rate = 3e-3
    rng = np.random.default_rng(seed)
    for _ in range(epochs):
        order = rng.permutation(half)
        probe.fit(x[order], wanted[order], batch_size=32, shuffle=False, verbose=0)
    return float(np.mean(np.argmax(probe(x[half:]), axis=1) == wanted[half:]))


def _probe(x: np.ndarray, classes: int, seed: int) -> Any:
    """Two convolutions over images of at most 32 × 32; a hidden layer over anything else."""
    layers, start = tf.keras.layers, tf.keras.initializers.GlorotUniform
    body: list[Any] = [layers.Flatten(), layers.Dense(64, "relu", kernel_initializer=start(seed))]
    if x.ndim == 4:
        size = (min(32, x.shape[1]), min(32, x.shape[2]))
        kernels = [layers.Conv2D(n, 3, 2, "same", activation="relu", kernel_initializer=start(seed)) for n in (16, 32)]
        body = [layers.Resizing(*size, antialias=True), *kernels, layers.Flatten()]
    end = layers.Dense(classes, kernel_initializer=start(seed))
    return tf.keras.Sequential([tf.keras.Input(x.shape[1:]), *body, end])


def _full(model: Any, inputs: Any, feature_mask: Any) -> tuple[FloatArray, np.ndarray]:
    logits = model(inputs, feature_mask, top=1.0)
    predicted = np.argmax(logits, axis=-1)
    return _probabilities(logits, predicted), predicted


def _probabilities(logits: Any, classes: np.ndarray) -> FloatArray:
    values = tf.nn.softmax(tf.cast(logits, tf.float64))
    return np.take_along_axis(values.numpy(), classes[:, None], axis=1)[:, 0]
