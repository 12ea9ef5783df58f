"""Baselines of Sum-of-Parts, which replace the features of inputs, in torch."""

from typing import Any

import torch
from torch import Tensor

from submod_core.sop.baselines import Known, blurring


def given_numbers(baseline: Any) -> Any:
    """The argument, as an array where it is a tensor."""
    return baseline.detach().cpu().numpy() if isinstance(baseline, Tensor) else baseline


def replacements(
    inputs: Tensor, baseline: Known, colour: Tensor | None, channels: int | None
) -> Tensor:
    """Values that replace each element of inputs (N, …): (1 or N, …), they broadcast.

    Gradients pass to the inputs that they are computed from.

    Parameters
    ----------
    inputs : Tensor
    baseline : float, str or tuple of float
    colour : Tensor, (C,), or None
        The values of "random_colour".
    channels : int or None
        The axis of channels.
    """
    # In double precision whatever the model runs in: tensor cores would round the products. MPS
    # has no doubles.
    precise = torch.float32 if inputs.device.type == "mps" else torch.float64
    if baseline == "blur":
        with torch.autocast(inputs.device.type, enabled=False):
            rows, columns = (
                torch.from_numpy(matrix).to(inputs.device, precise)
                for matrix in blurring(tuple(inputs.shape[2:]))
            )
            made = rows @ inputs.to(precise) @ columns.mT
    elif baseline == "channel_mean":
        made = inputs.to(precise).mean((2, 3), keepdim=True)
    else:
        values = torch.tensor(baseline, dtype=precise) if colour is None else colour
        shape = [1] * inputs.dim()
        if values.dim():
            assert channels is not None
            shape[channels] = -1
        made = values.to(inputs.device, precise).reshape(shape)
    whole = isinstance(baseline, str) and not inputs.is_floating_point()
    return (made.round() if whole else made).to(inputs.dtype)
