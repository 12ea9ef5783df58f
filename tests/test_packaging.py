"""The wheel and the sdist that users get, and what each extra brings."""

import os
import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from importlib.metadata import PackageNotFoundError, packages_distributions, requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from soak.amounts import some

import captum_submod
from submod_core import __version__

ROOT = Path(__file__).parent.parent
PACKAGES = {"submod_core", "captum_submod", "xplique_submod"}
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EXTRAS = PROJECT["optional-dependencies"]

pytestmark = pytest.mark.slow


def wheel_of(source, folder, *options):
    """The wheel that pip builds of a folder or an sdist."""
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", *options]
    subprocess.run([*command, "--wheel-dir", folder, source], check=True)
    (wheel,) = folder.glob("*.whl")
    return wheel


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    return wheel_of(ROOT, tmp_path_factory.mktemp("wheel"))


def test_the_wheel_gives_the_three_import_names_and_nothing_else(wheel):
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


def test_the_sdist_builds_the_same_wheel(wheel, tmp_path):
    # As a build frontend does it: setuptools' own hook, in a process of its own.
    program = "import sys; from setuptools import build_meta; build_meta.build_sdist(sys.argv[1])"
    command = [sys.executable, "-c", program, tmp_path]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (sdist,) = tmp_path.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {"README.md", "LICENSE", "pyproject.toml", "PKG-INFO"} <= names
    (tmp_path / "built").mkdir()
    # The wheel of the checkout is built in an environment of its own, with what the project says.
    of_sdist = zipfile.ZipFile(wheel_of(sdist, tmp_path / "built", "--no-build-isolation"))
    of_checkout = zipfile.ZipFile(wheel)
    files = sorted(of_checkout.namelist())
    assert sorted(of_sdist.namelist()) == files
    for name in files:
        if not name.endswith("/RECORD"):
            assert of_sdist.read(name) == of_checkout.read(name), name


def needed(extra):
    """Names of the distributions that an extra asks for, those of the extras in it included."""
    found = set()
    for text in EXTRAS[extra]:
        requirement = Requirement(text)
        if requirement.name == PROJECT["name"]:
            found |= {name for other in requirement.extras for name in needed(other)}
        else:
            found.add(canonicalize_name(requirement.name))
    return found


def modules_by_distribution():
    """Top-level modules of each distribution that is installed."""
    found = {}
    for module, distributions in packages_distributions().items():
        for name in distributions:
            found.setdefault(canonicalize_name(name), set()).add(module)
    return found


# `make models` installs some in folders of their own.
USERS = sorted(set(EXTRAS) - {"docs", "test", "timm", "torchvision", "audio", "opencv"})


@pytest.mark.parametrize("extra", USERS)
def test_what_an_extra_asks_for_is_something_that_can_be_imported(extra):
    modules = modules_by_distribution()
    absent = needed(extra) - set(modules)
    assert not absent, "not in this environment: a wrong name, or the Makefile does not install it"


# A host's extra, and modules of which each must do without those that it does not bring.
ALONE = {
    "": ("submod_core", "submod_core.selection", "submod_core.cli", "submod_core.dataset"),
    "captum": ("captum_submod", "captum_submod.quantus"),
    "xplique": ("xplique_submod", "xplique_submod.callbacks"),
    "theory": ("submod_core.theory", "submod_core.theory.figure", "submod_core.theory.full"),
}
WITHOUT = """
import importlib, sys
class Without:
    def __init__(self, finder):
        self.finder = finder
    def find_spec(self, name, path=None, target=None):
        absent = name.partition(".")[0] in {absent!r}
        return None if absent else self.finder.find_spec(name, path, target)
sys.meta_path[:] = [Without(finder) for finder in sys.meta_path]
for name in {names!r}:
    importlib.import_module(name)
"""


def with_all_they_ask_for(names):
    """Distributions, and those that they ask for by themselves, as pip would install them."""
    found, left = set(), set(names)
    while left:
        name = left.pop()
        found.add(name)
        try:
            asked = [Requirement(text) for text in requires(name) or ()]
        except PackageNotFoundError:
            continue
        plain = [one for one in asked if one.marker is None or one.marker.evaluate({"extra": ""})]
        left |= {canonicalize_name(one.name) for one in plain} - found
    return found


# The frameworks take long to import; `test_imports.py` says what each host loads.
@pytest.mark.parametrize("extra", some(ALONE, "", "theory"))
def test_a_package_needs_no_more_than_its_extra_brings(extra, wheel, tmp_path):
    subprocess.run([sys.executable, "-m", "zipfile", "-e", wheel, tmp_path], check=True)
    modules = modules_by_distribution()
    own = {canonicalize_name(Requirement(text).name) for text in PROJECT["dependencies"]}
    brought = with_all_they_ask_for(own | (needed(extra) if extra else set()))
    others = {name for other in USERS for name in needed(other)} - brought
    kept = {module for name in brought for module in modules.get(name, ())}
    absent = {module for name in others for module in modules.get(name, ())} - kept
    assert len(absent) > 5
    program = WITHOUT.format(absent=sorted(absent), names=ALONE[extra])
    environment = os.environ | {"PYTHONPATH": str(tmp_path)}
    command = [sys.executable, "-c", program]
    ran = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr[-2000:]


def test_the_command_tells_its_version(wheel, tmp_path):
    subprocess.run([sys.executable, "-m", "zipfile", "-e", wheel, tmp_path], check=True)
    entry = next(tmp_path.glob("*.dist-info")) / "entry_points.txt"
    assert "submod = submod_core.cli:main" in entry.read_text()
    command = [sys.executable, "-m", "submod_core.cli", "--version"]
    environment = os.environ | {"PYTHONPATH": str(tmp_path)}
    ran = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert re.fullmatch(rf"submod {re.escape(__version__)}", ran.stdout.strip()), ran.stderr
