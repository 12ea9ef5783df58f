"""Fixtures of the fault suite."""

import subprocess

import pytest


@pytest.fixture
def small_disk(tmp_path):
    """A folder on a disk of 512 KB."""
    mount = ["mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", str(tmp_path)]
    done = subprocess.run(mount, capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"only root mounts a file system: {done.stderr.strip()}")
    yield tmp_path
    subprocess.run(["umount", "-l", str(tmp_path)], check=True)
