"""Faithfulness of any attribution, Captum's own included: insertion and deletion, one value per example."""

import inspect
from collections.abc import Callable
from typing import Any, ParamSpec

import numpy as np
import torch
from torch import Tensor

from captum_submod._compat import BaselineType, TargetType
from captum_submod._inputs import prepare, target_indices
from captum_submod._oracle import Activation, TorchOracle, evaluating
from submod_core import Curves, GroundSet, Readout, drive, rank_groups, walk
from submod_core._checks import check_count


def faithfulness_curves(
    forward_func: Callable[..., Any],
    inputs: Tensor,
    attributions: Tensor,
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
    attributions : Tensor, (N, …)
        Scores shaped like the inputs. In images (N, C, H, W) a pixel's score is the sum over its channels; the tensor
        may then have one channel.
    feature_mask : Tensor, optional
        With it the steps are region by region, ordered by the mean score of each region; without it they are pixel by
        pixel (element by element in inputs that are no images), in `steps` groups of nearly equal size.
    steps : int
        Number of pixel-wise steps. Equal scores are taken in reading order.
    activation : {"softmax", "sigmoid", "identity"} or callable
        As in `LiMA`.
    max_examples_per_batch : int
        Most masked inputs per call of `forward_func`.

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
    check_count("max_examples_per_batch", max_examples_per_batch)
    if not isinstance(inputs, Tensor) or not inputs.dim():
        raise TypeError(f"`inputs` (a {type(inputs).__name__}) must be one tensor (N, …)")
    saliency = _saliency(attributions, inputs)
    if feature_mask is None:
        steps_of = torch.from_numpy(np.stack([rank_groups(scores, steps) for scores in saliency]))
        feature_mask = steps_of[:, None] if inputs.dim() == 4 else steps_of
        saliency = -feature_mask.numpy().reshape(saliency.shape).astype(np.float64)
    batch = prepare(inputs, baselines, feature_mask, additional_forward_args, regions=1)
    readout = Readout(activation)
    oracle = TorchOracle(forward_func, batch, target_indices(target, len(batch)), readout, wants_confidence=False)
    walks = [
        walk(_order(ground_set, scores), ground_set.sizes)
        for ground_set, scores in zip(batch.sets, saliency, strict=True)
    ]
    with evaluating(forward_func):
        outcomes = drive(
            walks,
            oracle,
            inert=[ground_set.inert for ground_set in batch.sets],
            batch_size=int(max_examples_per_batch),
            model_name="forward_func",
        )
    return [outcome.result for outcome in outcomes]


P = ParamSpec("P")


def _per_example(curves_of: Callable[P, list[Curves]]) -> Callable[[Callable[[Curves], float]], Callable[P, Tensor]]:
    """Turn a number of a curve into a metric that takes the arguments of `curves_of`."""

    def decorate(number: Callable[[Curves], float]) -> Callable[P, Tensor]:
        def metric(*args: P.args, **kwargs: P.kwargs) -> Tensor:
            return torch.tensor([number(curves) for curves in curves_of(*args, **kwargs)], dtype=torch.float64)

        metric.__name__, metric.__qualname__, metric.__doc__ = number.__name__, number.__qualname__, number.__doc__
        metric.__signature__ = inspect.signature(curves_of).replace(return_annotation=Tensor)  # type: ignore[attr-defined]
        return metric

    return decorate


@_per_example(faithfulness_curves)
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


@_per_example(faithfulness_curves)
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


def _saliency(attributions: Any, inputs: Tensor) -> np.ndarray:
    """One score per pixel or element, (N, …)."""
    shapes = [inputs.shape] + ([inputs[:, :1].shape] if inputs.dim() == 4 else [])
    if not isinstance(attributions, Tensor) or attributions.shape not in shapes:
        shape = tuple(attributions.shape) if isinstance(attributions, Tensor) else type(attributions).__name__
        raise ValueError(f"`attributions` ({shape}) must be a tensor shaped like the inputs, {tuple(inputs.shape)}")
    scores = attributions.detach().cpu().to(torch.float64)
    if not scores.isfinite().all():
        raise ValueError("`attributions` holds NaN or infinite values")
    summed: np.ndarray = (scores.sum(1) if inputs.dim() == 4 else scores).numpy()
    return summed


def _order(ground_set: GroundSet, scores: np.ndarray) -> np.ndarray:
    labels = np.broadcast_to(ground_set.regions, np.shape(scores)).ravel()
    means = np.bincount(labels, weights=scores.ravel()) / np.bincount(labels)
    order: np.ndarray = np.argsort(-means, kind="stable")
    return order
