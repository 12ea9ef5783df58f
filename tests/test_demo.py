"""The demo script, as a person runs it."""

import sys

import demo
import numpy as np
import pytest
from PIL import Image

from submod_core.results import Explanation

pytestmark = pytest.mark.slow


def run(monkeypatch, *arguments):
    monkeypatch.setattr(sys, "argv", ["demo.py", *map(str, arguments)])
    demo.main()


def test_the_default_demo_prints_a_table_and_writes_the_figure(monkeypatch, tmp_path, capsys):
    run(monkeypatch, "--scenes", 1, "--output", tmp_path)
    printed = capsys.readouterr().out
    for method in (
        "LiMA",
        "FeatureAblation",
        "Occlusion",
        "KernelShap",
        "Saliency",
        "IntegratedGradients",
    ):
        assert f"\n{method} " in printed
    assert Explanation.load(tmp_path / "explanation.npz").curves.insertion_auc > 0
    assert np.asarray(Image.open(tmp_path / "explanation.png")).std() > 10


def test_a_photograph_and_any_factory(monkeypatch, tmp_path, capsys):
    pixels = np.random.default_rng(0).integers(0, 256, size=(80, 100, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "photo.png")
    run(
        monkeypatch, "--image", tmp_path / "photo.png", "--model", "digits_model:load_model",
        "--size", 64, "--target", 3, "--output", tmp_path,
    )  # fmt: skip
    assert "class 3: Explanation(" in capsys.readouterr().out


def test_without_torchvision_it_says_what_to_install(monkeypatch, tmp_path):
    Image.new("RGB", (64, 64)).save(tmp_path / "photo.png")
    monkeypatch.setitem(sys.modules, "torchvision", None)
    with pytest.raises(SystemExit, match="pip install torchvision"):
        run(monkeypatch, "--image", tmp_path / "photo.png", "--model", "torchvision:resnet50")
