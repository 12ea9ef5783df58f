"""One profile for all property tests: no deadline, since a busy machine is no fault of the code.

`make soak` draws more examples than the ordinary tests.
"""

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import settings
from soak.amounts import FULL, SOAK

settings.register_profile(
    "submod", deadline=None, print_blob=True, max_examples=10 if SOAK == 1 else 200
)
settings.load_profile("submod")


def pytest_collection_modifyitems(items):
    """Put the slow tests first: at the end, a long one would leave the other processes idle."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


@pytest.fixture
def eagerly(request):
    """TensorFlow's functions without graphs: to trace one takes a small network seconds.

    Tests marked `graph` have them all the same, and all tests by `make soak`.
    """
    if FULL or request.node.get_closest_marker("graph"):
        yield
        return
    import tensorflow as tf

    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)


def pip(*arguments):
    command = [sys.executable, "-m", "pip", *arguments, "--quiet", "--no-deps"]
    subprocess.run(list(map(str, command)), check=True)


@pytest.fixture(scope="session")
def installed(tmp_path_factory):
    """A folder with the contents of the wheel and nothing else of this checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    # With the setuptools of [test]; tests/test_packaging.py builds in an environment of its own.
    pip("wheel", Path(__file__).parent.parent, "--wheel-dir", folder, "--no-build-isolation")
    pip("install", *folder.glob("*.whl"), "--target", folder / "installed", "--no-compile")
    return folder / "installed"
