"""Importing one package must not load another's framework."""

import subprocess
import sys

import pytest

LOADED = "import sys; import {package}; print(*sorted({{m.split('.')[0] for m in sys.modules}}))"


def loaded(package):
    command = [sys.executable, "-c", LOADED.format(package=package)]
    return set(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split())


@pytest.mark.parametrize(
    ("package", "forbidden"),
    [
        ("submod_core", {"torch", "tensorflow", "keras", "captum", "xplique", "matplotlib", "tqdm"}),
        ("captum_submod", {"tensorflow", "keras", "xplique"}),
    ],
)
def test_imports_stay_apart(package, forbidden):
    modules = loaded(package)
    assert package in modules
    assert not modules & forbidden


def test_xplique_submod_loads_no_more_frameworks_than_xplique_itself():
    ours = loaded("xplique_submod")
    assert {"tensorflow", "xplique"} <= ours
    assert not (ours - loaded("xplique")) & {"torch", "captum", "captum_submod"}


def test_the_core_adds_little_to_the_time_of_its_dependencies():
    script = (
        "import time; import numpy, scipy.special, skimage.segmentation; "
        "start = time.perf_counter(); import submod_core; print(time.perf_counter() - start)"
    )
    fastest = min(float(subprocess.check_output([sys.executable, "-c", script])) for _ in range(3))
    assert fastest < 0.5
