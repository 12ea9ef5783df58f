"""Metrics with questions of their own to the model: µFidelity and the perturbation curve."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from captum_submod._compat import BaselineType, TargetType
from captum_submod._oracle import Activation
from captum_submod.metrics._model import Attributions, ask, labels_of, rows_of, shape_of
from submod_core import metrics as core
from submod_core.metrics import Correlation


def mu_fidelity(
    forward_func: Callable[..., Any],
    inputs: Tensor,
    attributions: Attributions,
    baselines: BaselineType = None,
    target: TargetType = None,
    additional_forward_args: object = None,
    feature_mask: Tensor | None = None,
    *,
    cells: int = 9,
    subset_size: float = 0.2,
    n_samples: int = 200,
    seed: int = 0,
    correlation: Correlation = "spearman",
    activation: Activation = "softmax",
    max_examples_per_batch: int = 16,
) -> Tensor:
    """µFidelity: the correlation of a set's importance with the fall of the score without it (Bhatt et al., 2020).

    Parameters
    ----------
    forward_func, inputs, attributions, baselines, target, additional_forward_args, activation, max_examples_per_batch
        As in `faithfulness_curves`.
    feature_mask : Tensor, optional
        The regions that sets are made of. By default a grid of images, and single elements of other inputs;
        explanations bring their own.
    cells : int
        Rows and columns of that grid.
    subset_size, n_samples, seed, correlation
        As in `submod_core.metrics.MuFidelitySettings`; the sets are the same for each example.

    Returns
    -------
    Tensor of float64, (N,), on the CPU
        In [-1, 1]; higher is better. 0 where the score or the importance never moves.

    Raises
    ------
    TypeError, ValueError
        As in `faithfulness_curves`, and if a setting is out of range.

    Examples
    --------
    >>> model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(64, 10))
    >>> images = torch.rand(2, 1, 8, 8)
    >>> mu_fidelity(model, images, images, target=3, cells=4).shape
    torch.Size([2])
    """
    settings = core.MuFidelitySettings(subset_size, n_samples, seed, correlation).check()
    shape = shape_of(inputs)
    rows, labels = rows_of(attributions, inputs), labels_of(feature_mask, inputs)
    if feature_mask is None:
        labels = [core.default_regions(shape, cells, inputs.dim() == 4)] * len(inputs)
    parts = [core.steps_of(row, shape, regions) for row, regions in zip(rows, labels, strict=True)]
    sums = [
        core.region_sums(core.painted(row, shape, part.regions), part.regions)
        for row, part in zip(rows, parts, strict=True)
    ]
    questions = [core.mu_fidelity(each, settings) for each in sums]
    asked = (baselines, target, additional_forward_args, activation, max_examples_per_batch)
    return torch.tensor(ask(lambda i, sizes: questions[i], forward_func, inputs, parts, *asked), dtype=torch.float64)


def perturbation_curves(
    forward_func: Callable[..., Any],
    inputs: Tensor,
    attributions: Attributions,
    baselines: BaselineType = "noise",
    target: TargetType = None,
    additional_forward_args: object = None,
    *,
    patch_size: int = 16,
    n_patches: int = 8,
    activation: Activation = "softmax",
    max_examples_per_batch: int = 16,
) -> list[Any]:
    """The target's score as square patches of images are replaced by noise, the highest mean score first (SEA-NN, §5).

    Parameters
    ----------
    forward_func, inputs, attributions, target, additional_forward_args, activation, max_examples_per_batch
        As in `faithfulness_curves`, for images (N, C, H, W).
    baselines : as in `LiMA.attribute`
        What replaces a patch; by default "noise", between the lowest and the highest value of each channel.
    patch_size : int
        Side of a patch in pixels.
    n_patches : int
        How many patches are replaced, one after the other.

    Returns
    -------
    list of ndarray of float64, (n_patches + 1,), N
        As a share of the whole input's score, so that each starts at 1.

    Raises
    ------
    TypeError, ValueError
        As in `faithfulness_curves`, and if the inputs are no images or a setting is out of range.

    Examples
    --------
    >>> model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(64, 10))
    >>> images = torch.rand(2, 1, 8, 8)
    >>> perturbation_curves(model, images, images, target=3, patch_size=2)[0].shape
    (9,)
    """
    if not isinstance(inputs, Tensor) or inputs.dim() != 4:
        raise ValueError("`inputs` must be images (N, C, H, W), which alone have square patches")
    shape = (inputs.shape[2], inputs.shape[3])
    parts = [core.patch_steps(row, shape, patch_size, n_patches) for row in rows_of(attributions, inputs)]
    asked = (baselines, target, additional_forward_args, activation, max_examples_per_batch)
    return ask(lambda i, sizes: core.perturbation_curve(parts[i].order, n_patches), forward_func, inputs, parts, *asked)


def aupc(*args: Any, **kwargs: Any) -> Tensor:
    """Area under the perturbation curve over the number of patches (SEA-NN, §5), (N,) float64; lower is better.

    Takes the arguments of `perturbation_curves`.

    Examples
    --------
    >>> model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(64, 10))
    >>> images = torch.rand(2, 1, 8, 8)
    >>> aupc(model, images, images, target=3, patch_size=2).shape
    torch.Size([2])
    """
    curves = perturbation_curves(*args, **kwargs)
    return torch.tensor([core.perturbation_auc(curve) for curve in curves], dtype=torch.float64)
