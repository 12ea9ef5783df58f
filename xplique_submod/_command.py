"""Xplique's part of the command `submod`."""

from collections.abc import Mapping
from typing import Any

import tensorflow as tf

from submod_core import Explanation
from xplique_submod._calls import call
from xplique_submod._layers import ends_in_sigmoid
from xplique_submod._targets import rows_of
from xplique_submod.lima import LiMA


def explain_photograph(
    model: Any, image: Any, target: int | None, options: Mapping[str, Any]
) -> tuple[Explanation, int]:
    """Explain one image (H, W, C) by LiMA, for a class or the predicted one: for the command line.

    Returns
    -------
    Explanation, int
        The explanation, and its class.
    """
    outputs = call(model, tf.constant(image[None]))
    lima = LiMA(model, batch_size=64, verbose=True, **options)
    if target is None:
        target = _predicted(model, outputs, lima.activation)
    (one,) = lima.explain_regions(image[None], rows_of([target], outputs.shape[1]))
    return one, target


def _predicted(model: Any, outputs: tf.Tensor, activation: Any) -> int:
    """The predicted class; of one output that is no probability 1, the value itself."""
    if outputs.shape[1] > 1:
        return int(tf.argmax(outputs, 1)[0])
    if ends_in_sigmoid(model) or activation == "identity":
        return int(outputs[0, 0] > 0.5)
    return int(outputs[0, 0] > 0) if activation == "sigmoid" else 1
