"""Settings of learning a deep submodular function from heatmaps (SEA-NN, Eq. 1–2)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from submod_core._checks import (
    check_amount,
    check_count,
    check_counts,
    is_whole,
)
from submod_core.sea_nn._checks import check_start
from submod_core.sea_nn.function import (
    Activation,
    DeepSubmodularFunction,
    Init,
)


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
