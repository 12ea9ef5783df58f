"""Importing one package must not load another's framework."""

import subprocess
import sys

import pytest

LOADED = "import sys; import {package}; print(*sorted(sys.modules))"


def loaded(package):
    command = [sys.executable, "-c", LOADED.format(package=package)]
    return set(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split())


pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("package", "forbidden"),
    [
        (
            "submod_core",
            {"torch", "tensorflow", "keras", "captum", "xplique", "matplotlib", "tqdm"},
        ),
        (
            "captum_submod",
            {
                *("tensorflow", "keras", "xplique", "transformers", "tokenizers", "timm"),
                *("torchvision", "torch._dynamo"),
            },
        ),
    ],
)
def test_imports_stay_apart(package, forbidden):
    modules = loaded(package)
    assert package in modules
    assert not modules & forbidden


def test_xplique_submod_loads_no_more_frameworks_than_xplique_itself():
    told = "print(*sorted({m.split('.')[0] for m in sys.modules}))"
    program = f"import sys; import xplique; {told}; import xplique_submod; {told}"
    before, after = subprocess.check_output([sys.executable, "-c", program], text=True).splitlines()
    ours = set(after.split())
    assert {"tensorflow", "xplique", "xplique_submod"} <= ours
    heavy = {
        "torch", "captum", "captum_submod", "transformers", "tokenizers", "timm", "torchcrepe"
    }  # fmt: skip
    assert not (ours - set(before.split())) & heavy


def test_the_core_loads_no_more_of_its_dependencies_than_it_needs():
    needed = "import sys, numpy, scipy.special, skimage.segmentation, scipy.ndimage"
    told = "print(len(sys.modules))"
    program = f"{needed}; {told}; import submod_core; {told}"
    printed = subprocess.check_output([sys.executable, "-c", program])
    before, after = map(int, printed.split())
    assert 0 < after - before < 150
