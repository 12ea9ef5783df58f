"""Files and checkpoints of Sum-of-Parts under Captum."""

import json
import os
import re
import resource
import signal
import subprocess
import sys
import textwrap

import numpy as np
import pytest
import torch
from networks import SmallNet, noisy_problem, random_images, small_sop
from safetensors.torch import load_file, save_file
from soak.amounts import SOAK
from torch import nn
from torch.utils.data import Dataset, IterableDataset, TensorDataset

from captum_submod import SumOfParts
from captum_submod.sop import fit

RUN = {"epochs": 2, "batch_size": 5, "lr": 1e-2, "seed": 3, "show_progress": False}


class Encoder(nn.Module):
    """Embeds 16 patches, with dropout (the global generator's) and batch norm (buffers)."""

    def __init__(self, p=0.5):
        super().__init__()
        self.conv, self.norm = nn.Conv2d(3, 6, 3, 3), nn.BatchNorm2d(6)
        self.drop = nn.Dropout(p)

    def forward(self, x):
        return self.drop(self.norm(self.conv(x))).flatten(2).transpose(1, 2)


def made(seed=1, p=0.5, **options):
    backbone, data = noisy_problem()
    torch.manual_seed(seed)
    options = {"features": 3, "groups": 5, "encoder": Encoder(p) if p else None} | options
    return SumOfParts(backbone, data[0][0][None], **options).train()


class Augmented(Dataset):
    """Examples with noise from all three global generators; it may die."""

    def __init__(self, dies_at=None):
        self.data, self.left = noisy_problem()[1], dies_at

    def __len__(self):
        return len(self.data)

    def __getitem__(self, index):
        if self.left is not None:
            self.left -= 1
            if self.left < 0:
                raise KeyboardInterrupt
        image, label = self.data[index]
        return image + torch.rand(1) + np.random.normal() + np.random.random(), label


@pytest.mark.parametrize("kind", ["a new object", "with other random numbers before"])
def test_with_dropout_batch_norm_and_augmentation_a_resumed_run_is_the_same_bit_for_bit(
    kind, tmp_path
):
    options = RUN | {"checkpoint": tmp_path / "run", "checkpoint_every": 2}

    def run(dataset, **options):
        sop = made()
        torch.manual_seed(5)
        np.random.seed(5)
        return sop, lambda: fit(sop, dataset, **options)

    whole, train = run(Augmented(), **options | {"checkpoint": tmp_path / "other"})
    losses = train()
    killed, train = run(Augmented(dies_at=35), **options)
    with pytest.raises(KeyboardInterrupt):
        train()
    if kind != "a new object":
        torch.rand(9), np.random.random(7)
    resumed = made(seed=99)  # another start: all that is trained comes from the file
    assert fit(resumed, Augmented(), **options) == losses
    for name, value in whole.state_dict().items():
        assert torch.equal(value, resumed.state_dict()[name]), name
    assert not torch.equal(whole.query, killed.query)


@pytest.mark.slow
@pytest.mark.skipif(SOAK == 1, reason="three processes: in `make soak`")
def test_killed_by_the_system_and_resumed_in_another_process(tmp_path):
    program = f"""
        import sys
        sys.path.insert(0, {os.path.dirname(__file__)!r})
        import numpy as np, os, torch
        from test_sop_files import Augmented, RUN, fit, made
        sop = made()
        torch.manual_seed(5), np.random.seed(5)
        class Slow(Augmented):
            def __getitem__(self, i):
                if os.path.exists({str(tmp_path / "run")!r}) and sys.argv[1] == "killed":
                    print("going", flush=True)
                return super().__getitem__(i)
        options = RUN | {{"epochs": 4, "checkpoint": sys.argv[2], "checkpoint_every": 1}}
        losses = fit(sop, Slow(), **options)
        print(repr(losses), sop.query.sum().item())
    """
    command = [sys.executable, "-c", textwrap.dedent(program)]
    whole = subprocess.run([*command, "whole", tmp_path / "whole"], capture_output=True, text=True)
    dying = subprocess.Popen(
        [*command, "killed", tmp_path / "run"], stdout=subprocess.PIPE, text=True
    )
    for _ in range(17):
        assert dying.stdout.readline() == "going\n"
    dying.send_signal(signal.SIGKILL)
    dying.wait()
    dying.stdout.close()
    again = subprocess.run([*command, "again", tmp_path / "run"], capture_output=True, text=True)
    assert again.stdout == whole.stdout != ""


