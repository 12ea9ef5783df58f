"""How good is an attribution, Captum's own included: functions that return one value per example.

`METRICS` says of each which direction is better and what it steps by. An attribution is a tensor shaped like the inputs
(the channels of images (N, C, H, W) are summed, or may be one), scores per region (N, n) beside a `feature_mask`, or
the `Explanation` of each example.
"""

import inspect
from collections.abc import Callable, Sequence
from typing import Any, Concatenate, ParamSpec, TypeVar

import numpy as np
import torch
from torch import Tensor

from captum_submod._compat import BaselineType, TargetType
from captum_submod._inputs import host_mask, prepare, target_indices
from captum_submod._oracle import Activation, TorchOracle, evaluating
from submod_core import Curves, Dialogue, Explanation, Readout, compact, drive, walk
from submod_core import metrics as core
from submod_core._checks import check_count
from submod_core.metrics import METRICS, Correlation, Steps

__all__ = [
    "METRICS",
    "aupc",
    "deletion",
    "faithfulness_curves",
    "highest_confidence",
    "human_agreement",
    "insertion",
    "mu_fidelity",
    "perturbation_curves",
    "pointing_game",
    "robustness",
    "sparsity",
    "strong_interactions",
]

Attributions = Tensor | Explanation | Sequence[Explanation]
T = TypeVar("T")
P = ParamSpec("P")


def faithfulness_curves(
    forward_func: Callable[..., Any],
    inputs: Tensor,
    attributions: Attributions,
    baselines: BaselineType = None,
    target: TargetType = None,
    additional_forward_args: object = None,
    feature_mask: Tensor | None = None,
    *,
    steps: int = 50,
    activation: Activation = "softmax",
    max_examples_per_batch: int = 16,
) -> list[Curves]:
    """Insertion and deletion curves of an attribution (LiMA, Eq. 13–14).

    Parameters
    ----------
    forward_func, inputs, baselines, target, additional_forward_args
        As in `LiMA.attribute`, for a single tensor of inputs (N, …).
    attributions : Tensor, Explanation or sequence of Explanation
        Any of the forms above.
    feature_mask : Tensor, optional
        With it the steps are region by region, ordered by the mean score of each region; without it they are pixel by
        pixel (element by element in inputs that are no images), in `steps` groups of nearly equal size. Explanations
        step by their own regions.
    steps : int
        Number of pixel-wise steps. Equal scores are taken in reading order.
    activation : {"softmax", "sigmoid", "identity"} or callable
        As in `LiMA`.
    max_examples_per_batch : int
        Most masked inputs per call of `forward_func`. The result does not depend on it.

    Returns
    -------
    list of Curves, N
        Both end points are included: nothing and everything revealed.

    Raises
    ------
    TypeError, ValueError
        As in `LiMA.attribute`; also if `attributions` does not fit the inputs or is not finite.

    Examples
    --------
    >>> model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(64, 10))
    >>> images = torch.rand(2, 1, 8, 8)
    >>> [curves.insertion.shape for curves in faithfulness_curves(model, images, images, target=3, steps=16)]
    [(17,), (17,)]
    """
    check_count("steps", steps)
    shape = _shape(inputs)
    rows, labels = _rows(attributions, inputs), _labels(feature_mask, inputs)
    parts = [core.steps_of(row, shape, regions, steps) for row, regions in zip(rows, labels, strict=True)]
    asked = (baselines, target, additional_forward_args, activation, max_examples_per_batch)
    return _ask(lambda i, sizes: walk(parts[i].order, sizes), forward_func, inputs, parts, *asked)


