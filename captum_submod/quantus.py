"""Function that explains for Quantus (Hedström et al., 2023), which this module does not import."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import nn

from captum_submod.lima import LiMA
from submod_core._checks import as_numbers, as_whole_numbers, check_callable, check_type
from submod_core._types import AnyArray

__all__ = ["explain_func"]


def explain_func(
    model: nn.Module,
    inputs: AnyArray,
    targets: AnyArray,
    *,
    method: Callable[[Any], Any] = LiMA,
    device: Any = None,
    **arguments: Any,
) -> AnyArray:
    """Explain a batch as Quantus asks for it; an argument `explain_func` of its metrics.

    Metrics of randomisation and robustness explain other models and other inputs each time they
    call: bound the cost by the method's `max_model_inputs`.

    Parameters
    ----------
    model : torch.nn.Module
        Run in evaluation mode and left as it was.
    inputs : ndarray, (N, C, …)
        Floats are taken in the model's own precision.
    targets : ndarray of int, (N,), or an int
        The classes to explain.
    method : callable
        Makes the method from the model: `LiMA`, `SMDL`, or
        ``functools.partial(LiMA, regions=(4, 4))``.
    device : str or torch.device, optional
        Quantus adds its own; by default the model's.
    **arguments
        Further arguments of the method's `attribute`; ``perturbations_per_eval`` is 32 by default.

    Returns
    -------
    ndarray of float
        Scores in [0, 1], (N, 1, H, W) for images, as all channels of a pixel have one; otherwise
        shaped like `inputs`.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or shape; those of the method.

    Examples
    --------
    >>> net = nn.Sequential(nn.Flatten(), nn.Linear(3 * 8 * 8, 5))
    >>> explain_func(net, np.ones((2, 3, 8, 8)), np.array([0, 4])).shape
    (2, 1, 8, 8)

    In Quantus:

    >>> from functools import partial
    >>> options = {"method": partial(LiMA, regions=(4, 4), max_model_inputs=200)}
    >>> # quantus.MaxSensitivity()(model, x_batch, y_batch, explain_func=explain_func,
    >>> #                          explain_func_kwargs=options)
    """
    check_type("model", model, nn.Module, "a torch.nn.Module")
    check_callable("method", method)
    numbers = as_numbers("inputs", inputs)
    if numbers.ndim < 2:
        raise ValueError(f"`inputs` (of shape {numbers.shape}) must be (N, …)")
    classes = as_whole_numbers("targets", targets).reshape(-1)
    if len(classes) not in (1, len(numbers)):
        raise ValueError(
            f"`targets` (of shape {np.shape(targets)}) must have one class for each of the "
            f"{len(numbers)} inputs"
        )
    tensor = _tensor(model, np.asarray(inputs), device)
    options = {"perturbations_per_eval": 32} | arguments
    target = torch.from_numpy(np.broadcast_to(classes, len(numbers)).copy())
    maps = method(model).attribute(tensor, target=target, **options)
    scores: AnyArray = maps.detach().cpu().numpy()
    return scores.mean(1, keepdims=True) if scores.ndim >= 4 else scores


def _tensor(model: nn.Module, inputs: AnyArray, device: Any) -> torch.Tensor:
    """Inputs on a device, floats in the precision of the model's first weights."""
    held = [*model.parameters(), *model.buffers()]
    floating = [tensor.dtype for tensor in held if tensor.is_floating_point()]
    if device is None:
        device = held[0].device if held else "cpu"
    tensor = torch.tensor(inputs, device=device)
    dtype = floating[0] if floating else torch.float32
    return tensor.to(dtype) if tensor.is_floating_point() else tensor
