"""Xplique's part of the command `submod`."""

from collections.abc import Mapping
from typing import Any

import tensorflow as tf

from submod_core import Explanation
from xplique_submod._calls import call
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
    target = int(tf.argmax(outputs, 1)[0]) if target is None else target
    lima = LiMA(model, batch_size=64, verbose=True, **options)
    (one,) = lima.explain_regions(image[None], tf.one_hot([target], outputs.shape[1]))
    return one, target
