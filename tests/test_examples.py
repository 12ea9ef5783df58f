"""The smaller examples, as a person runs them."""

import re
import sys

import evidential
import mistakes
import pytest
import sea_nn


def test_evidential_training_makes_uncertainty_rise_in_noise(monkeypatch, tmp_path, capsys):
    arguments = ["evidential.py", "--scenes", "800", "--epochs", "3", "--output", str(tmp_path)]
    monkeypatch.setattr(sys, "argv", arguments)
    evidential.main()
    printed = capsys.readouterr().out
    accuracy = float(re.search(r"new scenes: ([\d.]+)", printed).group(1))
    uncertain = [float(line.split()[1]) for line in printed.splitlines() if re.match(r"\s+[\d.]+\s+[\d.]+$", line)]
    assert accuracy > 0.7
    assert uncertain[0] < 0.1 < uncertain[-1]
    assert uncertain == sorted(uncertain)
    assert (tmp_path / "smdl.png").stat().st_size > 5000


def test_sea_nn_beside_the_maps_it_learns_from(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(sys, "argv", ["sea_nn.py", "--output", str(tmp_path)])
    sea_nn.main()
    printed = capsys.readouterr().out
    rows = {line[:22].strip(): line.split()[-3:] for line in printed.splitlines()[1:6]}
    assert set(rows) == {"Saliency", "IntegratedGradients", "SmoothGrad of it", "Agg-Mean", "SEA-NN"}
    assert float(rows["SEA-NN"][1]) > float(rows["Agg-Mean"][1]), "more specific than the mean"
    assert (tmp_path / "sea_nn.png").stat().st_size > 10_000


def test_without_the_photographs_it_says_what_is_missing(monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "argv", ["mistakes.py", "--data", str(tmp_path)])
    monkeypatch.setattr(sys, "path", list(sys.path))
    with pytest.raises(SystemExit, match=r"lacks .*weights"):
        mistakes.main()
