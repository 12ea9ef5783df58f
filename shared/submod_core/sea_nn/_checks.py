"""Checks of the arguments that a deep submodular function begins with."""

from typing import Any

import numpy as np

from submod_core._checks import check_choice, check_count, check_counts

ACTIVATIONS = ("sqrt", "log")
_DTYPES = [np.dtype(np.float64), np.dtype(np.float32)]


def check_start(widths: Any, activation: Any, init: Any, seed: Any, dtype: Any) -> None:
    """Raise ValueError unless the arguments of `DeepSubmodularFunction.initial` are in range."""
    check_counts("widths", widths)
    check_choice("activation", activation, ACTIVATIONS)
    check_choice("init", init, ("random", "ones"))
    check_count("seed", seed, least=0)
    known = isinstance(dtype, str | type | np.dtype)
    if not known or dtype not in _DTYPES:
        raise ValueError(f"`dtype` (={dtype!r}) must be float64 or float32")