def _of_curves(number: Callable[Concatenate[Curves, P], float]) -> Callable[..., Tensor]:
    """Turn a number of a curve into a metric that takes the arguments of `faithfulness_curves`, and its own."""
    own = list(inspect.signature(number).parameters.values())[1:]

    def metric(*args: Any, **kwargs: Any) -> Tensor:
        settings = {parameter.name: kwargs.pop(parameter.name, parameter.default) for parameter in own}
        values = [number(curves, **settings) for curves in faithfulness_curves(*args, **kwargs)]  # type: ignore[call-arg]
        return torch.tensor(values, dtype=torch.float64)

    shared = inspect.signature(faithfulness_curves)
    metric.__name__, metric.__qualname__, metric.__doc__ = number.__name__, number.__qualname__, number.__doc__
    metric.__signature__ = shared.replace(  # type: ignore[attr-defined]
        parameters=[*shared.parameters.values(), *own], return_annotation=Tensor
    )
    return metric


@_of_curves
def insertion(curves: Curves) -> float:
    """Area under the insertion curve, (N,) float64 on the CPU; higher is better.

    Takes the arguments of `faithfulness_curves`.

    Examples
    --------
    >>> model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(64, 10))
    >>> images = torch.rand(2, 1, 8, 8)
    >>> insertion(model, images, images, target=3).shape
    torch.Size([2])
    """
    return curves.insertion_auc


@_of_curves
def deletion(curves: Curves) -> float:
    """Area under the deletion curve, (N,) float64 on the CPU; lower is better.

    Takes the arguments of `faithfulness_curves`.

    Examples
    --------
    >>> model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(64, 10))
    >>> images = torch.rand(2, 1, 8, 8)
    >>> deletion(model, images, images, target=3, steps=16).shape
    torch.Size([2])
    """
    return curves.deletion_auc


@_of_curves
def highest_confidence(curves: Curves, *, max_area: float = 1.0) -> float:
    """The target's highest score with at most `max_area` of the input revealed (LiMA, Eq. 15), (N,) float64.

    Takes the arguments of `faithfulness_curves`, and `max_area`, a share of the input in (0, 1]. Higher is better. NaN
    for an example that no step leaves so small. The mean over examples is the papers' average highest confidence.

    Examples
    --------
    >>> model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(64, 10))
    >>> images = torch.rand(2, 1, 8, 8)
    >>> highest_confidence(model, images, images, target=3, max_area=0.25).shape
    torch.Size([2])
    """
    return core.highest_confidences(curves, [max_area])[0]


@_of_curves
def strong_interactions(curves: Curves, *, threshold: float = 0.5) -> float:
    """How many single steps move the target's score by more than `threshold` (LiMA, §5), (N,) float64.

    Takes the arguments of `faithfulness_curves`, and `threshold`. It describes; neither direction is better.

    Examples
    --------
    >>> model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(64, 10))
    >>> images = torch.rand(2, 1, 8, 8)
    >>> strong_interactions(model, images, images, target=3).tolist()
    [0.0, 0.0]
    """
    return core.strong_interactions(curves, threshold)


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
    shape = _shape(inputs)
    rows, labels = _rows(attributions, inputs), _labels(feature_mask, inputs)
    if feature_mask is None:
        labels = [core.default_regions(shape, cells, inputs.dim() == 4)] * len(inputs)
    parts = [core.steps_of(row, shape, regions) for row, regions in zip(rows, labels, strict=True)]
    sums = [
        core.region_sums(core.painted(row, shape, part.regions), part.regions)
        for row, part in zip(rows, parts, strict=True)
    ]
    questions = [core.mu_fidelity(each, settings) for each in sums]
    asked = (baselines, target, additional_forward_args, activation, max_examples_per_batch)
    return torch.tensor(_ask(lambda i, sizes: questions[i], forward_func, inputs, parts, *asked), dtype=torch.float64)


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
    parts = [core.patch_steps(row, shape, patch_size, n_patches) for row in _rows(attributions, inputs)]
    asked = (baselines, target, additional_forward_args, activation, max_examples_per_batch)
    return _ask(
        lambda i, sizes: core.perturbation_curve(parts[i].order, n_patches), forward_func, inputs, parts, *asked
    )


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
        rows = _rows(explanation_func(x, **kwargs), x)
        return [core.top_k(core.painted(row, _shape(x)), k) for row in rows]

    clean = highest(inputs)
    overlaps = []
    for _ in range(n_perturb_samples):
        noise = torch.from_numpy(rng.uniform(-perturb_radius, perturb_radius, tuple(inputs.shape)))
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


