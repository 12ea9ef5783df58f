"""Checks of the arguments that a deep submodular function begins with."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from submod_core._checks import check_choice, check_count, check_counts, check_type

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


def check_layers(**given: Any) -> None:
    """Raise TypeError unless each argument is a sequence of arrays of real numbers."""
    for name, arrays in given.items():
        check_type(name, arrays, Sequence, "a sequence of arrays, one for each layer")
        for array in arrays:
            check_type(name, array, np.ndarray, "a sequence of arrays, one for each layer")
            if array.dtype.kind not in "fiu":
                raise TypeError(f"`{name}` (of dtype {array.dtype}) must hold real numbers")
