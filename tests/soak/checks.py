"""The checks of one case, the same in both hosts."""

import gc
import os
import re
import sys
import threading
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import numpy as np
import pytest

from soak.amounts import CALLS, THREADED, points
from soak.faults import Case, Meter, Snapshot, Subject, check_same
from submod_core.engine import NonFiniteOutputError, OutOfMemoryError

# Calls of the model in which an object finds out about it.
FIRST = 4

# Batches of another size: the same sums in another order.
ROUNDING = 2e-5


class FaultError(Exception):
    """An exception of a model's own, which no library expects."""


def begun(case: Case) -> tuple[Meter, Subject, Any, list[int]]:
    """A subject, its result, and the number of inputs in each of its calls of the model."""
    meter = Meter()
    subject = case.make(meter)
    subject.call(subject.inputs)  # traced, where it is
    meter.set()
    wanted = subject.call(subject.inputs)
    return meter, subject, wanted, list(meter.rows)


def check_exceptions(case: Case, kind: type[BaseException], converted: type[Exception]) -> None:
    """An exception at the k-th call comes out, and leaves everything as it was."""
    meter, subject, wanted, rows = begun(case)
    for k in points(len(rows)):
        before = Snapshot(subject)
        meter.set(k, lambda: kind("at a chosen call"))
        with pytest.raises((kind, converted) if case.graph else kind, match="at a chosen call"):
            subject.call(subject.inputs)
        before.check()
        check_works(meter, subject, wanted)


def check_first_call(case: Case, fault: Callable[[], BaseException] | float) -> None:
    """An object whose very first call failed, at any call of the model, then works as any other."""
    _, _, wanted, _ = begun(case)
    counted = Meter()
    subject = case.make(counted)
    counted.set()
    subject.call(subject.inputs)
    for k in points(len(counted.rows))[:FIRST]:
        meter = Meter()
        subject = case.make(meter)
        meter.set(k, fault)
        with suppress(BaseException), warnings.catch_warnings(action="ignore"):
            subject.call(subject.inputs)  # where memory runs out it may come to an end
        check_works(meter, subject, wanted)


def check_nan(case: Case) -> None:
    """An answer of NaN at the k-th call is an error that names the example and the argument."""
    meter, subject, wanted, rows = begun(case)
    for k in points(len(rows)):
        meter.set(k, float("nan"))
        with pytest.raises(NonFiniteOutputError) as caught:
            subject.call(subject.inputs)
        assert re.search(case.says, str(caught.value)), caught.value
        check_works(meter, subject, wanted)


def check_memory(case: Case, out_of_memory: Callable[[], BaseException]) -> None:
    """Where memory runs out at the k-th call the result is the same, with a warning.

    A batch of one input cannot be halved: there it is an error.
    """
    _, _, wanted, rows = begun(case)
    for k in points(len(rows)):
        meter, subject, *_ = begun(case)  # another, as batches stay at the size that fits
        meter.set(k, out_of_memory)
        if rows[k - 1] == 1:
            with pytest.raises(OutOfMemoryError):
                subject.call(subject.inputs)
        else:
            with pytest.warns(RuntimeWarning, match="ran out of memory"):
                check_same(subject.call(subject.inputs), wanted, ROUNDING)
        check_works(meter, subject, wanted)


def check_works(meter: Meter, subject: Subject, wanted: Any) -> None:
    """Check that the object works as before, but for batches that stayed smaller."""
    meter.set()
    check_same(subject.call(subject.inputs), wanted, ROUNDING)


def check_threads(case: Case) -> None:
    """Concurrent calls of one object give the results of calls one after the other."""
    subject = case.make(Meter())
    inputs = [subject.inputs + np.float32(0.05 * (i % 4)) for i in range(THREADED)]
    wanted = [subject.call(x) for x in inputs]
    before, interval = Snapshot(subject), sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        with ThreadPoolExecutor(4) as pool:
            found = list(pool.map(subject.call, inputs))
    finally:
        sys.setswitchinterval(interval)
    for one, other in zip(found, wanted, strict=True):
        check_same(one, other)
    before.check()


def resources() -> np.ndarray:
    """Resident memory in bytes, open files, threads of the process."""
    gc.collect()
    with open("/proc/self/statm", "rb") as file:
        pages = int(file.read().split()[1])
    threads = len(os.listdir("/proc/self/task"))
    return np.array([pages * os.sysconf("SC_PAGE_SIZE"), len(os.listdir("/proc/self/fd")), threads])


def check_flat(call: Callable[[], Any], kept: int, calls: int = CALLS) -> np.ndarray:
    """Memory, open files and threads stay flat over many calls; return the growth of both halves.

    The first half may fill caches and pools. In the second, files and threads do not grow at all,
    and memory by less than a quarter of what a call that kept `kept` bytes would make of it: less
    than that is the allocator's, which rounds and splits. A small number of calls is too few for
    memory, whose bound is at least 4 MiB.

    Parameters
    ----------
    call : callable
    kept : int
        Bytes of what a call is given: the least that a leak would keep of each.
    """
    call()
    seen = [resources()]
    for _ in range(2):
        for _ in range(calls // 2):
            call()
        seen.append(resources())
    first, second = np.diff(seen, axis=0)
    assert (second[1:] <= 0).all(), f"open files and threads grew by {second[1:]}"
    assert threading.active_count() <= 8, threading.enumerate()
    most = max(kept * (calls // 2) / 4, 4 << 20)
    assert second[0] <= max(most, first[0] / 4), f"memory grew by {first[0]}, then {second[0]}"
    return np.stack([first, second])
