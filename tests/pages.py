"""Blocks of pages, run by the contents of the wheel, each page in an empty folder of its own.

As a program: one process for several pages, with what is to hold of their names afterwards.
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

ROOT = Path(__file__).parent.parent
# What pages take from examples/: a network, and scenes of digits.
EXAMPLES = (
    "digits_model.py",
    "digits_keras.py",
    "digits_scenes.py",
    "digits_cnn.npz",
    "small_bert.py",
)


def blocks(page: Path) -> list[str]:
    """The Python blocks of a page."""
    return re.findall(r"```python\n(.*?)```", page.read_text(), re.DOTALL)


def ran(installed: Path, folder: Path, pages: dict[str, str]) -> dict[str, dict[str, str]]:
    """For each page of docs/ its error, none where empty, and what it printed.

    `pages` has an expression of each page's names that must hold in the end.
    """
    beside = folder / "examples"
    beside.mkdir()
    for name in EXAMPLES:
        shutil.copy(ROOT / "examples" / name, beside)
    spec, found = folder / "pages.json", folder / "found.json"
    spec.write_text(json.dumps(pages))
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(map(str, (installed, beside)))}
    command = [sys.executable, "-W", "ignore", __file__, str(spec), str(found)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(found.read_text())


def main(spec: Path, found: Path) -> None:
    """Run the pages, and write what came of them."""
    outcomes = {}
    for page, check in json.loads(spec.read_text()).items():
        folder = found.parent / page
        folder.mkdir()
        os.chdir(folder)
        names: dict[str, object] = {}
        printed, error = io.StringIO(), ""
        try:
            with contextlib.redirect_stdout(printed):
                for block in blocks(ROOT / "docs" / page):
                    exec(compile(block, page, "exec"), names)
            assert eval(check, {**names, "Path": Path, "np": __import__("numpy")}), check
        except BaseException:
            error = traceback.format_exc()
        outcomes[page] = {"error": error, "printed": printed.getvalue()}
    found.write_text(json.dumps(outcomes))


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
