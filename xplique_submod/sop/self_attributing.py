"""The "-F" models that Sum-of-Parts is compared with: predictions from an explainer's top."""

from typing import Any

import numpy as np
import tensorflow as tf

from submod_core._docs import documented
from submod_core._repr import differing
from submod_core._types import IntArray
from submod_core.engine._memory import fitting, in_fitting_batches
from submod_core.sop import GroupExplanation
from submod_core.sop.baselines import Baseline
from submod_core.sop.features import Features
from submod_core.sop.host import SelfAttributingBase, check_answers
from submod_core.sop.options import OPTIONS
from submod_core.sop.settings import chosen_top
from xplique_submod._maps import heatmaps
from xplique_submod._memory import memory_errors
from xplique_submod.sop._inputs import shown
from xplique_submod.sop._masking import Masking, example_of, pooling
from xplique_submod.sop.model import WORDS

_OWN = {"mask_of_a_call": "`feature_mask` in a call\n    overrides it.", "source": "App. C.3"}
_documented = documented(OPTIONS, **WORDS | _OWN)


@_documented
class SelfAttributing(SelfAttributingBase):
    """Predict from one group of features: those that an explainer puts on top.

    It is the "-F" model of the paper (SOP, App. C.3).

    Parameters
    ----------
    backbone : keras.Model or callable
    attribution : explainer or callable
        An Xplique explainer of that model, or a function of (inputs, one-hot targets) that returns
        maps. It explains the class that the backbone predicts.
    {example_inputs}
    {features}
    top : float in (0, 1]
        Share of the features that the prediction is made from: those with the highest mean score.
    {baseline}
    {batch_size}

    {errors}

    Examples
    --------
    >>> from xplique.attributions import Saliency
    >>> layers = tf.keras.layers
    >>> backbone = tf.keras.Sequential(
    ...     [tf.keras.Input((16, 16, 3)), layers.Flatten(), layers.Dense(10)]
    ... )
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
        baseline: Baseline = 0.0,
        batch_size: int = 32,
    ) -> None:
        if not callable(attribution):
            raise TypeError(f"`attribution` (={attribution!r}) must be an explainer or a function")
        if not callable(backbone):
            raise TypeError(f"`backbone` (={backbone!r}) must be callable")
        example = example_of(example_inputs)
        self.top = chosen_top(None, top)
        self.backbone, self.attribution = backbone, attribution
        self.masking = Masking(example, features, baseline, batch_size)
        self.example_inputs = example

    def __repr__(self) -> str:
        return f"{type(self).__name__}({differing(self, SelfAttributing.__init__)})"

    @_documented
    def __call__(
        self, inputs: Any, feature_mask: Any = None, top: float | None = None
    ) -> tf.Tensor:
        """Logits (N, C) of the inputs with all but the top features replaced.

        Parameters
        ----------
        inputs : array, (N, …)
        {of_a_call}

        Raises
        ------
        ValueError
            If an argument does not fit the model; so do all methods that take them.
        """
        return self._answer(shown(inputs), feature_mask, top)[1]

    def without(self, inputs: Any, feature_mask: Any = None, top: float | None = None) -> tf.Tensor:
        """Logits (N, C) of the inputs with the top features replaced.

        Arguments are those of a call.
        """
        return self._answer(shown(inputs), feature_mask, top, remove=True)[1]

    def explain(
        self, inputs: Any, feature_mask: Any = None, top: float | None = None
    ) -> list[GroupExplanation]:
        """One group each, with a score of 1 for every class.

        Arguments are those of a call.
        """
        return self._explained(shown(inputs), feature_mask, top)

    def _maps(self, inputs: tf.Tensor) -> tf.Tensor:
        def answered(some: slice) -> tf.Tensor:
            with memory_errors():
                return tf.convert_to_tensor(self.backbone(inputs[some]))

        batches = in_fitting_batches(len(inputs), self.masking.batch, answered)
        logits = tf.concat(list(batches), 0)
        check_answers(logits)
        targets = tf.one_hot(tf.argmax(logits, -1), logits.shape[-1])
        if self.masking.images:
            maps = heatmaps(self.attribution, inputs, targets, "attribution", absolute=False)
        else:
            maps = np.asarray(self.attribution(inputs, targets), np.float64)
            maps = maps.reshape(*maps.shape[:2], -1).sum(-1)
        maps = np.broadcast_to(maps, (len(inputs), *maps.shape[1:]))
        return tf.constant(maps.reshape(len(inputs), -1))

    def _shares(self, labels: tf.Tensor, under: IntArray, size: int) -> tf.Tensor:
        return tf.cast(pooling(labels, under, size), tf.float64)

    def _masked(self, inputs: tf.Tensor, masks: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
        words = self.masking.words(labels)

        def attempt(most: int) -> tf.Tensor:
            with memory_errors():
                count, make = self.masking.batches(inputs, masks, labels, words, most=most)
                return tf.concat([self.backbone(make(k)) for k in range(int(count))], 0)

        batch = self.masking.batch
        return fitting(batch, batch.share(max(1, len(inputs))), attempt)
