"""Accelerators: everything runs where the model and inputs are, with the processor's answers."""

import numpy as np
import pytest
import torch
from captum.attr import FeatureAblation, Saliency
from networks import SmallNet, random_images, random_mask
from test_tokens import SIDE, ViT
from torch.utils.data import TensorDataset

from captum_submod import (
    SEANN,
    SMDL,
    AggMean,
    DropTokens,
    LiMA,
    SelfAttributing,
    SumOfParts,
    SumOfPartsAttribution,
    explain_mistakes,
    metrics,
)
from captum_submod.sop import fit
from submod_core.sea_nn import Learning

CUDA = pytest.param(
    "cuda", marks=pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")
)
on_every_device = pytest.mark.parametrize("device", ["cpu", CUDA])


def setting(device, dtype=torch.float64):
    """A network and images there; the same on the processor."""
    images = random_images(0, 3, dtype)
    return (SmallNet(1, dtype).to(device), images.to(device)), (SmallNet(1, dtype), images)


def check(found, there, expected):
    """An answer that lies where the inputs do and is, but for rounding, that of the processor."""
    assert found.device == there.device
    torch.testing.assert_close(found.cpu(), expected, atol=1e-9, rtol=1e-9)


@on_every_device
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("search", ["greedy", "bidirectional", "guided", "two_sided"])
def test_lima_finds_the_same_order(device, search, layout):
    (model, x), (same, y) = setting(device)
    mask, target = random_mask(0), torch.tensor([0, 3, 1])
    x = x.to(memory_format=layout)
    found = LiMA(model, search=search).explain(
        x, 0.25, target.to(device), feature_mask=mask.to(device), perturbations_per_eval=7
    )
    expected = LiMA(same, search=search).explain(y, 0.25, target, feature_mask=mask)
    assert [e.order.tolist() for e in found] == [e.order.tolist() for e in expected]
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(a.curves.objective, b.curves.objective, atol=1e-10)


@on_every_device
@pytest.mark.parametrize("size", [5, "auto"])
@pytest.mark.parametrize("side", [12, 72])  # small inputs and large ones are composed in two ways
def test_scores_come_back_where_the_inputs_are(device, size, side):
    (model, _), (same, _) = setting(device)
    y = torch.rand(
        2, 3, side, side, generator=torch.Generator().manual_seed(0), dtype=torch.float64
    )
    x, regions = y.to(device), (3, 3)
    scores = LiMA(model, regions=regions).attribute(x, target=[1, 2], perturbations_per_eval=size)
    check(scores, x, LiMA(same, regions=regions).attribute(y, target=[1, 2]))


@on_every_device
@pytest.mark.parametrize("baseline", ["blur", "noise", "tensor"])
def test_baselines_and_further_arguments(device, baseline):
    (model, x), (same, y) = setting(device)
    shift = torch.tensor([0.0, 1.0, 2.0])
    found, expected = (
        LiMA(lambda x, shift, net=net: net(x) + shift[:, None], regions=(3, 3)).attribute(
            z, z.mean(0, keepdim=True) if baseline == "tensor" else baseline, 2, shift.to(z.device)
        )
        for net, z in ((model, x), (same, y))
    )
    check(found, x, expected)


@on_every_device
def test_integer_inputs_are_masked_there(device):
    weights = torch.tensor([3.0, 1.0, -2.0, 0.5], device=device)
    tokens = torch.tensor([[4, 7, 2, 9]], device=device)
    scores = LiMA(lambda x: (x * weights).sum(1), weights={"consistency": 1}).attribute(tokens)
    assert scores.device == tokens.device
    assert scores[0].argsort(descending=True).tolist() == [1, 0, 3, 2] or scores[0, 2] == 0


@on_every_device
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_lower_precision(device, dtype):
    (model, x), _ = setting(device, torch.float32)
    scores = LiMA(model, regions=(3, 3), autocast=dtype).attribute(
        x, target=1, perturbations_per_eval=8
    )
    assert (scores.device, scores.dtype) == (x.device, torch.float32)
    half = LiMA(model.to(dtype), regions=(3, 3)).attribute(
        x.to(dtype), target=1, perturbations_per_eval=8
    )
    assert (half.device, half.dtype) == (x.device, dtype)


@on_every_device
def test_smdl_with_a_prior_and_mistakes(device):
    (model, x), (same, y) = setting(device)
    found, expected = (
        SMDL(net, prior=Saliency(net), patches=4, regions=4).attribute(z, target=1)
        for net, z in ((model, x), (same, y))
    )
    check(found, x, expected)
    wrong = (same(y).argmax(1) + 1) % 5
    a, b = (
        explain_mistakes(LiMA(net, regions=(3, 3)), z, wrong) for net, z in ((model, x), (same, y))
    )
    assert [m.supports.tolist() for m in a] == [m.supports.tolist() for m in b]


@on_every_device
def test_ensembles_of_heatmaps(device):
    (model, x), (same, y) = setting(device, torch.float32)
    settings = Learning(widths=(8,), epochs=2)
    for make in (AggMean, lambda net, methods: SEANN(net, methods, settings=settings, side=6)):
        found, expected = (
            make(net, [Saliency(net), FeatureAblation(net)]).attribute(z, target=1)
            for net, z in ((model, x), (same, y))
        )
        assert found.device == x.device
        torch.testing.assert_close(found.cpu(), expected, atol=1e-4, rtol=1e-3)


