"""Checks of what metrics of growing groups are given."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from submod_core._checks import check_callable, check_share, check_type
from submod_core.backends import backend_of


def check_call(model: Any, inputs: Any) -> None:
    """Raise TypeError or ValueError unless a model can be called with inputs (N, …)."""
    check_callable("model", model)
    count_of(inputs)


def count_of(inputs: Any) -> int:
    """Number of examples of an array (N, …), or of a mapping of such arrays."""
    arrays = list(inputs.values()) if isinstance(inputs, Mapping) else [inputs]
    for array in arrays:
        if not isinstance(inputs, Mapping):
            backend_of(array, "inputs")
        if len(getattr(array, "shape", ())):
            return len(array)
    raise ValueError("`inputs` must be (N, …)")


def check_tops(tops: Any) -> None:
    """Raise TypeError or ValueError unless all sizes of groups are shares of the features."""
    check_type("tops", tops, Sequence | np.ndarray, "a sequence of shares")
    if not len(tops):
        raise ValueError("`tops` must hold at least one share")
    for top in tops:
        check_share("tops", top)


def check_growing(tops: Any) -> None:
    """Raise TypeError or ValueError unless sizes of groups are two shares or more, and rise."""
    check_tops(tops)
    if len(tops) < 2 or (np.diff(np.asarray(tops, float)) <= 0).any():
        raise ValueError(f"`tops` (={tops!r}) must be two shares or more, and rise")
