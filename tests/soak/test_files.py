"""Writers that are killed, and disks that are full: the earlier file, or the new one."""

import os
import subprocess
import sys

import pytest

from soak.amounts import KILLS, some
from soak.writers import WRITERS, files_of

every = pytest.mark.parametrize("name", WRITERS)


# Each killed writer imports its framework anew.
@pytest.mark.parametrize("name", some(WRITERS, "Explanation", "figure", "checkpoint"))
def test_a_writer_killed_at_any_moment_leaves_a_whole_file(name, tmp_path):
    file = str(tmp_path / f"one{WRITERS[name].suffix}")
    done = subprocess.run(
        [sys.executable, "-m", "soak.killed", name, file, str(KILLS)],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    left = set(os.listdir(tmp_path)) - {os.path.basename(file)}
    assert all(one.startswith(".") for one in left), left  # hidden, of the library or its writer


def fill(file):
    """Leave no room."""
    with open(file, "wb", buffering=0) as stream:
        while True:
            try:
                stream.write(bytes(4096))
            except OSError:
                return


@every
def test_on_a_full_disk_the_earlier_file_stays(name, small_disk):
    file, files = str(small_disk / f"one{WRITERS[name].suffix}"), files_of(name)
    files.write(file, 1)
    fill(small_disk / "rest")
    with pytest.raises(OSError, match=r"(?i)no space|cannot be written"):
        files.write(file, 2)
    assert files.read(file) == 1
    assert set(os.listdir(small_disk)) == {os.path.basename(file), "rest"}
    os.unlink(small_disk / "rest")
    files.write(file, 2)
    assert files.read(file) == 2
