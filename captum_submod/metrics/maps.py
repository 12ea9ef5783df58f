"""Metrics of the maps: against noise, against masks, alone."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from captum_submod.metrics._model import Attributions, rows_of, shape_of
from submod_core import Explanation
from submod_core import metrics as core
from submod_core._checks import check_count


def robustness(
    explanation_func: Callable[..., Tensor],
    inputs: Tensor,
    *,
    k: int,
    perturb_radius: float = 0.02,
    n_perturb_samples: int = 10,
    seed: int = 0,
    **kwargs: Any,
) -> Tensor:
    """Overlap of the k highest scores before and after noise on the input (SEA-NN, §5).

    Parameters
    ----------
    explanation_func : callable
        Such as ``LiMA(model).attribute``: from inputs, and `kwargs`, to attributions shaped like them.
    inputs : Tensor, (N, …), floating
    k : int
        How many pixels (elements, where the inputs are no images) count as the highest.
    perturb_radius : float
        The noise is uniform in [−perturb_radius, perturb_radius], in the input's own units.
    n_perturb_samples : int
        Noisy inputs per example.
    seed : int
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
    >>> robustness(lambda x: x, torch.rand(2, 1, 8, 8), k=10, perturb_radius=1e-9).tolist()
    [1.0, 1.0]
    """
    check_count("n_perturb_samples", n_perturb_samples)
    if not isinstance(inputs, Tensor) or not inputs.is_floating_point():
        raise TypeError("`inputs` must be one floating-point tensor (N, …), to which noise can be added")
    if not perturb_radius > 0:
        raise ValueError(f"`perturb_radius` (={perturb_radius!r}) must be above 0")
    rng = np.random.default_rng(seed)

    def highest(x: Tensor) -> list[Any]:
        rows = rows_of(explanation_func(x, **kwargs), x)
        return [core.top_k(core.painted(row, shape_of(x)), k) for row in rows]

    clean = highest(inputs)
    overlaps = []
    for _ in range(n_perturb_samples):
        # Drawn with the channels last, so that it is the same under every host.
        last = inputs.movedim(1, -1) if inputs.dim() == 4 else inputs
        drawn = torch.from_numpy(rng.uniform(-perturb_radius, perturb_radius, tuple(last.shape)))
        noise = drawn.movedim(-1, 1) if inputs.dim() == 4 else drawn
        noisy = highest(inputs + noise.to(inputs.dtype).to(inputs.device))
        overlaps.append([core.jaccard(a, b) for a, b in zip(clean, noisy, strict=True)])
    return torch.tensor(np.mean(overlaps, axis=0), dtype=torch.float64)


def human_agreement(attributions: Attributions, masks: Tensor, k: int | Sequence[int]) -> Tensor:
    """Jaccard score of the k highest scores with a human's mask (SEA-NN, §5); higher is better.

    Parameters
    ----------
    attributions : Tensor, (N, C, H, W), (N, H, W) or (N, …), or explanations
    masks : Tensor, (N, H, W) or (N, …)
        Boolean, or heatmaps, of which the k highest are taken too.
    k : int or sequence of int
        How many pixels, or several such numbers.

    Returns
    -------
    Tensor of float64, (N,), or (N, K) for K numbers

    Raises
    ------
    ValueError
        If a mask does not have the size of its attribution, or `k` is out of range.

    Examples
    --------
    >>> attributions, mask = torch.eye(4)[None, None], torch.eye(4, dtype=torch.bool)[None]
    >>> human_agreement(attributions, mask, [2, 4])
    tensor([[0.5000, 1.0000]], dtype=torch.float64)
    """
    pairs = _with_masks(attributions, masks)
    rows = [[core.human_agreement(scores, mask, each) for each in np.atleast_1d(k).tolist()] for scores, mask in pairs]
    values = torch.tensor(rows, dtype=torch.float64)
    return values[:, 0] if np.ndim(k) == 0 else values


def pointing_game(attributions: Attributions, masks: Tensor) -> Tensor:
    """Whether the highest score lies in a mask: 1 or 0, or the share of equally high ones that do; higher is better.

    Parameters
    ----------
    attributions : Tensor, (N, C, H, W), (N, H, W) or (N, …), or explanations
    masks : Tensor of bool, (N, H, W) or (N, …)

    Returns
    -------
    Tensor of float64, (N,)

    Raises
    ------
    ValueError
        If a mask does not have the size of its attribution or is not boolean.

    Examples
    --------
    >>> pointing_game(torch.tensor([[0.1, 0.9]]), torch.tensor([[False, True]]))
    tensor([1.], dtype=torch.float64)
    """
    return torch.tensor([core.pointing(*pair) for pair in _with_masks(attributions, masks)], dtype=torch.float64)


def sparsity(attributions: Attributions) -> Tensor:
    """Gini index of the scores' absolute values, (N,) float64 in [0, 1): how few of them have it all.

    Examples
    --------
    >>> sparsity(torch.tensor([[0.0, 0.0, 0.0, 5.0]]))
    tensor([0.7500], dtype=torch.float64)
    """
    return torch.tensor([core.sparsity(scores) for scores in _free_maps(attributions)], dtype=torch.float64)


def _free_maps(attributions: Any) -> list[Any]:
    return [row.paint() if isinstance(row, Explanation) else row for row in rows_of(attributions)]


def _with_masks(attributions: Any, masks: Any) -> list[tuple[Any, Any]]:
    maps = _free_maps(attributions)
    if not isinstance(masks, Tensor) or not masks.dim() or len(masks) != len(maps):
        raise ValueError(
            f"`masks` (a {type(masks).__name__}) must be a tensor with a mask for each of {len(maps)} maps"
        )
    return list(zip(maps, masks.cpu().numpy(), strict=True))
