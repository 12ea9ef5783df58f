"""Blocks of docs/guide.md, run from top to bottom."""

import re
from pathlib import Path

import numpy as np
import pytest

GUIDE = Path(__file__).parent.parent / "docs" / "guide.md"

pytestmark = pytest.mark.slow


def test_every_block_of_the_guide_runs(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    blocks = re.findall(r"```python\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    assert len(blocks) >= 6
    for block in blocks:
        exec(compile(block, GUIDE.name, "exec"), names)
    assert (tmp_path / "explanation.png").exists()
    assert "Explanation(" in capsys.readouterr().out
    assert np.array_equal(names["ranking"].order, [1, 3, 0, 2])
    assert np.array_equal(names["evidence"][0].order, names["explanation"].order)


def test_the_links_of_the_guide_exist():
    for target in re.findall(r"\]\(([^)#:]+)", GUIDE.read_text()):
        assert (GUIDE.parent / target).exists(), target
