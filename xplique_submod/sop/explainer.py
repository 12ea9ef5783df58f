"""A sum of parts as one of Xplique's explainers."""

from typing import Any

import numpy as np
import tensorflow as tf

from submod_core._repr import differing
from xplique_submod._checks import check_batch, numbers_of
from xplique_submod._compat import (
    BlackBoxExplainer,
    get_inference_function,
    no_gradients_available,
)
from xplique_submod._datasets import examples_of
from xplique_submod._targets import check_classes, of_one_output


class SumOfPartsAttribution(BlackBoxExplainer):
    """Paint the contribution of each feature to a prediction of `SumOfParts`.

    A group's contribution is shared equally among its features, so that the scores of all features
    sum to the logit.

    Parameters
    ----------
    model : SumOfParts or SelfAttributing
    batch_size : int, optional
        Inputs explained at once; the model itself says how many masked ones go through its
        backbone.
    operator
        Must be None: the logit is explained.

    Raises
    ------
    TypeError, ValueError
        If the model has no groups to explain by, or an operator is given.

    References
    ----------
    .. [1] Sum-of-Parts: Self-Attributing Neural Networks with End-to-End Learning of Feature
       Groups: Eq. 1.

    Examples
    --------
    >>> from xplique_submod import SumOfParts
    >>> layers = tf.keras.layers
    >>> backbone = tf.keras.Sequential([
    ...     tf.keras.Input((16, 16, 3)), layers.Conv2D(8, 3), layers.GlobalMaxPool2D(),
    ...     layers.Dense(10),
    ... ])
    >>> images, targets = tf.random.uniform((2, 16, 16, 3)), tf.one_hot([3, 1], 10)
    >>> sop = SumOfParts(backbone, images[:1], features=4)
    >>> SumOfPartsAttribution(sop)(images, targets).shape
    TensorShape([2, 16, 16, 1])
    """

    def __init__(self, model: Any, batch_size: int | None = 32, operator: Any = None) -> None:
        if not callable(getattr(model, "explain", None)):
            raise TypeError(f"`model` (a {type(model).__name__}) must be a SumOfParts model")
        check_batch(batch_size)
        if operator is not None:
            raise ValueError("`operator` must be None: the logit is explained")
        # Not the constructor of the base: its cache of models fails on subclassed Keras 3 models.
        self.model, self.batch_size, self.operator = model, batch_size, operator
        functions = get_inference_function(model, operator)
        self.inference_function, self.batch_inference_function = functions
        self.gradient = self.batch_gradient = no_gradients_available

    def __repr__(self) -> str:
        return f"{type(self).__name__}({differing(self, SumOfPartsAttribution.__init__)})"

    def explain(self, inputs: Any, targets: Any = None) -> tf.Tensor:
        """Score every element by the contribution of its feature.

        Parameters
        ----------
        inputs : array, tf.Tensor or tf.data.Dataset
            A dataset holds the targets too.
        targets : array or tf.Tensor, (N, C)
            One-hot. Of one logit the classes are 1, and 0 with the opposite contributions, in one
            column (N, 1) or two (N, 2).

        Returns
        -------
        tf.Tensor of float32
            (N, H, W, 1) for images, otherwise shaped like the inputs; in units of the logit, of
            either sign.

        Raises
        ------
        ValueError
            If there are no inputs, or the targets have another number of classes than the model,
            or name none.
        """
        given = zip(("inputs", "targets"), examples_of(inputs, targets), strict=True)
        images, one_hot = (numbers_of(name, value) for name, value in given)
        if len(images.shape) < 2 or not len(images):
            raise ValueError(
                f"`inputs` (of shape {tuple(images.shape)}) must hold at least one example"
            )
        if len(one_hot.shape) < 1 or len(one_hot) != len(images):
            raise ValueError(
                f"`targets` (of shape {tuple(one_hot.shape)}) must have a row for each of the "
                f"{len(images)} inputs"
            )
        size = len(images) if self.batch_size is None else self.batch_size
        parts = [self.model.explain(images[i : i + size]) for i in range(0, len(images), size)]
        explanations = [explanation for part in parts for explanation in part]
        check_classes(one_hot)
        one_logit = explanations[0].logits.shape == (1,)
        both = of_one_output(one_hot, True) if one_logit else one_hot
        if both.shape[1:] != ((2,) if one_logit else explanations[0].logits.shape):
            raise ValueError(
                f"`targets` (of shape {tuple(one_hot.shape)}) must have a column for each of the "
                f"{len(explanations[0].logits)} classes"
            )
        classes = np.argmax(both, axis=-1).tolist()
        rows = [
            (2 * t - 1) * e.paint(0) if one_logit else e.paint(t)
            for e, t in zip(explanations, classes, strict=True)
        ]
        painted = tf.constant(np.stack(rows), tf.float32)
        if len(images.shape) == 3 and self.model.masking.last:
            return tf.broadcast_to(painted[:, None], images.shape)
        if len(images.shape) == 3:
            return tf.broadcast_to(painted[..., None], images.shape)
        return painted[..., None] if len(images.shape) == 4 else painted
