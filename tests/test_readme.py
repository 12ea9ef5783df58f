"""The README: its examples run from the wheel in an empty folder, and its links lead somewhere."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("host", ["captum", "xplique"])
def test_the_example_runs_from_the_wheel_in_an_empty_folder(host, installed, tmp_path):
    blocks = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    block = "\n".join(block for block in blocks if f"{host}_submod" in block)
    told = f"\nimport {host}_submod; print({host}_submod.__file__, explanation, sep='\\n')"
    environment = os.environ | {"PYTHONPATH": str(installed)}
    command = [sys.executable, "-c", block + told]
    ran = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr[-2000:]
    file, explanation = ran.stdout.strip().splitlines()[-2:]
    assert Path(file).is_relative_to(installed)
    # Both hosts say the same of the same network.
    assert explanation.startswith("Explanation(48 regions, insertion 0.917, deletion 0.632")
    assert host == "xplique" or (tmp_path / "explanation.png").stat().st_size > 10_000


def test_it_is_short_and_its_links_exist():
    assert len(README.splitlines()) <= 120
    for target in re.findall(r"\]\(([^)#:]+)", README):
        assert (ROOT / target).exists(), target
    for page, anchor in re.findall(r"\]\(([^)#:]+)#([^)]+)\)", README):
        titles = re.findall(r"^#+ (.*)$", (ROOT / page).read_text(), re.MULTILINE)
        slugs = {re.sub(r"[^\w -]", "", title).lower().replace(" ", "-") for title in titles}
        assert anchor in slugs, f"{page}#{anchor}"
