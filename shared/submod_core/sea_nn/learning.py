"""Learning a deep submodular function from heatmaps (SEA-NN, Eq. 1–2)."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from submod_core._checks import (
    as_numbers,
    check_axes,
    check_flag,
    check_type,
)
from submod_core._types import AnyArray, FloatArray
from submod_core.sea_nn._objective import Objective
from submod_core.sea_nn.function import (
    DeepSubmodularFunction,
    Parameters,
)
from submod_core.sea_nn.settings import Learning

# Biases of hidden units stay above 0, where √ has a finite slope.
_LOWEST_BIAS = 1e-8
_EPSILON = 1e-10


@dataclass(frozen=True, eq=False)
class Learned:
    """A learned function, and the course of its learning.

    Attributes
    ----------
    function : DeepSubmodularFunction
    history : dict of ndarray, (epochs,)
        The terms of the loss before each step: "decay", "real", "binary", "nonzero" (Eq. 1),
        "sensitivity".
    evaluations : int
        Gains that the inner maximisations evaluated.
    """

    function: DeepSubmodularFunction
    history: dict[str, FloatArray]
    evaluations: int


def learn(
    real: Any,
    binary: Any,
    settings: Learning | None = None,
    *,
    start: DeepSubmodularFunction | None = None,
    lazy: bool = True,
) -> Learned:
    """Learn a function that saturates at the given maps (SEA-NN, Eq. 1–2).

    Adagrad, whose every step is projected to non-negative parameters.

    Parameters
    ----------
    real : array_like, (m, n)
        Maps in [0, 1].
    binary : array_like of bool, (r, n)
        The features that they select at several thresholds.
    settings : Learning, optional
    start : DeepSubmodularFunction, optional
        Go on from this one.
    lazy : bool
        False evaluates every gain of every inner maximisation: the same result, for comparison.

    Returns
    -------
    Learned

    Raises
    ------
    ValueError
        If the maps do not fit each other or the start, or are not in [0, 1].

    Examples
    --------
    >>> settings = Learning(widths=(8,), epochs=50, learning_rate=0.1)
    >>> learned = learn([[1.0, 0.5, 0.0, 0.0]], [[True, True, False, False]], settings)
    >>> gains = learned.function.gains(np.zeros(4))
    >>> bool(gains[:2].min() > gains[2:].max())
    True
    """
    if settings is not None:
        check_type("settings", settings, Learning, "a Learning")
    if start is not None:
        check_type("start", start, DeepSubmodularFunction, "a DeepSubmodularFunction")
    check_flag("lazy", lazy)
    s = settings or Learning()
    maps, sets = as_numbers("real", real), as_numbers("binary", binary) != 0
    check_axes("real", maps, 2, "(m, n)")
    sets = sets.reshape(-1, maps.shape[-1]) if sets.size == 0 else sets
    if maps.ndim != 2 or sets.ndim != 2 or maps.shape[1] != sets.shape[1]:
        raise ValueError(
            f"`real` (of shape {maps.shape}) and `binary` (of shape {sets.shape}) must be (m, n) "
            "and (r, n)"
        )
    if not ((maps >= 0) & (maps <= 1)).all():
        raise ValueError("`real` must hold maps in [0, 1]")
    begun = start or s.start(maps.shape[1])
    if begun.n != maps.shape[1]:
        raise ValueError(f"`start` has {begun.n} features; the maps have {maps.shape[1]}")
    return _descend(begun, Objective(maps, sets[sets.any(axis=1)], s, lazy))


def _descend(begun: DeepSubmodularFunction, objective: Objective) -> Learned:
    s = objective.settings
    f = DeepSubmodularFunction(
        [w.copy() for w in begun.weights], [b.copy() for b in begun.biases], begun.activation
    )
    f.weights[0][:, list(s.unimportant)] = 0
    squares = [np.zeros_like(p) for p in (*f.weights, *f.biases)]
    history: list[dict[str, float]] = []
    for epoch in range(s.epochs):
        points = objective.points(f)
        terms, coefficients = objective.terms(f, f(points))
        history.append(terms)
        gradient = f.parameter_gradient(points, coefficients)
        _step(f, gradient, squares, s, s.learning_rate / (1 + epoch * s.learning_rate_decay))
    columns = {name: np.array([terms[name] for terms in history]) for name in history[0]}
    return Learned(f, columns, objective.evaluations)


def _step(
    f: DeepSubmodularFunction,
    gradient: Parameters,
    squares: list[AnyArray],
    s: Learning,
    rate: float,
) -> None:
    """One step of Adagrad in place, projected."""
    parameters = [*f.weights, *f.biases]
    for parameter, slope, square in zip(
        parameters, [*gradient.weights, *gradient.biases], squares, strict=True
    ):
        slope = slope + s.weight_decay * parameter
        square += slope**2
        parameter -= (rate * slope / (np.sqrt(square) + _EPSILON)).astype(parameter.dtype)
        np.maximum(parameter, 0, out=parameter)
    for bias in f.biases[:-1]:
        np.maximum(bias, _LOWEST_BIAS, out=bias)
    f.weights[0][:, list(s.unimportant)] = 0
