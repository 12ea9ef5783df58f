"""The smaller examples, as a person runs them."""

import re
import sys

import digits_keras
import evidential
import mistakes
import numpy as np
import pytest
import sea_nn
import sop
import sop_maps
import sop_text
import torch

import digits_model
from digits_scenes import CLEAN_WEIGHTS, make_scenes

pytestmark = pytest.mark.slow


def test_evidential_training_makes_uncertainty_rise_in_noise(monkeypatch, tmp_path, capsys):
    arguments = ["evidential.py", "--scenes", "800", "--epochs", "3", "--output", str(tmp_path)]
    monkeypatch.setattr(sys, "argv", arguments)
    evidential.main()
    printed = capsys.readouterr().out
    accuracy = float(re.search(r"new scenes: ([\d.]+)", printed).group(1))
    uncertain = [
        float(line.split()[1])
        for line in printed.splitlines()
        if re.match(r"\s+[\d.]+\s+[\d.]+$", line)
    ]
    assert accuracy > 0.7
    assert uncertain[0] < 0.1 < uncertain[-1]
    assert uncertain == sorted(uncertain)
    assert (tmp_path / "smdl.png").stat().st_size > 5000


def test_sea_nn_beside_the_maps_it_learns_from(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(sys, "argv", ["sea_nn.py", "--output", str(tmp_path)])
    sea_nn.main()
    printed = capsys.readouterr().out
    rows = {line[:22].strip(): line.split()[-3:] for line in printed.splitlines()[1:6]}
    assert set(rows) == {
        "Saliency",
        "IntegratedGradients",
        "SmoothGrad of it",
        "Agg-Mean",
        "SEA-NN",
    }
    assert float(rows["SEA-NN"][1]) > float(rows["Agg-Mean"][1]), "more specific than the mean"
    assert (tmp_path / "sea_nn.png").stat().st_size > 10_000


@pytest.mark.usefixtures("eagerly")
@pytest.mark.parametrize("host", ["captum", "xplique"])
def test_sum_of_parts_on_digits(host, monkeypatch, tmp_path, capsys):
    few = ["--train", "4", "--test", "2", "--methods", "Saliency"]
    monkeypatch.setattr(sys, "argv", ["sop.py", "--host", host, *few, "--output", str(tmp_path)])
    sop.main()
    rows = [
        line.strip("| ").split(" | ")
        for line in capsys.readouterr().out.splitlines()
        if line.startswith("| S")
    ]
    assert [row[0] for row in rows] == ["Sum-of-Parts", "Saliency-F"]
    assert all(0 <= float(number) <= 20 for row in rows for number in row[1:])
    assert (tmp_path / "sop.png").stat().st_size > 10_000


def test_clutter_misleads_the_network_that_never_saw_any_in_both_hosts():
    errors = []
    for clutter in ((0, 1), (3, 6)):
        scenes = make_scenes(200, seed=0, clutter=clutter)
        with torch.no_grad():
            ours = digits_model.load_model(CLEAN_WEIGHTS)(torch.from_numpy(scenes.images)).numpy()
        theirs = digits_keras.load_model(CLEAN_WEIGHTS)(np.moveaxis(scenes.images, 1, -1)).numpy()
        np.testing.assert_allclose(theirs, ours, atol=1e-4)
        errors.append(np.mean(ours.argmax(1) != scenes.labels))
    assert errors[0] < 0.05
    assert errors[1] > 0.2


def test_both_hosts_start_from_the_same_embeddings():
    images = make_scenes(3, seed=0).images
    with torch.no_grad():
        ours = digits_model.PatchEncoder(digits_model.load_model())(
            torch.from_numpy(images)
        ).numpy()
    theirs = digits_keras.patch_encoder(digits_keras.load_model())(
        np.moveaxis(images, 1, -1)
    ).numpy()
    assert ours.min() < 0, "not cut off"
    np.testing.assert_allclose(theirs, ours, atol=1e-4)


def test_sum_of_parts_on_maps_of_mass(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(
        sys, "argv", ["sop_maps.py", "--maps", "400", "--epochs", "1", "--output", str(tmp_path)]
    )
    sop_maps.main()
    printed = capsys.readouterr().out
    mean, network = map(
        float, re.search(r"of the mean ([\d.]+), network ([\d.]+)", printed).groups()
    )
    untrained, trained = map(
        float, re.search(r"untrained ([\d.]+), trained ([\d.]+)", printed).groups()
    )
    assert max(network, trained) < mean / 2
    assert trained < untrained
    assert (tmp_path / "sop_maps.png").stat().st_size > 10_000


def test_sum_of_parts_on_sentences(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["sop_text.py", "--sentences", "3000"])
    sop_text.main()
    printed = capsys.readouterr().out
    assert float(re.search(r"sum of parts ([\d.]+)", printed).group(1)) < 0.05
    assert " was " in printed


def test_without_the_photographs_it_says_what_is_missing(monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "argv", ["mistakes.py", "--data", str(tmp_path)])
    monkeypatch.setattr(sys, "path", list(sys.path))
    with pytest.raises(SystemExit, match=r"lacks .*weights"):
        mistakes.main()
