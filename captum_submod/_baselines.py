"""Baselines of removed parts, in the dtype, on the device and with the axes of their inputs."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from submod_core.regions import Layout, named_baselines


def baselines_of(
    baselines: Any, inputs: Sequence[Tensor], layouts: Sequence[Layout | None]
) -> tuple[Tensor, ...]:
    values = (0,) * len(inputs) if baselines is None else per_input("baselines", baselines, inputs)
    sides = zip(values, inputs, layouts, strict=True)
    return tuple(_baseline(value, tensor, layout) for value, tensor, layout in sides)


def _baseline(value: Any, tensor: Tensor, layout: Layout | None) -> Tensor:
    """The baseline of one input tensor, on its device, in its dtype, with as many axes."""
    if isinstance(value, int | float | np.number):
        if not np.isfinite(value):
            raise ValueError(f"`baselines` (={value!r}) must be finite")
        made = torch.full((1,) * tensor.dim(), float(value), dtype=torch.float64)
    elif isinstance(value, str) or (callable(value) and not isinstance(value, Tensor)):
        # The core's baselines are numpy functions of one example with channels last.
        known = layout or Layout.of(None, tuple(tensor.shape), None)
        examples = tensor.to("cpu", exactly(tensor.dtype)).numpy()
        made = torch.from_numpy(named_baselines(value, examples, known, "baselines"))
        made = made if tensor.is_floating_point() else made.round()
    elif isinstance(value, Tensor):
        made = aligned("baselines", value.detach(), tensor)
    else:
        raise TypeError(
            f"`baselines` (a {kind(value)}) must be a number, a tensor, a name or a function per "
            "input"
        )
    return _cast(made, tensor)


def exactly(dtype: torch.dtype) -> torch.dtype:
    """A dtype of numpy that holds a tensor's numbers: float32 where that is enough, or float64."""
    # float32 holds whole numbers up to 2²⁴.
    wide = dtype in (torch.float64, torch.int32, torch.int64)
    return torch.float64 if wide else torch.float32


def _cast(made: Tensor, tensor: Tensor) -> Tensor:
    """A baseline in the dtype of its input; ValueError where that would change its values."""
    cast = made.to(tensor.dtype)
    # Rounding to fewer digits is no change; another whole number is, and so is infinity, unless
    # the user gave it in a tensor.
    if tensor.is_floating_point():
        kept = torch.equal(cast.isfinite(), made.isfinite())
    else:
        kept = torch.equal(cast.to(made.dtype), made)
    if made.isnan().any() or not kept:
        low, high = made.min().item(), made.max().item()
        raise ValueError(
            f"`baselines` (from {low:g} to {high:g}) must be numbers that inputs of "
            f"{tensor.dtype} can have"
        )
    return cast.to(tensor.device)


def aligned(name: str, value: Tensor, tensor: Tensor) -> Tensor:
    """A tensor with as many dimensions as its input, checked to broadcast to the input."""
    shape = (1,) * (tensor.dim() - value.dim()) + tuple(value.shape)
    if len(shape) != tensor.dim() or any(
        v not in (1, t) for v, t in zip(shape, tensor.shape, strict=True)
    ):
        raise ValueError(
            f"`{name}` (of shape {tuple(value.shape)}) must broadcast to its input, of shape "
            f"{tuple(tensor.shape)}"
        )
    return value.reshape(shape)


def per_input(name: str, value: Any, inputs: Sequence[Tensor]) -> tuple[Any, ...]:
    """An argument as a tuple with one entry per input tensor."""
    values = value if isinstance(value, tuple) else (value,)
    if len(values) != len(inputs):
        raise ValueError(
            f"`{name}` (of length {len(values)}) must have one entry per tensor in `inputs` "
            f"({len(inputs)})"
        )
    return values


def kind(value: Any) -> str:
    """Type of an argument as errors name it."""
    return (
        f"tuple of {[type(v).__name__ for v in value]}"
        if isinstance(value, tuple)
        else type(value).__name__
    )
