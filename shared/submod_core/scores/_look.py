"""A look at class scores: whether they are probabilities already, and of what kind."""

import warnings
from typing import Any

import numpy as np

from submod_core.backends import Array, backend_of

NO_CLASSES = (
    "the model gives no class probabilities: its value for the target is itself the consistency, "
    "and confidence and effectiveness, which are not of its unit, are left out; `activation=None` "
    "says so without a warning"
)
"""Warning, given once, where the model has one output and no classes."""

ONE_EMBEDDING = (
    "`class_embeddings` has one row, and so no class probabilities: the cosine to it is itself the "
    "consistency, and the confidence score is left out"
)
"""Warning, given once, where the target is the only embedding."""

TWICE = (
    "the model's outputs are probabilities already (at least 0, and each row sums to 1): they are "
    "read as they are, and not softmaxed again; `activation='identity'` says so without a warning"
)
"""Warning where "softmax" would be applied to probabilities."""

SIGMOID_TWICE = (
    "the model's outputs are probabilities already (it ends in a sigmoid): they are read as they "
    "are, each as a choice of two; `activation='identity'` says so without a warning"
)
"""Warning where an activation would be applied to several outputs of a sigmoid."""

MAYBE_PROBABILITIES = (
    "the model's outputs are in [0, 1], but hardly a row sums to 1: they are softmaxed, as logits "
    "are. If they are probabilities of labels, say so by `activation='identity'`"
)
"""Warning where "softmax" is applied to what may be the probabilities of several labels."""

# Probabilities of half precision sum to 1 within this.
_SUM_TOLERANCE = 2e-3
# So many logits are not in [0, 1] by chance.
_ENOUGH = 12
# Sums so far from 1 are not those of one choice among classes.
_NO_SUM = 1e-2


def lowest_and_off(classes: Array) -> Array:
    """The lowest of class values (B, C), and the largest distance of a row's sum from 1, (2,)."""
    xp = backend_of(classes)
    off = xp.max(xp.abs(xp.sum(classes, -1) - 1), -1)
    return xp.stack([xp.min(xp.min(classes, -1), -1), off], 0)


def look(activation: Any, classes: Array, ends_in_sigmoid: bool | None) -> dict[str, Any]:
    """The fields of a `Readout` that class scores (B, C) change; a warning where one was wrong.

    `ends_in_sigmoid` tells whether the scores are known to be a sigmoid's values; None where the
    host does not look. A callable activation has been applied to the scores.
    """
    if activation is None:  # values of a unit of their own
        return {}
    one, named = classes.shape[-1] == 1, activation in ("softmax", "sigmoid")
    lowest, within, sums, off = _kind(classes)
    if named and ends_in_sigmoid and within:
        # A single output has no classes to normalise over: "softmax" means no other reading of it.
        if not one or activation == "sigmoid":
            warnings.warn(SIGMOID_TWICE, stacklevel=4)
        return {"activation": "identity", "independent": True}
    if activation == "softmax" and not one:
        if sums:
            warnings.warn(TWICE, stacklevel=4)
            return {"activation": "identity"}
        # Values of 0 are none of a sigmoid's, but those of a blank input, or of a rectifier.
        many = classes.shape[0] * classes.shape[-1] >= _ENOUGH
        if many and within and lowest > 0 and off > _NO_SUM and ends_in_sigmoid is not None:
            warnings.warn(MAYBE_PROBABILITIES, stacklevel=4)
    if not named and within and (one or ends_in_sigmoid or off > _NO_SUM):
        return {"independent": True}
    return {}


def _kind(classes: Array) -> tuple[float, bool, bool, float]:
    """The lowest score; whether all are in [0, 1]; whether all rows sum to 1; how far half do not.

    Rows of several labels may sum to 1 by chance.
    """
    xp = backend_of(classes)
    lowest, off = xp.to_numpy(lowest_and_off(classes)).tolist()
    highest = float(xp.to_numpy(xp.max(xp.max(classes, -1), -1)))
    apart = np.sort(xp.to_numpy(xp.abs(xp.sum(classes, -1) - 1)))
    typical = float(apart[(len(apart) - 1) // 2])
    within, sums = lowest >= 0 and highest <= 1, lowest >= 0 and off <= _SUM_TOLERANCE
    return lowest, within, sums, typical