def _ask(
    question: Callable[[int, Any], Dialogue[T]],
    forward_func: Callable[..., Any],
    inputs: Tensor,
    parts: Sequence[Steps],
    baselines: Any,
    target: Any,
    additional: Any,
    activation: Activation,
    max_examples_per_batch: int,
) -> list[T]:
    """Ask the model one question for each example, about the regions of its steps and their sizes."""
    check_count("max_examples_per_batch", max_examples_per_batch)
    mask = torch.from_numpy(np.stack([np.broadcast_to(part.regions, _shape(inputs)) for part in parts]))
    batch = prepare(inputs, baselines, mask[:, None] if inputs.dim() == 4 else mask, additional, regions=1)
    readout, indices = Readout(activation), target_indices(target, len(batch))
    oracle = TorchOracle(forward_func, batch, indices, readout, wants_confidence=False)
    with evaluating(forward_func):
        outcomes = drive(
            [question(i, ground_set.sizes) for i, ground_set in enumerate(batch.sets)],
            oracle,
            inert=[ground_set.inert for ground_set in batch.sets],
            batch_size=int(max_examples_per_batch),
            model_name="forward_func",
        )
    return [outcome.result for outcome in outcomes]


def _shape(inputs: Any) -> tuple[int, ...]:
    """(H, W) of images, or the shape of one example."""
    if not isinstance(inputs, Tensor) or not inputs.dim():
        raise TypeError(f"`inputs` (a {type(inputs).__name__}) must be one tensor (N, …)")
    return tuple(inputs.shape[2:] if inputs.dim() == 4 else inputs.shape[1:])


def _rows(attributions: Any, inputs: Tensor | None = None) -> Sequence[Any]:
    """Each example's explanation, or its scores without channels."""
    if core.are_explanations(attributions):
        n = len(inputs) if inputs is not None else len(np.atleast_1d(np.asarray(attributions, dtype=object)))
        return core.each_attribution(attributions, n)
    if not isinstance(attributions, Tensor) or not attributions.dim():
        raise ValueError(f"`attributions` (a {type(attributions).__name__}) must be a tensor (N, …) or explanations")
    channels = attributions.shape[1] if attributions.dim() == 4 else 1
    if inputs is not None and channels not in (1, inputs.shape[1] if inputs.dim() == 4 else 1):
        raise ValueError(f"`attributions` (of shape {tuple(attributions.shape)}) must be shaped like the inputs")
    scores = attributions.detach().cpu().double()
    rows = (scores.sum(1) if scores.dim() == 4 else scores).numpy()
    return core.each_attribution(rows, len(rows) if inputs is None else len(inputs))


def _free_maps(attributions: Any) -> list[Any]:
    return [row.paint() if isinstance(row, Explanation) else row for row in _rows(attributions)]


def _with_masks(attributions: Any, masks: Any) -> list[tuple[Any, Any]]:
    maps = _free_maps(attributions)
    if not isinstance(masks, Tensor) or not masks.dim() or len(masks) != len(maps):
        raise ValueError(
            f"`masks` (a {type(masks).__name__}) must be a tensor with a mask for each of {len(maps)} maps"
        )
    return list(zip(maps, masks.cpu().numpy(), strict=True))


def _labels(feature_mask: Any, inputs: Tensor) -> list[Any]:
    """The label map of each example over its pixels or elements; None where there is no mask."""
    n = len(inputs)
    if feature_mask is None:
        return [None] * n
    array = host_mask(feature_mask, inputs)
    if inputs.dim() == 4 and array.shape[1] > 1:
        raise ValueError("`feature_mask` must be the same in all channels: pixels are judged whole")
    maps = array[:, 0] if inputs.dim() == 4 else array
    each = [np.broadcast_to(compact(one), _shape(inputs)) for one in maps]
    return each if len(each) == n else each * n
