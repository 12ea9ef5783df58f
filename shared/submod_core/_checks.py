"""Checks of arguments that several public functions share."""

from typing import Any

import numpy as np


def check_count(name: str, value: Any) -> None:
    """Raise ValueError unless `value` is a whole number of at least 1."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1:
        raise ValueError(f"`{name}` (={value!r}) must be a whole number of at least 1")
