"""Blocks of pages, run by the contents of the wheel, each page in an empty folder of its own.

As a program: one process for all pages, with what is to hold of their names afterwards. Both
frameworks take longer to import than most pages to run.
"""

import contextlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
import traceback
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parent.parent
# What pages take from examples/: a network, and scenes of digits.
EXAMPLES = (
    "digits_model.py",
    "digits_keras.py",
    "digits_scenes.py",
    "digits_cnn.npz",
    "small_bert.py",
)


class Page(NamedTuple):
    """Blocks that run one after the other, and what must hold of their names in the end."""

    blocks: list[str]
    check: str = "True"
    alone: bool = False  # without what EXAMPLES has; such pages come first


def blocks(page: Path) -> list[str]:
    """The Python blocks of a page."""
    return re.findall(r"```python\n(.*?)```", page.read_text(), re.DOTALL)


def ran(installed: Path, folder: Path, pages: dict[str, Page]) -> dict[str, dict[str, str]]:
    """For each page its error, none where empty, and what it printed."""
    beside = folder / "examples"
    beside.mkdir()
    for name in EXAMPLES:
        shutil.copy(ROOT / "examples" / name, beside)
    spec, found = folder / "pages.json", folder / "found.json"
    spec.write_text(json.dumps(pages))
    environment = os.environ | {"PYTHONPATH": str(installed)}
    command = [sys.executable, "-P", "-W", "ignore", __file__, str(spec), str(found), str(beside)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, cwd=folder)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(found.read_text())


def main(spec: Path, found: Path, beside: Path) -> None:
    """Run the pages, and write what came of them."""
    outcomes = {}
    for name, values in json.loads(spec.read_text()).items():
        page = Page(*values)
        if page.alone == (str(beside) in sys.path):
            assert not page.alone, f"{name} comes after pages that need more"
            sys.path.append(str(beside))
        folder = found.parent / name
        folder.mkdir()
        os.chdir(folder)
        names: dict[str, object] = {}
        printed, error = io.StringIO(), ""
        try:
            with contextlib.redirect_stdout(printed):
                for block in page.blocks:
                    exec(compile(block, name, "exec"), names)
            assert eval(page.check, {**names, "Path": Path, "np": __import__("numpy")}), page.check
        except BaseException:
            error = traceback.format_exc()
        outcomes[name] = {"error": error, "printed": printed.getvalue()}
    found.write_text(json.dumps(outcomes))


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
