"""Small objects that the campaigns explain, draw and measure."""

import numpy as np

from submod_core import Curves, Explanation, GroundSet, grid
from submod_core.methods.mistakes import Mistake
from submod_core.sop import GroupExplanation

MAP = grid((4, 4), (2, 2))
SCORES = np.arange(16, dtype=np.float64).reshape(4, 4)


def cells():
    """The regions of `MAP`."""
    return GroundSet(MAP.copy(), np.full(4, 4.0), np.zeros(4, bool))


def curves():
    rising = np.linspace(0, 1, 5)
    return Curves(rising, rising**2, rising**0.5)


def explanation():
    order, importance = np.array([3, 1, 0, 2]), np.array([0.4, 0.6, 0.0, 1.0])
    return Explanation(MAP.copy(), order, importance, curves(), np.ones(4, bool), 4, 9)


def group_explanation():
    groups = np.array([[True, True, False, False], [False, False, True, True]])
    scores = np.array([[0.25, 0.5], [0.75, 0.5]])
    return GroupExplanation(MAP.copy(), groups, scores, 1 + scores, np.array([2.0, 1.0]))


def mistake():
    before, after = np.array([0.9, 0.1]), np.array([0.3, 0.7])
    return Mistake(explanation(), 1, np.array([3, 1]), np.array([2, 0]), before, after)
