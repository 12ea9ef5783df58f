"""The least number of features in the figure of least errors."""

import subprocess
import sys

import pytest

from submod_core.theory.figure import plot_least_errors


@pytest.mark.parametrize("largest", [2, 0, -5, 3.5, True, "9"])
def test_too_few_features_are_refused(largest):
    with pytest.raises(ValueError, match="`largest`"):
        plot_least_errors(largest)


def test_three_features_are_enough():
    assert len(plot_least_errors(3).axes) == 4


def test_the_command_says_so(tmp_path):
    command = [sys.executable, "-m", "submod_core.theory", "--output", str(tmp_path / "t.png")]
    found = subprocess.run(
        [*command, "--largest", "2"], capture_output=True, text=True, check=False
    )
    assert found.returncode == 2
    assert "argument --largest: must be at least 3" in found.stderr
    assert not list(tmp_path.iterdir())
