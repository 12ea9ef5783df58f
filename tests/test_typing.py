"""The types that users see, checked as their own project would check them."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.mark.slow
def test_a_users_file_is_right_under_strict_mypy():
    command = [sys.executable, "-m", "mypy", "--config-file", "tests/typed/mypy.ini"]
    found = subprocess.run(
        [*command, "tests/typed/user.py"], cwd=ROOT, capture_output=True, text=True
    )
    assert found.returncode == 0, found.stdout + found.stderr
