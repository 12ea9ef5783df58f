"""Robustness of attributions under noise, for Captum."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from captum_submod.keywords import KeywordInputs, unpacked
from captum_submod.metrics._model import (
    layout_of,
    map_of,
    rows_of,
    shape_of,
)
from submod_core._checks import check_callable
from submod_core._types import AnyArray
from submod_core.metrics import Robustness
from submod_core.regions import Layout
from submod_core.results import painted


def robustness(
    explanation_func: Callable[..., Any],
    inputs: Tensor | Mapping[str, Any],
    *,
    k: int,
    radius: float = 0.02,
    n_samples: int = 10,
    seed: int = 0,
    layout: str | Layout | None = None,
    **kwargs: Any,
) -> Tensor:
    """Overlap of the k highest scores before and after noise on the input (SEA-NN, §5).

    Parameters
    ----------
    explanation_func : callable
        Such as ``LiMA(model).attribute``: from inputs, and `kwargs`, to attributions shaped like
        the inputs.
    inputs : Tensor, (N, …), floating, or mapping
        A mapping is passed on as one, with noise on the entry that `LiMA` would explain.
    k, radius, n_samples, seed
        As in `submod_core.metrics.Robustness`.
    layout : str, optional
        As in `LiMA`.
    **kwargs
        Further arguments of `explanation_func`.

    Returns
    -------
    Tensor of float64, (N,), on the CPU
        Mean intersection over union, in [0, 1]; higher is better.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range.

    Examples
    --------
    >>> robustness(lambda x: x, torch.rand(2, 1, 8, 8), k=10, radius=1e-9).tolist()
    [1.0, 1.0]
    """
    metric = Robustness(k=k, radius=radius, n_samples=n_samples, seed=seed)
    mapped, given = inputs, unpacked(inputs)
    inputs = given.inputs
    if not isinstance(inputs, Tensor) or not inputs.is_floating_point():
        raise TypeError("`inputs` must be one floating-point tensor (N, …), which noise can change")
    check_callable("explanation_func", explanation_func)
    if not inputs.isfinite().all():
        raise ValueError("`inputs` holds NaN or infinite values")
    axes = layout_of(inputs, layout)
    shape = shape_of(inputs, axes)

    def noisy(x: Tensor) -> Any:
        if not isinstance(mapped, Mapping):
            return x
        (name,) = given.explained
        return KeywordInputs({**mapped, name: x}, explain=name)

    def maps(noise: Any) -> list[Any]:
        x = inputs
        if noise is not None:
            drawn = torch.from_numpy(axes.restored(noise) if axes else noise)
            x = inputs + drawn.to(inputs.dtype).to(inputs.device)
        found = map_of(explanation_func(noisy(x), **kwargs), given)
        return [painted(row, shape) for row in rows_of(found, x, axes)]

    # Noise is drawn with channels last, the same in both hosts.
    like = _shaped(inputs)
    noise_shape = tuple((axes.channels_last(like) if axes else like).shape)
    return torch.from_numpy(metric.numbers(maps, noise_shape))


def _shaped(x: Tensor) -> AnyArray:
    """An array of the tensor's shape that takes no memory."""
    return np.broadcast_to(np.float32(0), tuple(x.shape))
