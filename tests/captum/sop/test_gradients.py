"""Gradients of a sum of parts with respect to its inputs are those of the function that it is."""

import pytest
import torch
from captum.attr import IntegratedGradients, Saliency
from torch import nn

from captum_submod import SumOfParts


def network():
    torch.manual_seed(0)
    body = nn.Conv2d(3, 8, 3, padding=1), nn.GELU(), nn.AdaptiveAvgPool2d(1), nn.Flatten()
    return nn.Sequential(*body, nn.Linear(8, 5)).double().eval()


X = torch.rand(2, 3, 6, 6, dtype=torch.double, generator=torch.Generator().manual_seed(1))
OPTIONS = [
    {},
    {"finetune": True},
    {"continuous": True},
    {"continuous": True, "finetune": True},
    {"positions": 1.0, "heads": 2, "baseline": 0.5},
    {"blur": 3, "beta": 0.3},
    {"baseline": "blur"},
]


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_they_are_finite_differences(options):
    sop = SumOfParts(network(), X[:1], features=2, groups=6, **options)
    found = Saliency(sop).attribute(X.clone().requires_grad_(), target=1, abs=False)
    places = [(0, 0, 0, 0), (0, 1, 3, 2), (1, 2, 5, 5), (1, 0, 2, 4), (1, 1, 0, 3)]
    for place in places:
        step = torch.zeros_like(X)
        step[place] = 1e-5
        with torch.no_grad():
            slope = (sop(X + step) - sop(X - step))[place[0], 1] / 2e-5
        assert found[place].item() == pytest.approx(slope.item(), abs=1e-7, rel=1e-4)
    assert found.abs().max() > 0


def test_inputs_between_layers_and_captums_methods():
    sop = SumOfParts(network(), X[:1], features=2, groups=6)
    scale = torch.ones(1, requires_grad=True, dtype=torch.double)
    (slope,) = torch.autograd.grad(sop(X * scale)[:, 1].sum(), scale)
    with torch.no_grad():
        wanted = (sop(X * (1 + 1e-5)) - sop(X * (1 - 1e-5)))[:, 1].sum() / 2e-5
    assert slope.item() == pytest.approx(wanted.item(), rel=1e-4)
    assert IntegratedGradients(sop).attribute(X, target=1, n_steps=4).abs().max() > 0


def test_training_still_keeps_no_activation_of_the_frozen_backbone():
    sop = SumOfParts(network(), X[:1], features=2, groups=6)
    kept = []
    sop.backbone.model[4].register_forward_hook(lambda *a: kept.append(a[2].requires_grad))
    sop.training_loss(X, torch.tensor([0, 1])).backward()
    assert kept
    assert not any(kept)


class Image(torch.Tensor):
    """Keeps its class, as MONAI's MetaTensor and fastai's TensorImage do."""


@pytest.mark.parametrize("options", [*OPTIONS[:4], OPTIONS[-1]], ids=str)
def test_subclasses_of_tensors_are_tensors(options):
    sop = SumOfParts(network(), X[:1], features=2, groups=6, **options)
    as_image = SumOfParts(network(), X[:1].as_subclass(Image), features=2, groups=6, **options)
    x = X.as_subclass(Image)
    labels = torch.tensor([0, 1]).as_subclass(Image)
    for made in (sop, as_image):
        torch.testing.assert_close(made(x).as_subclass(torch.Tensor), sop(X))
        loss = made.training_loss(x, labels)
        torch.testing.assert_close(loss.as_subclass(torch.Tensor), sop.training_loss(X, labels))
        for one, other in zip(made.explain(x), sop.explain(X), strict=True):
            assert (one.groups == other.groups).all()
