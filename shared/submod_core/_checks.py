"""Checks of arguments that several public functions share."""

from typing import Any

import numpy as np


def check_count(name: str, value: Any, least: int = 1) -> None:
    """Raise ValueError unless `value` is a whole number of at least `least`."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
        raise ValueError(f"`{name}` (={value!r}) must be a whole number of at least {least}")


def check_count_or_share(name: str, value: Any, least: int = 1) -> None:
    """Raise ValueError unless `value` is a whole number ≥ `least`, or a float in (0, 1)."""
    if isinstance(value, float | np.floating) and 0 < value < 1:
        return
    try:
        check_count(name, value, least)
    except ValueError as error:
        raise ValueError(f"{error}, or a share in (0, 1)") from None


def check_share(name: str, value: Any) -> None:
    """Raise ValueError unless `value` is a number in (0, 1]."""
    if (
        isinstance(value, bool)
        or not isinstance(value, int | float | np.number)
        or not 0 < value <= 1
    ):
        raise ValueError(f"`{name}` (={value!r}) must be a share in (0, 1]")


def check_amount(name: str, value: Any) -> None:
    """Raise ValueError unless `value` is a finite number of at least 0."""
    real = isinstance(value, int | float | np.number) and not isinstance(value, bool)
    if not real or not 0 <= value < np.inf:
        raise ValueError(f"`{name}` (={value!r}) must be a finite number of at least 0")
