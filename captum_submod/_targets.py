"""Targets: output indices from any of Captum's forms."""

from typing import Any

import numpy as np
import torch
from torch import Tensor


def target_indices(target: Any, n_examples: int) -> Tensor | None:
    """Output indices (N, k) from any of Captum's forms of targets; None without a target.

    Raises
    ------
    TypeError, ValueError
        If a target is not an index or a tuple of indices, or their number is not N.

    Examples
    --------
    >>> target_indices(3, 2)
    tensor([[3],
            [3]])
    """
    if target is None:
        return None
    if isinstance(target, int | np.integer | tuple):
        rows = [target] * n_examples
    else:
        # A tensor with a single entry is for all examples, a list with a single entry is not.
        rows = target.tolist() if isinstance(target, Tensor | np.ndarray) else target
        rows = rows if isinstance(rows, list) else [rows]
        rows = rows * n_examples if len(rows) == 1 and not isinstance(target, list) else rows
        if len(rows) != n_examples:
            raise ValueError(
                f"`target` (of length {len(rows)}) must have one entry for each of the "
                f"{n_examples} examples"
            )
    indices = [row if isinstance(row, tuple) else (row,) for row in rows]
    whole = all(
        isinstance(i, int | np.integer) and not isinstance(i, bool) for row in indices for i in row
    )
    if not whole or len({len(row) for row in indices}) != 1:
        raise TypeError(
            f"`target` (={target!r}) must be an int, a tuple of ints, a 1-D tensor, or a list of "
            "ints or tuples"
        )
    return torch.tensor(np.array(indices, dtype=np.int64))
