"""The "-F" models that Sum-of-Parts is compared with: predict from the top features of any explainer alone."""

from typing import Any

import numpy as np
import tensorflow as tf

from submod_core.sop import maths
from submod_core.sop.explanation import GroupExplanation
from submod_core.sop.features import Features
from submod_core.sop.settings import check_top
from xplique_submod._maps import heatmaps
from xplique_submod.sop._masking import Masking, pooling


class SelfAttributing:
    """A model that predicts from one group of features: those that an explainer puts on top (SOP, App. C.3).

    Parameters
    ----------
    backbone : keras.Model or callable
    attribution : explainer or callable
        An Xplique explainer of that model, or a function of (inputs, one-hot targets) that returns maps. It explains
        the class that the backbone predicts.
    example_inputs : array, (1, …)
        An input, which fixes shapes.
    features, baseline, batch_size
        As for `SumOfParts`.
    top : float in (0, 1]
        The share of features that the prediction is made from: those with the highest mean score.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range.

    Examples
    --------
    >>> from xplique.attributions import Saliency
    >>> layers = tf.keras.layers
    >>> backbone = tf.keras.Sequential([tf.keras.Input((16, 16, 3)), layers.Flatten(), layers.Dense(10)])
    >>> images = tf.random.uniform((2, 16, 16, 3))
    >>> SelfAttributing(backbone, Saliency(backbone), images[:1], features=4)(images).shape
    TensorShape([2, 10])
    """

    def __init__(
        self,
        backbone: Any,
        attribution: Any,
        example_inputs: Any,
        *,
        features: Features = None,
        top: float = 0.2,
        baseline: float = 0.0,
        batch_size: int = 32,
    ) -> None:
        if not callable(attribution):
            raise TypeError(f"`attribution` (={attribution!r}) must be an explainer or a function")
        check_top(top)
        self.backbone, self.attribution, self.top = backbone, attribution, top
        self.masking = Masking(tuple(np.shape(example_inputs)), features, baseline, batch_size)

    def __call__(self, inputs: Any, feature_mask: Any = None, top: float | None = None) -> tf.Tensor:
        """Logits (N, C) of the inputs with all but the top features replaced."""
        return self._answer(inputs, feature_mask, top, remove=False)[1]

    def without(self, inputs: Any, feature_mask: Any = None, top: float | None = None) -> tf.Tensor:
        """Logits (N, C) of what is left when the top features are replaced."""
        return self._answer(inputs, feature_mask, top, remove=True)[1]

    def explain(self, inputs: Any, feature_mask: Any = None, top: float | None = None) -> list[GroupExplanation]:
        """One group each, with a score of 1 for every class; arguments as in a call."""
        masks, logits = self._answer(inputs, feature_mask, top, remove=False)
        labels, values = self.masking.labels_of(tf.convert_to_tensor(inputs), feature_mask).numpy(), np.asarray(logits)
        return GroupExplanation.each(labels, masks.numpy(), np.ones((*values.shape, 1)), values[:, None], values)

    def _answer(self, inputs: Any, feature_mask: Any, top: float | None, remove: bool) -> tuple[tf.Tensor, tf.Tensor]:
        """The masks (N, 1, n) and the logits (N, C)."""
        top = self.top if top is None else top
        check_top(top)
        inputs = tf.convert_to_tensor(inputs)
        labels = self.masking.labels_of(inputs, feature_mask)
        present = tf.cast(self.masking.present(labels, len(inputs)), tf.float64)
        scores = self._scores(inputs, labels)
        scores = scores - tf.reduce_min(scores, -1, keepdims=True)
        masks = maths.top_masks(scores[:, None], present, top)
        masks = present[:, None] - masks if remove else masks
        count, make = self.masking.batches(inputs, masks, labels, self.masking.words(labels))
        return masks, tf.concat([self.backbone(make(k)) for k in range(int(count))], 0)

    def _scores(self, inputs: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
        """The mean score of each feature, (N, n), of the class that the backbone predicts."""
        size = self.masking.batch_size
        logits = tf.concat([self.backbone(inputs[i : i + size]) for i in range(0, len(inputs), size)], 0)
        targets = tf.one_hot(tf.argmax(logits, -1), logits.shape[-1])
        if self.masking.images:
            maps = heatmaps(self.attribution, inputs, targets, "attribution", absolute=False)
        else:
            maps = np.asarray(self.attribution(inputs, targets), np.float64)
            maps = maps.reshape(*maps.shape[:2], -1).sum(-1)
        maps = np.broadcast_to(maps, (len(inputs), *maps.shape[1:])).reshape(len(inputs), -1)
        under = np.arange(maps.shape[1])
        if len(labels) == 1 and np.array_equal(labels.numpy().ravel(), under):
            return tf.constant(maps)
        weights = tf.cast(pooling(labels, under, maps.shape[1]), tf.float64)
        return (weights @ tf.constant(maps[..., None]))[..., 0]
