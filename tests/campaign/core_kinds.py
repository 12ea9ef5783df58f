"""Kinds and values of the campaign over the core."""

import tempfile
from pathlib import Path

import numpy as np

from submod_core import sea_nn, search, theory

from .calls import NAN, array, choice, count, counts, file, flag, instance, labels, share, text
from .objects import SCORES

FOLDER = Path(tempfile.mkdtemp())
VECTOR = np.linspace(0, 1, 4)
FEATURES = np.random.default_rng(0).random((4, 3))
HEATMAPS = np.random.default_rng(1).random((2, 4, 4))
WIDE = np.ones((2, 2))
LEARNING = sea_nn.Learning(widths=(3,), epochs=2)

KINDS = {
    "n": count(),
    "ahead": count(0),
    "k": count(),
    "steps": count(),
    "epochs": count(),
    "n_samples": count(),
    "seed": count(0),
    "max_area": share(),
    "max_evaluations": count(optional=True),
    "max_model_inputs": count(optional=True),
    "search": choice() | {"a class": search.Guided},
    "distance": choice(),
    "weights": {"a number": 3, "text": "one", "unknown": {"none": 1}, "empty": {}}
    | {"nan": {"consistency": NAN}, "text as number": {"consistency": "1"}},
    "signed": flag(),
    "lazy": flag(),
    "squared": flag(),
    "file": file(),
    "explanation": instance(),
    "image": array(SCORES, **{"another size": np.ones((5, 7))}),
    "scores": array(SCORES),
    "order": labels(np.arange(4), **{"twice the same": np.array([0, 0, 1, 2])}),
    "sizes": array(np.ones(4), **{"negative": -np.ones(4), "zeros": np.zeros(4)}),
    "target": count(-2) | {"too large": 2},
    "title": text(optional=True),
    "shown": choice(),
    "cmap": choice(),
    "box": {"text": "all", "a number": 3.0, "nan": (0, 0, NAN, 1), "too long": (0, 0, 1, 1, 1)}
    | {"turned": (3, 0, 1, 1), "an object": object()},
    "pieces": {
        "None": None,
        "a number": 3,
        "text": "abcd",
        "too few": ["a"],
        "of numbers": [1] * 4,
    },
    "classes": {"a number": 3, "too few": ["a"], "an object": object()},
    "side": count(),
    "thresholds": counts() | {"too large": (101,)},
    "patch_size": count(),
    "n_patches": count(),
    "windows": choice(),
    "divided": flag(),
    "draws": count(),
    "direction": choice(),
    "max_areas": {"None": None, "a number": 0.5} | {k: [v] for k, v in share().items()},
}


def learning(**options):
    return sea_nn.Learning(**({"widths": (3,), "epochs": 2} | options))


def saved(what, name):
    path = FOLDER / name
    what.save(path)
    return str(path)


def a_model(inputs, feature_mask=None, top=1.0):
    return np.array([[top, 0.5]] * len(inputs))


a_model.without = a_model


GRID = {"shape": counts(), "cells": counts() | {"too many": (5, 2), "another length": (2,)}}
BOOLS = np.array([True, True, False, False])
MASK = np.ones((4, 4), bool)
MASKS = labels(MASK * 1, **{"another size": np.ones((2, 2))})
POLYNOMIAL = theory.Polynomial(np.array([2.0]), np.array([[1, 1]]))
ATTRIBUTION = theory.attribute_to_groups(POLYNOMIAL, np.array([3.0, 1.0]))
DUAL = theory.solve_dual(theory.monomial_deletion(2))
CURVE = theory.Exponential(1.0, 0.5, 0.1)
FUNCTION = learning().start(4)
POINT = array(np.array([3.0, 1.0]), **{"another width": np.ones(3)})
ROWS = array(WIDE, **{"another shape": np.ones((3, 2))})
GROUP_MODEL = {"model": {"None": None, "a number": 3, "text": "one"}}
DECLARED = {"None": None, "a number": 3, "text": "insertion", "an int": int, "object": object}
INPUTS = {"inputs": {"None": None, "a number": 3, "an object": object()}}
FEATURE_MASK = {"feature_mask": {}}  # the model looks at it
LABELS = {"labels": labels(np.array([0, 1]), **{"another length": np.zeros(3, int)})}

NUMBERS = array(SCORES, axes=False)
DISTANCES = array(
    np.eye(4), **{"not square": np.ones((4, 3)), "nan somewhere": np.full((4, 4), NAN)}
)
