"""Blocks of docs/datasets.md: Python runs from top to bottom, the rest is parsed."""

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from submod_core.dataset import open_explanations

GUIDE = Path(__file__).parent.parent / "docs" / "datasets.md"


def blocks(language):
    """Blocks of the page in a language."""
    return re.findall(rf"```{language}\n(.*?)```", GUIDE.read_text(), re.DOTALL)


@pytest.mark.slow
def test_every_python_block_runs(tmp_path, monkeypatch):
    datasets = pytest.importorskip("datasets")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    names: dict[str, object] = {}
    found = blocks("python")
    assert len(found) >= 8
    for block in found:
        if not block.startswith("# explain.py"):  # a program: see below
            exec(compile(block, GUIDE.name, "exec"), names)
    assert (tmp_path / "report.html").stat().st_size > 10_000
    assert set(names["scores"]) == {"LiMA", "saliency"}


@pytest.mark.slow
def test_the_program_gives_the_results_of_one_process(tmp_path, monkeypatch):
    (program,) = (block for block in blocks("python") if block.startswith("# explain.py"))
    first, _ = blocks("python")[:2]
    (tmp_path / "explain.py").write_text(program)
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "explain.py"]
    said = subprocess.check_output(command, cwd=tmp_path, env=environment, text=True)
    assert said.strip() == "6 of 6 examples"
    monkeypatch.chdir(tmp_path)
    exec(compile(first.replace('"lima"', '"other"'), GUIDE.name, "exec"), {})
    for one, other in zip(open_explanations("lima"), open_explanations("other"), strict=True):
        assert np.array_equal(one.order, other.order)


def test_the_cluster_is_yaml_of_ray():
    yaml = pytest.importorskip("yaml")
    (block,) = blocks("yaml")
    cluster = yaml.safe_load(block)
    assert cluster["head_node_type"] in cluster["available_node_types"]
    assert any("distributed" in line for line in cluster["setup_commands"])


@pytest.mark.parametrize("block", blocks("bash"))
def test_the_scripts_are_bash(block):
    subprocess.run(["bash", "-n"], input=block, check=True, text=True)


def test_the_links_exist():
    for target in re.findall(r"\]\(([^)#:]+)[^)]*\)", GUIDE.read_text()):
        assert (GUIDE.parent / target).exists(), target


def test_the_table_has_the_columns_of_all_kinds():
    from submod_core.dataset import KINDS, schema_of

    table = "".join(line for line in GUIDE.read_text().splitlines() if line.startswith("| `"))
    named = set(re.findall(r"`(\w+)`", table))
    assert named == {name for kind in KINDS.values() for name in schema_of(kind).names}
