"""Learning a deep submodular function from heatmaps (SEA-NN, Eq. 1–2)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from submod_core._checks import (
    as_numbers,
    check_amount,
    check_axes,
    check_count,
    check_counts,
    check_flag,
    check_type,
    is_whole,
)
from submod_core._types import AnyArray, FloatArray
from submod_core.sea_nn._checks import check_start
from submod_core.sea_nn._objective import Objective
from submod_core.sea_nn.function import (
    Activation,
    DeepSubmodularFunction,
    Init,
    Parameters,
)

# Biases of hidden units stay above 0, where √ has a finite slope.
_LOWEST_BIAS = 1e-8
_EPSILON = 1e-10


@dataclass(frozen=True)
class Learning:
    """The function and how it is learned; the defaults are the paper's but for the start.

    Attributes
    ----------
    widths : sequence of int
        Of the hidden layers.
    activation : {"sqrt", "log"}
    init : {"random", "ones"}
        As in `DeepSubmodularFunction.initial`. The paper's is "ones", with which the map depends on
        ranks alone.
    weight_decay, lambda_real, lambda_binary : float
        λ, λ1 of the real-valued maps and λ2 of the binary ones, as printed (CUB and Tiny ImageNet;
        FMNIST has 10 and 10, brain tumours 1 and 100, with λ of 1e-3).
    delta : float
        The margin by which binary maps must be the best of their size.
    epochs : int
    learning_rate, learning_rate_decay : float
        Of Adagrad, whose steps are projected to non-negative parameters.
    equation : {2, 1}
        Eq. 1 learns from the real-valued maps alone.
    important, unimportant : sequence of int
        Features that must have an effect, f(1) − f(1 without i) ≥ sensitivity (Sensitivity(a)), or
        none, f({v}) = f(∅) (Sensitivity(b)), which holds exactly.
    sensitivity, lambda_sensitivity : float
        ε of Sensitivity(a), and the weight of the penalty where it is not reached.
    seed : int
        Of the start.
    dtype : float64 or float32

    Raises
    ------
    ValueError
        If a value is out of range.

    Examples
    --------
    >>> Learning(widths=(64, 32), epochs=20).start(784).n
    784
    """

    widths: Sequence[int] = (512, 256, 32)
    activation: Activation = "sqrt"
    init: Init = "random"
    weight_decay: float = 1e-6
    lambda_real: float = 0.1
    lambda_binary: float = 10.0
    delta: float = 1e-5
    epochs: int = 50
    learning_rate: float = 0.01
    learning_rate_decay: float = 0.1
    equation: Literal[1, 2] = 2
    important: Sequence[int] = ()
    unimportant: Sequence[int] = ()
    sensitivity: float = 1e-3
    lambda_sensitivity: float = 10.0
    seed: int = 0
    dtype: Any = np.float64

    def __post_init__(self) -> None:
        check_count("epochs", self.epochs)
        check_start(self.widths, self.activation, self.init, self.seed, self.dtype)
        for name in ("important", "unimportant"):
            check_counts(name, getattr(self, name), least=0, empty=True)
        if not is_whole(self.equation) or self.equation not in (1, 2):
            raise ValueError(f"`equation` (={self.equation!r}) must be 1 or 2")
        names = (
            "weight_decay",
            "lambda_real",
            "lambda_binary",
            "delta",
            "learning_rate",
            "learning_rate_decay",
        )
        for name in (*names, "sensitivity", "lambda_sensitivity"):
            check_amount(name, getattr(self, name))
        if both := set(self.important) & set(self.unimportant):
            raise ValueError(f"`important` and `unimportant` share the features {sorted(both)}")

    def start(self, n: int) -> DeepSubmodularFunction:
        """The function that learning starts from."""
        return DeepSubmodularFunction.initial(
            n, self.widths, self.activation, self.init, self.seed, self.dtype
        )


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
