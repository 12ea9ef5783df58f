"""Training Sum-of-Parts: what changes, what stays, and what survives being killed."""

import numpy as np
import pytest
import torch
from networks import Remembering, noisy_problem, random_images, small_sop
from torch.utils.data import TensorDataset

from captum_submod import SumOfParts
from captum_submod.sop import fit


@pytest.mark.parametrize("finetune", [False, True])
def test_training_leaves_the_backbone_alone(finetune):
    backbone, data = noisy_problem()
    before = {name: value.clone() for name, value in backbone.state_dict().items()}
    sop = SumOfParts(backbone, data[0][0][None], features=3, groups=5, finetune=finetune)
    frozen = {name: value.clone() for name, value in sop.backbone.state_dict().items()}
    started = {
        name: value.detach().clone()
        for name, value in sop.named_parameters()
        if value.requires_grad
    }
    sop.train()
    losses = fit(sop, data, epochs=2, batch_size=8, lr=1e-2, show_progress=False)
    assert len(losses) == 6
    for name, value in frozen.items():
        assert torch.equal(sop.backbone.state_dict()[name], value), name
    for name, value in before.items():
        assert torch.equal(backbone.state_dict()[name], value), name
    assert backbone.training
    assert all(parameter.requires_grad for parameter in backbone.parameters())
    assert not sop.backbone.model.training
    changed = {
        name
        for name, value in started.items()
        if not torch.equal(value, dict(sop.named_parameters())[name])
    }
    assert {"query", "key", "class_weights", "class_query", "group_key"} <= changed
    assert any(name.startswith("encoder.own.conv") for name in changed) == finetune
    assert not any("norm" in name and "running" in name for name in changed)


@pytest.mark.parametrize("options", [{}, {"finetune": True}, {"continuous": True}], ids=str)
def test_what_a_network_remembers_of_an_explanation_does_not_keep_it_from_training(options):
    images = random_images(0, n=3)
    sop = SumOfParts(Remembering(0), images[:1], features=3, groups=5, **options)
    for module in sop.modules():
        if isinstance(module, Remembering):
            module.scale = None
    sop.explain(images)
    sop.training_loss(images.requires_grad_(), torch.tensor([0, 1, 2])).backward()
    assert all(parameter.grad is not None for parameter in (sop.query, sop.key, sop.class_weights))


def test_killed_in_the_middle_and_resumed_it_ends_where_an_uninterrupted_run_does(tmp_path):
    backbone, data = noisy_problem()
    options = {"epochs": 2, "batch_size": 5, "lr": 1e-2, "seed": 3, "show_progress": False}

    def made():
        torch.manual_seed(1)
        return SumOfParts(backbone, data[0][0][None], features=3, groups=5, finetune=True)

    whole, killed, resumed = made(), made(), made()
    losses = fit(whole, data, **options)

    class Dying(TensorDataset):
        left = 33

        def __getitem__(self, index):
            self.left -= 1
            if self.left < 0:
                raise KeyboardInterrupt
            return super().__getitem__(index)

    with pytest.raises(KeyboardInterrupt):
        fit(
            killed,
            Dying(*data.tensors),
            **options,
            checkpoint=tmp_path / "run.npz",
            checkpoint_every=2,
        )
    assert (
        fit(resumed, data, **options, checkpoint=tmp_path / "run.npz", checkpoint_every=2) == losses
    )
    for name, value in whole.state_dict().items():
        assert torch.equal(value, resumed.state_dict()[name]), name
    assert not torch.equal(whole.query, killed.query)


def test_training_lowers_the_loss_and_regression_trains_too():
    backbone, data = noisy_problem()
    images = data.tensors[0]
    values = images.mean((2, 3))[:, :1].repeat(1, 4)
    for targets in (data.tensors[1], values):
        sop = SumOfParts(backbone, images[:1], features=3, groups=5)
        losses = fit(
            sop,
            TensorDataset(images, targets),
            epochs=25,
            lr=2e-2,
            batch_size=24,
            show_progress=False,
        )
        assert losses[-1] < 0.97 * losses[0]


def test_the_continuous_generator_learns_through_its_masks():
    sop, images = small_sop(continuous=True)
    sop.training_loss(images, torch.tensor([0, 1, 2])).backward()
    assert sop.query.grad.abs().max() > 0
    assert all(parameter.grad is None for parameter in sop.backbone.parameters())


def test_mixed_precision_trains():
    backbone, data = noisy_problem(8)
    sop = SumOfParts(backbone, data[0][0][None], features=3, groups=3)
    assert np.isfinite(fit(sop, data, lr=1e-3, mixed_precision=True, show_progress=False)).all()
