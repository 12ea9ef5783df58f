"""One object of each kind that the core writes to a file."""

import numpy as np

from submod_core.results import Curves, Diagnostics, Explanation
from submod_core.sea_nn import DeepSubmodularFunction
from submod_core.sop import GroupExplanation


def explanation(shift=0):
    curve = np.linspace(0, 1, 5) + shift
    regions = np.array([[0, 1], [2, 3], [-1, 3]])
    curves = Curves(np.linspace(0, 1, 5), curve, curve, own={"mine": curve})
    found = Diagnostics(3, 1, 0.5, curve, curve)
    order, importance = np.array([2, 0, 1, 3]), np.array([0.5, 0.2, 1, 0])
    return Explanation(regions, order, importance, curves, np.ones(4, bool), 3, 4, found)


def group_explanation():
    ones = np.ones((2, 3))
    return GroupExplanation(np.array([[0, 1]]), np.eye(2, dtype=bool), ones / 2, ones, ones[0])


def function(seed=0):
    return DeepSubmodularFunction.initial(4, (3,), seed=seed)
