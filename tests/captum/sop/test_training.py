"""Training under Captum is torch's: data of any kind, losses, scalers, compiled models."""

import numpy as np
import pytest
import torch
from networks import SmallNet, random_images, small_sop
from torch import nn
from torch.utils.data import DataLoader, IterableDataset, TensorDataset

from captum_submod import SumOfParts
from captum_submod.sop import fit

X = random_images(0, n=8, dtype=torch.float32)
Y = torch.arange(8) % 5
GENERATOR = torch.Generator().manual_seed(0)
SOFT = torch.rand(8, 5, generator=GENERATOR).softmax(-1)
SEVERAL = (torch.rand(8, 5, generator=GENERATOR) < 0.5).float()
RUN = {"batch_size": 4, "lr": 1e-2, "show_progress": False}


def made(**options):
    sop, _ = small_sop(dtype=torch.float32, **options)
    with torch.no_grad():
        sop.query += 0.1 * torch.rand(sop.query.shape, generator=torch.Generator().manual_seed(1))
    return sop


def same(one, other, atol=1e-6):
    for (name, a), b in zip(one.named_parameters(), other.parameters(), strict=True):
        torch.testing.assert_close(a, b, atol=atol, rtol=0, msg=name)


class Listed:
    """A dataset of examples of any kind."""

    def __init__(self, example):
        self.example = example

    def __len__(self):
        return len(X)

    def __getitem__(self, i):
        return self.example(i)


DATA = {
    "lists": (lambda i: [X[i], Y[i]], None),
    "arrays and numbers": (lambda i: (X[i].numpy(), int(Y[i])), None),
    "dicts": (lambda i: {"pixel_values": X[i], "labels": Y[i]}, ("pixel_values", "labels")),
    "more": (lambda i: {"id": str(i), "x": X[i], "y": Y[i]}, ["x", "y"]),
    "places": (lambda i: (str(i), Y[i], X[i]), (2, 1)),
}


@pytest.mark.parametrize(("example", "columns"), DATA.values(), ids=list(DATA))
def test_examples_of_any_kind_train_alike(example, columns):
    plain, other = made(), made()
    losses = fit(plain, TensorDataset(X, Y), **RUN)
    assert fit(other, Listed(example), columns=columns, **RUN) == losses
    same(plain, other, atol=0)