OTHER = {
    "lr": (lambda: made(), {"lr": 1e-3}, "optimiser: lr was 0.01 and is 0.001"),
    "weight_decay": (lambda: made(), {"weight_decay": 0.5}, "optimiser: weight_decay was"),
    "mixed": (lambda: made(), {"mixed_precision": True}, "optimiser: mixed_precision was"),
    "batch_size": (lambda: made(), {"batch_size": 6}, "schedule: batch_size was 5 and is 6"),
    "groups": (lambda: made(groups=6), {}, "model: groups was 5 and is 6"),
    "baseline": (lambda: made(baseline=1.0), {}, "model: baseline was 0.0 and is 1.0"),
    "features": (lambda: made(features=4, p=0), {}, "model: "),
    "dropout": (lambda: made(p=0.25), {}, "model: modules was"),
    "finetune": (lambda: made(p=0, finetune=True), {}, "model: "),
    "mode": (lambda: evaluated(made()), {}, "model: modules was"),
    "backbone": (lambda: other_backbone(made()), {}, "model: frozen weights was"),
}


def evaluated(sop):
    sop.encoder.eval()
    return sop


def other_backbone(sop):
    sop.backbone.model.norm.running_mean += 1e-3
    return sop


@pytest.mark.parametrize("what", OTHER)
def test_a_checkpoint_of_another_run_is_refused(what, tmp_path):
    data, (make, options, said) = noisy_problem()[1], OTHER[what]
    fit(made(), data, **RUN, checkpoint=tmp_path / "run")
    with pytest.raises(ValueError, match=f"`checkpoint` .* is of another run: .*{said}"):
        fit(make(), data, **RUN | options, checkpoint=tmp_path / "run")


def test_a_checkpoint_of_other_data_is_refused_and_more_epochs_go_on(tmp_path):
    data, whole, again = noisy_problem()[1], made(p=0), made(p=0)
    fit(made(p=0), data, **RUN, checkpoint=tmp_path / "run")
    images, labels = data.tensors
    for other in (TensorDataset(images[:-1], labels[:-1]), TensorDataset(images, labels.roll(1))):
        with pytest.raises(ValueError, match="is of another run: data: "):
            fit(made(p=0), other, **RUN, checkpoint=tmp_path / "run")
    losses = fit(whole, data, **RUN | {"epochs": 5})
    assert fit(again, data, **RUN | {"epochs": 5}, checkpoint=tmp_path / "run") == losses
    for name, value in whole.state_dict().items():
        assert torch.equal(value, again.state_dict()[name]), name


def test_models_in_bfloat16_are_resumed_too(tmp_path):
    images, labels = random_images(0, 6, torch.bfloat16), torch.arange(6) % 5
    run = RUN | {"checkpoint": tmp_path / "run"}

    def sop():
        return SumOfParts(SmallNet(0, torch.bfloat16), images[:1], features=3, groups=4)

    whole, again = sop(), sop()
    losses = fit(whole, TensorDataset(images, labels), **RUN | {"epochs": 4})
    fit(sop(), TensorDataset(images, labels), **run)
    assert fit(again, TensorDataset(images, labels), **run | {"epochs": 4}) == losses
    assert torch.equal(whole.query, again.query)


X, Y = torch.rand(4, 3, 12, 12, dtype=torch.float64), torch.arange(4)


class Stream(IterableDataset):
    def __iter__(self):
        return iter([(X[0], 0)])


