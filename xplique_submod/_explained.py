"""Explained inputs: the division that their explanations bring."""

from typing import Any

import numpy as np
import tensorflow as tf

from submod_core.regions import Layout
from submod_core.results import check_explanations
from xplique_submod._inputs import FOUND, Divide


def division_of(explanations: Any, layout: str | Layout | None) -> Divide:
    """The division of inputs by the regions of their explanations.

    It raises TypeError or ValueError unless there is one explanation for each input, with regions
    that fit it.
    """

    def divide(images: tf.Tensor, targets: tf.Tensor) -> list[np.ndarray]:
        shape = tuple(images.shape)
        axes = Layout.of(layout, shape, FOUND.get(len(shape)))
        fitting = (axes.places(shape[1:]), shape[1:])
        maps = [one.regions for one in check_explanations(explanations, len(images))]
        for labels in maps:
            if isinstance(labels, tuple) or labels.shape not in fitting:
                what = "several label maps" if isinstance(labels, tuple) else labels.shape
                raise ValueError(
                    f"`explanations` (with regions of shape {what}) must be of the inputs, "
                    f"{shape[1:]} each"
                )
        return [np.asarray(labels) for labels in maps]

    return divide
