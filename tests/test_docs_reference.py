"""Reference: every public object of the three packages has its place in docs/reference."""

import importlib
import pkgutil
import re
from pathlib import Path

import pytest

import captum_submod
import submod_core
import xplique_submod

REFERENCE = Path(__file__).parent.parent / "docs" / "reference"
PACKAGES = {one.__name__: one for one in (submod_core, captum_submod, xplique_submod)}
BLOCK = re.compile(r"^::: ([\w.]+)\n(?:    options:\n      members: \[([^\]]*)\])?", re.MULTILINE)
# Modules are pages of their own.
MODULES = {"metrics", "visualization"}

pytestmark = pytest.mark.slow


def documented():
    """Paths of the objects that the reference names."""
    for page in sorted(REFERENCE.rglob("*.md")):
        for path, members in BLOCK.findall(page.read_text(encoding="utf-8")):
            yield from (f"{path}.{name}" for name in members.split(", ")) if members else [path]


def resolved(path):
    """The object at a dotted path."""
    module, _, name = path.rpartition(".")
    return getattr(importlib.import_module(module), name)


def public(package):
    """Names in `__all__` of a package and its public modules, with their objects."""
    names = [
        module.name for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
    ]
    for path in [package.__name__, *names]:
        if not any(part.startswith("_") for part in path.split(".")):
            module = importlib.import_module(path)
            for name in getattr(module, "__all__", ()):
                yield f"{path}.{name}", name, getattr(module, name)


def test_the_reference_names_what_there_is_and_names_it_once():
    paths = list(documented())
    assert len(paths) > 300
    assert sorted(set(paths)) == sorted(paths)
    for path in paths:
        resolved(path)  # an AttributeError names what is gone


@pytest.mark.parametrize("package", PACKAGES)
def test_every_public_object_is_in_the_reference(package):
    objects = {id(resolved(path)) for path in documented()}
    # Metrics that a host does not change and figures are at one place for both hosts.
    missing = [
        path
        for path, name, value in public(PACKAGES[package])
        if id(value) not in objects and name not in MODULES
    ]
    assert not missing
