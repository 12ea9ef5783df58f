"""The few operations that formulas need which must run, with gradients, on numpy, torch and TensorFlow alike."""

import sys
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

Array = Any
"""A numpy array, a torch tensor or a TensorFlow tensor."""


class Operations(NamedTuple):
    """One framework's names for them."""

    exp: Callable[[Array], Array]
    log: Callable[[Array], Array]
    clip: Callable[[Array, float, float], Array]
    total: Callable[[Array, int], Array]


def operations(array: Array) -> Operations:
    """The operations of the framework that an array belongs to; importing none that is not in use.

    Examples
    --------
    >>> operations(np.ones(3)).total(np.ones((2, 3)), -1)
    array([3., 3.])
    """
    name = type(array).__module__.partition(".")[0]
    framework = sys.modules.get(name)
    if name == "torch" and framework is not None:
        return Operations(framework.exp, framework.log, framework.clip, framework.sum)
    if name == "tensorflow" and framework is not None:
        return Operations(framework.exp, framework.math.log, framework.clip_by_value, framework.reduce_sum)
    return Operations(np.exp, np.log, np.clip, np.sum)
