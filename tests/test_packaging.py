"""The wheel that users get."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import captum_submod
from submod_core import __version__

ROOT = Path(__file__).parent.parent
PACKAGES = {"submod_core", "captum_submod", "xplique_submod"}

pytestmark = pytest.mark.slow


def test_the_wheel_gives_the_three_import_names_and_nothing_else(tmp_path):
    subprocess.run(
        [
            sys.executable,
            "-m",
            "pip",
            "wheel",
            "--quiet",
            "--no-deps",
            "--wheel-dir",
            tmp_path,
            ROOT,
        ],
        check=True,
    )
    (wheel,) = tmp_path.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0] for name in names if ".dist-info/" not in name} == PACKAGES
    assert {f"{package}/py.typed" for package in PACKAGES} <= set(names)
    folders = [ROOT / "shared" / "submod_core", ROOT / "captum_submod", ROOT / "xplique_submod"]
    sources = {
        str(p.relative_to(folder.parent)) for folder in folders for p in folder.rglob("*.py")
    }
    assert sources <= set(names), "no module may be left out"
    metadata = zipfile.ZipFile(wheel).read(next(n for n in names if n.endswith("/METADATA")))
    assert f"Version: {__version__}".encode() in metadata.splitlines()


def test_the_citation_and_the_changelog_are_of_this_version():
    assert f"\nversion: {__version__}\n" in (ROOT / "CITATION.cff").read_text()
    assert f"\n## [{__version__}]" in (ROOT / "CHANGELOG.md").read_text()
    assert captum_submod.__version__ == __version__
