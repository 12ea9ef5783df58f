"""Networks of torchvision and listed photographs in `benchmarks/published.py`."""

import argparse
import importlib
from pathlib import Path

import numpy as np
import pytest
import torch

libraries = pytest.importorskip("vision_libraries")
models = pytest.importorskip("torchvision.models")
Image = pytest.importorskip("PIL.Image")

NAME = "torchvision:squeezenet1_1"


@pytest.fixture
def module(monkeypatch, tmp_path):
    """The module, with three photographs in a list and no weights."""
    monkeypatch.syspath_prepend(Path(__file__).parents[2] / "benchmarks")
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path / "hub"))
    rng = np.random.default_rng(0)
    for k in range(3):
        pixels = rng.integers(0, 256, (300, 260 + 20 * k, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(tmp_path / f"{k}.png")
    (tmp_path / "list.txt").write_text("2.png 7\n\n0.png 999\n1.png 3\n")
    return importlib.import_module("listed")


@pytest.fixture
def network(module, tmp_path):
    """A network with random weights where torchvision looks for its own."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        made = models.squeezenet1_1().eval()
    url = models.SqueezeNet1_1_Weights.DEFAULT.url
    file = tmp_path / "hub" / "checkpoints" / url.rpartition("/")[2]
    file.parent.mkdir(parents=True)
    torch.save(made.state_dict(), file)
    return made


def test_photographs_are_prepared_as_belongs_to_the_weights(module, network, tmp_path):
    model, images, labels, names = module.listed(NAME, tmp_path / "list.txt", tmp_path, 2)
    assert (labels, names) == ([7, 999], ["2", "0"])
    assert images.shape == (2, 3, 224, 224)
    assert 0 <= images.min() < 0.1 < 0.9 < images.max() <= 1
    preset = models.SqueezeNet1_1_Weights.DEFAULT.transforms()
    wanted = torch.stack([preset(Image.open(tmp_path / f"{name}.png")) for name in names])
    with torch.no_grad():
        torch.testing.assert_close(model(images), network(wanted), rtol=1e-3, atol=1e-3)
        # Black pictures are zeros.
        black = preset(Image.new("RGB", (300, 300)))
        torch.testing.assert_close(
            model(torch.zeros(1, 3, 224, 224)), network(black[None]), rtol=1e-3, atol=1e-3
        )


def test_weights_that_are_not_here_are_not_fetched(module, tmp_path):
    with pytest.raises(SystemExit, match=r"no weights here.*squeezenet1_1-.*pth"):
        module.listed(NAME, tmp_path / "list.txt", tmp_path, 2)


@pytest.mark.parametrize(
    ("lines", "n", "said"),
    [
        ("0.png 1", 2, "--images"),
        ("0.png", 1, "--list"),
        ("0.png one", 1, "--list"),
        ("9.png 1", 1, "--photographs.*9.png"),
        ("0.png 1000", 1, "label 1000 of 1000"),
    ],
)
def test_lists_that_do_not_fit_are_refused(module, network, tmp_path, lines, n, said):
    (tmp_path / "list.txt").write_text(lines)
    with pytest.raises(SystemExit, match=said):
        module.listed(NAME, tmp_path / "list.txt", tmp_path, n)


def test_arguments_that_do_not_fit_are_refused(module, tmp_path):
    good = {"data": tmp_path, "model": "squeezenet", "list": None, "photographs": None}
    good |= {"half": "even"}
    module.check(argparse.Namespace(**good))
    own = {"model": NAME, "list": tmp_path / "list.txt", "photographs": tmp_path, "half": None}
    module.check(argparse.Namespace(**good | own))
    for bad, said in (
        ({"model": "resnet"}, "--model"),
        ({"data": None}, "--data"),
        ({"list": tmp_path}, "--list"),
        (own | {"list": None}, "--list"),
        (own | {"photographs": tmp_path / "other"}, "other does not exist"),
        (own | {"half": "odd"}, "--half"),
    ):
        with pytest.raises(SystemExit, match=said):
            module.check(argparse.Namespace(**good | bad))
