"""A program that kills a writer again and again, and reads the file each time.

Its arguments are the name of the writer, the file, and the number of kills.
"""

import importlib
import os
import random
import signal
import struct
import sys
import time
from collections.abc import Callable

from soak.writers import WRITERS, files_of


def forked(work: Callable[[], object]) -> int:
    """Start work in a child: frameworks have not run yet where it begins, and can be forked."""
    child = os.fork()
    if not child:
        try:
            work()
        except BaseException as error:
            print(repr(error), file=sys.stderr, flush=True)
            os._exit(1)
        os._exit(0)
    return child


def write_forever(name: str, file: str, told: int) -> None:
    """Write k = 1, 2, …; tell how long the first took. End where the program has been ended."""
    parent, files, k = os.getppid(), files_of(name), 1
    start = time.perf_counter()
    files.write(file, 1)
    os.write(told, struct.pack("d", time.perf_counter() - start))
    while os.getppid() == parent:
        k += 1
        files.write(file, k)


def kill_once(name: str, file: str) -> None:
    """Kill a writer at some moment of a write, and read what it left."""
    heard, told = os.pipe()
    child = forked(lambda: write_forever(name, file, told))
    os.close(told)
    seconds = os.read(heard, 8)
    os.close(heard)
    assert seconds, "the writer failed"
    time.sleep(random.random() * 3 * struct.unpack("d", seconds)[0])
    os.kill(child, signal.SIGKILL)
    assert os.waitpid(child, 0)[1] == signal.SIGKILL, "the writer ended by itself"
    reader = forked(lambda: files_of(name).read(file))
    assert os.waitpid(reader, 0)[1] == 0, "the file is damaged"


if __name__ == "__main__":
    name, file, kills = sys.argv[1:]
    importlib.import_module(WRITERS[name].package)
    random.seed(0)
    for _ in range(int(kills)):
        kill_once(name, file)