def test_a_run_is_adamw_on_the_training_loss():
    ours, plain = made(), made()
    fit(ours, TensorDataset(X, Y), **RUN, weight_decay=0.3, epochs=2, seed=5)
    parameters = [p for p in plain.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(parameters, lr=1e-2, weight_decay=0.3)
    for epoch in range(2):
        order = np.random.default_rng([5, epoch]).permutation(8)
        for rows in (order[:4], order[4:]):
            optimizer.zero_grad()
            plain.training_loss(X[rows], Y[rows]).backward()
            optimizer.step()
    same(ours, plain)


class Streamed(IterableDataset):
    def __iter__(self):
        yield from zip(X, Y, strict=True)


REFUSED = {
    "DataLoader": (DataLoader(TensorDataset(X, Y), 2), {}, ValueError, r"`dataset` .* `.dataset`"),
    "stream": (Streamed(), {}, ValueError, "`dataset` .* must have a length"),
    "a generator": (iter([(X[0], Y[0])]), {}, ValueError, "`dataset`"),
    "dicts": (Listed(DATA["dicts"][0]), {}, ValueError, "`columns` .* 'labels'"),
    "no such key": (Listed(DATA["dicts"][0]), {"columns": ("x", "y")}, ValueError, "`columns`"),
    "one column": (Listed(DATA["dicts"][0]), {"columns": ("x",)}, ValueError, "`columns`"),
    "a name": (Listed(DATA["dicts"][0]), {"columns": "xy"}, ValueError, "`columns`"),
    "images alone": (TensorDataset(X), {}, ValueError, "`dataset`"),
    "text": (Listed(lambda i: (X[i], "cat")), {}, ValueError, "`dataset`"),
    "shapes": (Listed(lambda i: (X[i, :, : 5 + i], Y[i])), {}, ValueError, "`dataset`"),
    "label 5": (TensorDataset(X, Y * 0 + 5), {}, ValueError, "`targets` .* classes from 0 to 4"),
    "label -1": (TensorDataset(X, Y * 0 - 1), {}, ValueError, "`targets`"),
    "floats": (TensorDataset(X, Y.float()), {}, ValueError, "`targets`"),
    "one-hot": (TensorDataset(X, torch.eye(5)[Y]), {}, ValueError, "`targets` .* `loss`"),
    "soft": (TensorDataset(X, SOFT), {}, ValueError, "`targets` .* `loss`"),
    "several": (TensorDataset(X, SEVERAL), {}, ValueError, "`targets` .* `loss`"),
    "complex": (TensorDataset(X, Y * 1j), {}, ValueError, "`targets`"),
    "loss": (TensorDataset(X, Y), {"loss": "hinge"}, ValueError, "`loss`"),
    "rate": (TensorDataset(X, Y), {"lr": -1}, ValueError, "`lr`"),
    "batch": (TensorDataset(X, Y), {"batch_size": 0}, ValueError, "`batch_size`"),
    "precision": (TensorDataset(X, Y), {"mixed_precision": "no"}, ValueError, "`mixed_precision`"),
    "scheduler": (
        TensorDataset(X, Y),
        {"scheduler": 1},
        TypeError,
        "`scheduler` .*`training_loss`",
    ),
    "scaler": (TensorDataset(X, Y), {"scaler": 1}, TypeError, "`scaler` .*`training_loss`"),
}


@pytest.mark.parametrize(("data", "options", "kind", "said"), REFUSED.values(), ids=list(REFUSED))
def test_what_does_not_train_is_refused_and_changes_nothing(data, options, kind, said):
    sop = made()
    with pytest.raises(kind, match=said):
        fit(sop, data, **RUN | options)
    same(sop, made(), atol=0)


@pytest.mark.parametrize(
    ("targets", "name", "torchs"),
    [
        (Y, None, nn.functional.cross_entropy),
        (SOFT, "cross_entropy", nn.functional.cross_entropy),
        (torch.eye(5)[Y], "cross_entropy", nn.functional.cross_entropy),
        (SEVERAL, "binary_cross_entropy", nn.functional.binary_cross_entropy_with_logits),
    ],
)
def test_labels_are_learned_by_torchs_losses_of_the_scaled_logits(targets, name, torchs):
    sop = made()
    ours = sop.training_loss(X, targets, loss=name)
    wanted = torchs(sop.parts(X).scaled_logits, targets)
    torch.testing.assert_close(ours, wanted)
    trained = [p for p in sop.parameters() if p.requires_grad]
    gradients = torch.autograd.grad(ours, trained), torch.autograd.grad(wanted, trained)
    for a, b in zip(*gradients, strict=True):
        torch.testing.assert_close(a, b)
    losses = fit(made(), TensorDataset(X, targets), **RUN | {"batch_size": 8}, loss=name)
    assert losses[0] == pytest.approx(wanted.item(), abs=1e-6)


def test_a_loop_of_ones_own_with_a_scaler_and_a_scheduler():
    scaled, plain = made(), made()
    for sop, scaler in ((scaled, torch.amp.GradScaler("cpu", 1024.0)), (plain, None)):
        parameters = [p for p in sop.parameters() if p.requires_grad]
        optimizer = torch.optim.SGD(parameters, 0.1)
        scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 1, 0.5)
        for x, y in DataLoader(TensorDataset(X, Y), 4):
            optimizer.zero_grad()
            loss = sop.training_loss(x, y)
            if scaler is None:
                loss.backward()
                optimizer.step()
            else:
                scaler.scale(loss).backward()
                scaler.step(optimizer)
                scaler.update()
            scheduler.step()
    same(scaled, plain, atol=1e-5)
    assert not torch.equal(plain.query, made().query)


def test_under_autocast_the_loss_is_that_of_full_precision():
    sop = made(positions=1.0)
    with torch.autocast("cpu", torch.bfloat16):
        loss = sop.training_loss(X, Y)
    assert loss.item() == pytest.approx(sop.training_loss(X, Y).item(), rel=0.05)


def test_compiled_models_train_and_predict_as_others_do():
    sop = made()
    compiled = torch.compile(sop, backend="eager")
    torch.testing.assert_close(compiled(X), sop(X))
    assert fit(compiled, TensorDataset(X, Y), **RUN) == fit(made(), TensorDataset(X, Y), **RUN)
    with pytest.raises(TypeError, match="`model`"):
        fit(SmallNet(0), TensorDataset(X, Y), **RUN)


def test_compiled_backbones_are_wrapped_as_what_they_compile():
    images = random_images(0)
    wanted = SumOfParts(SmallNet(0), images, features=3)(images)
    torch.testing.assert_close(
        SumOfParts(torch.compile(SmallNet(0), backend="eager"), images, features=3)(images), wanted
    )
    net = SmallNet(0)
    net.compile(backend="eager")
    torch.testing.assert_close(SumOfParts(net, images, features=3)(images), wanted)


def test_export_says_why_it_cannot():
    with pytest.raises(Exception, match="SumOfParts cannot be exported"):
        torch.export.export(made(), (X,))
