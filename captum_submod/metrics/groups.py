"""Numbers that judge models which predict from groups of features: `SumOfParts`, `SelfAttributing`."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from submod_core._types import FloatArray
from submod_core.metrics.groups import TOPS, grown_area, outlines
from submod_core.sop import GroupExplanation


@torch.no_grad()
def grown_insertion(model: Any, inputs: Tensor, feature_mask: Tensor | None = None) -> FloatArray:
    """What all groups together convince of as they grow from 10 % to 100 % of the features (SOP v2, App. C.4.4).

    Parameters
    ----------
    model : SumOfParts or SelfAttributing
    inputs : Tensor, (N, …)
    feature_mask : Tensor, optional

    Returns
    -------
    ndarray of float64, (N,)
        Area under the probability of the class that is predicted from all features, relative to it; higher is better.

    Examples
    --------
    >>> from captum.attr import Saliency
    >>> from captum_submod import SelfAttributing
    >>> backbone = nn.Sequential(nn.Flatten(), nn.Linear(64, 10))
    >>> images = torch.rand(2, 1, 8, 8)
    >>> grown_insertion(SelfAttributing(backbone, Saliency(backbone), images[:1], features=2), images).shape
    (2,)
    """
    full, predicted = _full(model, inputs, feature_mask)
    rows = [_probabilities(model(inputs, feature_mask, top), predicted) for top in TOPS]
    return grown_area(rows, full)


@torch.no_grad()
def grown_deletion(
    model: Any, inputs: Tensor, labels: Tensor | None = None, feature_mask: Tensor | None = None
) -> FloatArray:
    """What is left to convince as the highest 10 % to 100 % of every group are deleted (SOP v2, App. C.4.4).

    Parameters
    ----------
    model, inputs, feature_mask
        As in `grown_insertion`.
    labels : Tensor, (N,), optional
        The true classes: an example that is wrongly classified from all features scores 1 everywhere, so that a model
        does not gain by being wrong.

    Returns
    -------
    ndarray of float64, (N,)
        Lower is better.

    Examples
    --------
    >>> from captum.attr import Saliency
    >>> from captum_submod import SelfAttributing
    >>> backbone = nn.Sequential(nn.Flatten(), nn.Linear(64, 10))
    >>> images = torch.rand(2, 1, 8, 8)
    >>> grown_deletion(SelfAttributing(backbone, Saliency(backbone), images[:1], features=2), images).shape
    (2,)
    """
    full, predicted = _full(model, inputs, feature_mask)
    rows = [_probabilities(model.without(inputs, feature_mask, top), predicted) for top in TOPS]
    areas = grown_area(rows, full)
    return areas if labels is None else np.where((predicted.cpu() == labels.cpu()).numpy(), areas, 1.0)


@torch.no_grad()
def errors_by_sparsity(
    model: Any,
    inputs: Tensor,
    labels: Tensor,
    tops: Sequence[float] = TOPS,
    feature_mask: Tensor | None = None,
) -> FloatArray:
    """Share of wrong predictions with groups of several sizes (SOP v2, §4.2).

    Parameters
    ----------
    model, inputs, feature_mask
        As in `grown_insertion`.
    labels : Tensor, (N,)
        The true classes.
    tops : sequence of float
        Shares of the features in each group.

    Returns
    -------
    ndarray of float64, (len(tops),)

    Examples
    --------
    >>> from captum.attr import Saliency
    >>> from captum_submod import SelfAttributing
    >>> backbone = nn.Sequential(nn.Flatten(), nn.Linear(64, 10))
    >>> images = torch.rand(2, 1, 8, 8)
    >>> model = SelfAttributing(backbone, Saliency(backbone), images[:1], features=2)
    >>> errors_by_sparsity(model, images, model(images).argmax(1), [0.2])
    array([0.])
    """
    answers = [model(inputs, feature_mask, top).argmax(-1).cpu() for top in tops]
    return np.array([float((answer != labels.cpu()).float().mean()) for answer in answers])


def probing_accuracy(
    explanations: Sequence[GroupExplanation], labels: Any, *, epochs: int = 60, seed: int = 0
) -> float:
    """How well the label can be read off the outlines of the groups alone (SOP v2, §4.2, RQ4).

    A small network learns it from the groups used for the predicted class, on the first half of the examples; far above
    chance means that the groups, and not what they show, carry the answer.

    Parameters
    ----------
    explanations : sequence of GroupExplanation, N
    labels : array_like, (N,)
    epochs, seed : int

    Returns
    -------
    float
        Accuracy on the second half.

    Examples
    --------
    >>> one, features = np.ones((1, 1)), np.arange(16).reshape(4, 4)
    >>> groups = [np.arange(16)[None] == k for k in range(8)]
    >>> same = [GroupExplanation(features, group, one, one, np.ones(1)) for group in groups]
    >>> 0 <= probing_accuracy(same, np.arange(8) % 2, epochs=2) <= 1
    True
    """
    masks, wanted = outlines(explanations, labels)
    x, y = torch.from_numpy(masks).float()[:, None], torch.from_numpy(wanted)
    half = len(x) // 2
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        probe = _probe(x, int(wanted.max()) + 1)
        optimizer = torch.optim.Adam(probe.parameters(), lr=3e-3)
        for _ in range(epochs):
            for rows in torch.randperm(half).split(32):
                optimizer.zero_grad()
                nn.functional.cross_entropy(probe(x[rows]), y[rows]).backward()
                optimizer.step()
    with torch.no_grad():
        return float((probe.eval()(x[half:]).argmax(1) == y[half:]).float().mean())


def _probe(x: Tensor, classes: int) -> nn.Module:
    """Two convolutions over images of at most 32 × 32; a hidden layer over anything else."""
    if x.dim() != 4:
        return nn.Sequential(nn.Flatten(), nn.LazyLinear(64), nn.ReLU(), nn.Linear(64, classes))
    small = nn.AdaptiveAvgPool2d((min(32, x.shape[2]), min(32, x.shape[3])))
    convolutions = (nn.Conv2d(1, 16, 3, 2, 1), nn.ReLU(), nn.Conv2d(16, 32, 3, 2, 1), nn.ReLU())
    return nn.Sequential(small, *convolutions, nn.Flatten(), nn.LazyLinear(classes))


def _full(model: Any, inputs: Tensor, feature_mask: Tensor | None) -> tuple[FloatArray, Tensor]:
    logits = model(inputs, feature_mask, 1.0)
    predicted = logits.argmax(-1)
    return _probabilities(logits, predicted), predicted


def _probabilities(logits: Tensor, classes: Tensor) -> FloatArray:
    return logits.double().softmax(-1).gather(-1, classes[:, None])[:, 0].cpu().numpy()
