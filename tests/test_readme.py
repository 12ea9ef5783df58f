"""Examples of the README, run from top to bottom."""

import re
from pathlib import Path

import numpy as np
import pytest

README = Path(__file__).parent.parent / "README.md"

pytestmark = pytest.mark.slow


def test_every_example_of_the_readme_runs(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    blocks = re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL)
    assert len(blocks) >= 6
    for block in blocks:
        exec(compile(block, README.name, "exec"), names)
    assert (tmp_path / "explanation.png").exists()
    assert "Explanation(" in capsys.readouterr().out
    assert np.array_equal(names["ranking"].order, [1, 3, 0, 2])
    assert np.array_equal(names["evidence"][0].order, names["explanation"].order)


def test_the_pictures_of_the_readme_exist():
    for target in re.findall(r"\]\(([^)#:]+)\)", README.read_text()):
        assert (README.parent / target).exists(), target