@on_every_device
def test_metrics(device):
    (model, x), (same, y) = setting(device)
    maps = random_images(5, 3) - 0.5
    numbers = [metrics.insertion, metrics.deletion, metrics.highest_confidence, metrics.mu_fidelity]
    for metric in numbers:
        torch.testing.assert_close(
            metric(model, x, maps.to(device), target=[0, 1, 2]),
            metric(same, y, maps, target=[0, 1, 2]),
        )
    found, expected = (
        metrics.aupc(net, z, z, target=1, patch_size=3) for net, z in ((model, x), (same, y))
    )
    torch.testing.assert_close(found, expected)
    boxes = torch.zeros(3, 12, 12, dtype=torch.bool)
    boxes[:, 3:7, 2:9] = True
    assert metrics.pointing_game(maps.to(device), boxes.to(device)).shape == (3,)
    assert metrics.human_agreement(maps.to(device), boxes.to(device), k=20).shape == (3,)


@on_every_device
@pytest.mark.parametrize("continuous", [False, True])
@pytest.mark.parametrize("moved", [False, True])
def test_sums_of_parts(device, continuous, moved, tmp_path):
    (model, x), (same, y) = setting(device)
    options = {"features": 3, "groups": 5, "positions": 1.0, "continuous": continuous}
    options |= {} if continuous else {"blur": 3}
    there = (
        SumOfParts(same, y[:1], **options).to(device)
        if moved
        else SumOfParts(model, x[:1], **options)
    )
    here = SumOfParts(same, y[:1], **options)
    assert {value.device.type for value in there.state_dict().values()} == {device}
    torch.testing.assert_close(there(x).cpu(), here(y))
    a, b = there.explain(x), here.explain(y)
    for one, other in zip(a, b, strict=True):
        np.testing.assert_allclose(one.groups, other.groups, atol=1e-9)
        np.testing.assert_allclose(one.contributions, other.contributions, atol=1e-9)
    painted = SumOfPartsAttribution(there).attribute(x, target=1)
    assert painted.device == x.device
    assert there(x[:0]).shape == (0, 5)
    assert there.explain(x[:0]) == []
    there.save(tmp_path / "sop.safetensors")
    torch.testing.assert_close(
        SumOfParts.load(tmp_path / "sop.safetensors", model, x[:1])(x), there(x)
    )
    mask = (random_mask(0)[0, 0] + 3) // 7
    options.pop("blur", None)
    options["positions"] = (
        0.0  # a GPU adds up the places of uneven features in any order, in single precision
    )
    check(
        SumOfParts(model, x[:1], **options)(x, mask[None].to(device)).detach(),
        x,
        SumOfParts(same, y[:1], **options)(y, mask[None]).detach(),
    )


@on_every_device
@pytest.mark.parametrize("finetune", [False, True])
def test_training_there(device, finetune, tmp_path):
    (model, x), _ = setting(device, torch.float32)
    sop = SumOfParts(model, x[:1], features=3, groups=5, finetune=finetune)
    before = {name: p.detach().clone() for name, p in sop.named_parameters() if p.requires_grad}
    dataset = TensorDataset(random_images(2, 8, torch.float32), torch.arange(8) % 5)
    file = tmp_path / "run.npz"
    options = {
        "batch_size": 4,
        "lr": 1e-2,
        "checkpoint": file,
        "checkpoint_every": 2,
        "show_progress": False,
    }
    losses = fit(sop, dataset, epochs=2, mixed_precision=True, **options)
    assert len(losses) == 4
    assert np.isfinite(losses).all()
    moved = {
        name
        for name, p in sop.named_parameters()
        if p.requires_grad and not torch.equal(p, before[name])
    }
    assert {"query", "key"} <= moved
    again = SumOfParts(model, x[:1], features=3, groups=5, finetune=finetune)
    fit(again, dataset, epochs=2, mixed_precision=True, **options)
    assert torch.equal(again(x), sop(x))


@on_every_device
def test_models_made_of_attributions(device):
    (model, x), (same, y) = setting(device)
    labels = torch.tensor([0, 1, 2])
    regions = (random_mask(0)[0, 0] + 3) // 7
    for features in (3, None, regions.tolist()):
        there = SelfAttributing(model, Saliency(model), x[:1], features=features)
        here = SelfAttributing(same, Saliency(same), y[:1], features=features)
        torch.testing.assert_close(there(x).cpu(), here(y))
        torch.testing.assert_close(there.without(x).cpu(), here.without(y))
        assert [e.groups.tolist() for e in there.explain(x)] == [
            e.groups.tolist() for e in here.explain(y)
        ]
    for metric in (metrics.grown_insertion, metrics.grown_deletion):
        np.testing.assert_allclose(metric(there, x), metric(here, y))
    np.testing.assert_allclose(
        metrics.grown_deletion(there, x, labels), metrics.grown_deletion(here, y, labels)
    )
    np.testing.assert_allclose(
        metrics.errors_by_sparsity(there, x, labels), metrics.errors_by_sparsity(here, y, labels)
    )


@on_every_device
def test_transformers_without_tokens(device):
    there, here = ViT(), ViT()
    there.to(device)
    y = random_images(0, 2)
    x = y.to(device)
    found, expected = (
        LiMA(DropTokens(net, net.blocks[0], patch_size=SIDE), regions=(4, 4)).attribute(z, target=1)
        for net, z in ((there, x), (here, y))
    )
    check(found, x, expected)
