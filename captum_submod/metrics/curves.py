"""Faithfulness curves and the numbers that they give."""

import inspect
from collections.abc import Callable
from typing import Any, Concatenate, ParamSpec

import torch
from torch import Tensor

from captum_submod._compat import BaselineType, TargetType
from captum_submod._oracle import Activation
from captum_submod.metrics._model import Attributions, ask, labels_of, rows_of, shape_of
from submod_core import Curves, walk
from submod_core import metrics as core
from submod_core._checks import check_count

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
    shape = shape_of(inputs)
    rows, labels = rows_of(attributions, inputs), labels_of(feature_mask, inputs)
    parts = [core.steps_of(row, shape, regions, steps) for row, regions in zip(rows, labels, strict=True)]
    asked = (baselines, target, additional_forward_args, activation, max_examples_per_batch)
    return ask(lambda i, sizes: walk(parts[i].order, sizes), forward_func, inputs, parts, *asked)


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
