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


def within(target: Tensor, shape: tuple[int, ...]) -> Tensor:
    """Targets (N, k) as indices from 0 on, checked against the shape of an output."""
    if target.shape[1] != len(shape):
        raise ValueError(
            f"`target` (={target[0].tolist()}, {target.shape[1]} indices) must have one index for "
            f"each dimension of the outputs, of shape {shape} per example"
        )
    for index, size in zip(target.T, shape, strict=True):
        if bool(((index < -size) | (index >= size)).any()):
            raise ValueError(
                f"`target` (={index.tolist()}) is out of range for outputs of shape {shape} per "
                "example"
            )
    return target % torch.tensor(shape)


def class_of_one_output(target: Tensor | None, n_rows: int, n_classes: int) -> Tensor:
    """The class (n_rows,) of each row of a model with one output: 1 where no target is given.

    Raises
    ------
    ValueError
        If a target is not 0 or 1, or the output is no probability, and so of no class.

    Examples
    --------
    >>> class_of_one_output(torch.tensor([[0], [1]]), 2, n_classes=2)
    tensor([0, 1])
    """
    if target is None:
        return torch.full((n_rows,), n_classes - 1)
    named = target[:, 0]
    if n_classes < 2:
        raise ValueError(
            f"`target` (={named.tolist()}) must be None: the model gives one value per example, "
            "which is no probability; `activation='sigmoid'` says that it is the logit of class 1, "
            "'identity' that it is its probability"
        )
    if not bool(((named == 0) | (named == 1)).all()):
        raise ValueError(
            f"`target` (={named.tolist()}) must be 0 or 1 for a model with one output, the "
            "probability of class 1"
        )
    return named
