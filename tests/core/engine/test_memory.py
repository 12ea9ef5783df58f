"""Memory that models free between their layers is not given back."""

import platform
import subprocess
import sys

import pytest

PROBE = """
import resource, sys
import numpy as np
from submod_core.engine._memory import keep_freed_memory

if sys.argv[1] == "kept":
    keep_freed_memory()

def layers():
    return [np.ones(3 << 20, np.uint8) for _ in range(8)]

layers()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(20):
    layers()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def faults(how):
    command = [sys.executable, "-c", PROBE, how]
    return int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other allocators keep it anyway")
def test_batch_after_batch_takes_no_new_pages():
    assert faults("kept") < 0.1 * faults("given back")