BAD = {
    "batch_size": (TensorDataset(X, Y), {"batch_size": 0}, "`batch_size`"),
    "epochs": (TensorDataset(X, Y), {"epochs": 0}, "`epochs`"),
    "checkpoint_every": (TensorDataset(X, Y), {"checkpoint_every": 0}, "`checkpoint_every`"),
    "lr of 0": (TensorDataset(X, Y), {"lr": 0}, "`lr`"),
    "lr of -1": (TensorDataset(X, Y), {"lr": -1.0}, "`lr`"),
    "lr of NaN": (TensorDataset(X, Y), {"lr": float("nan")}, "`lr`"),
    "weight_decay": (TensorDataset(X, Y), {"weight_decay": -1e-3}, "`weight_decay`"),
    "label 5": (TensorDataset(X, Y + 2), {}, "`targets`"),
    "label -1": (TensorDataset(X, Y - 1), {}, "`targets`"),
    "values NaN": (TensorDataset(X, torch.full((4, 5), torch.nan)), {}, "`targets`"),
    "inputs NaN": (TensorDataset(X * torch.nan, Y), {}, "the loss of step 1 of 1 is nan"),
    "no examples": (TensorDataset(X[:0], Y[:0]), {}, "`dataset`"),
    "dicts": ([{"x": X[0], "y": 0}], {}, "`dataset`"),
    "inputs alone": (TensorDataset(X), {}, "`dataset`"),
    "no length": (Stream(), {}, "`dataset`"),
}


@pytest.mark.parametrize("what", BAD)
def test_fit_refuses_and_changes_nothing(what):
    data, options, said = BAD[what]
    sop, _ = small_sop()
    before = {name: value.clone() for name, value in sop.state_dict().items()}
    with pytest.raises(ValueError, match=said):
        fit(sop, data, **{"lr": 1e-2, "show_progress": False} | options)
    for name, value in sop.state_dict().items():
        assert torch.equal(value, before[name]), name


def saved(tmp_path):
    sop, images = small_sop()
    sop.save(tmp_path / "sop")
    return tmp_path / "sop", load_file(tmp_path / "sop"), images[:1]


def options_of(file):
    from safetensors import safe_open

    with safe_open(file, framework="pt") as opened:
        return json.loads(opened.metadata()["options"])


@pytest.mark.parametrize(
    ("arrays", "options"),
    [
        ({"query": None}, {}),
        ({"class_weights": None}, {}),
        ({"blah": torch.ones(1)}, {}),
        ({"key": torch.ones(1, 2, 2)}, {}),
        ({"query": torch.full((1, 6, 6), torch.nan, dtype=torch.float64)}, {}),
        ({"backbone.model.head.bias": torch.full((5,), torch.nan, dtype=torch.float64)}, {}),
        ({"numerators": torch.full((6,), 99)}, {}),
        ({"masking.labels": torch.zeros(1, 12, 12, dtype=torch.int64)}, {}),
        ({}, {"groups": 3}),
        ({}, {"groups": "3"}),
        ({}, {"alpha": "3"}),
        ({}, {"layer": "nowhere"}),
        ({}, {"layer": 3}),
        ({}, {"baseline": None}),
        ({}, {"features": -2}),
        ({}, {"unknown": 1}),
        ({}, None),
    ],
    ids=str,
)
def test_files_of_something_else_are_named(arrays, options, tmp_path):
    file, good, example = saved(tmp_path)
    metadata = None if options is None else {"options": json.dumps(options_of(file) | options)}
    changed = {name: a for name, a in (good | arrays).items() if a is not None}
    save_file(changed, file, metadata=metadata)
    with pytest.raises(ValueError, match=re.escape(f"`file` (={str(file)!r}) is not a")):
        SumOfParts.load(file, SmallNet(0), example)


def test_damaged_and_missing_files(tmp_path):
    file, _, example = saved(tmp_path)
    good = file.read_bytes()
    bad = [b"", b"text", b"\xff" * 64, *(good[:size] for size in (4, 100, len(good) - 1))]
    for each in bad:
        file.write_bytes(each)
        with pytest.raises(ValueError, match=r"`file` .* is not a saved `SumOfParts`"):
            SumOfParts.load(file, SmallNet(0), example)
    file.unlink()
    with pytest.raises(FileNotFoundError, match="sop"):
        SumOfParts.load(file, SmallNet(0), example)


def test_where_saving_fails_the_old_file_is_still_there(tmp_path, monkeypatch):
    file, _, _ = saved(tmp_path)
    before = file.read_bytes()

    def full(*_):
        raise OSError(28, "No space left on device")

    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2000, limits[1]))  # as on a disk that is full
    try:
        with pytest.raises(OSError, match=r"`file` .* cannot be written"):
            small_sop(1)[0].save(file)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space"):
            small_sop(1)[0].save(file)
    assert file.read_bytes() == before
    assert os.listdir(tmp_path) == ["sop"]
