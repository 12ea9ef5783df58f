"""Faults at every k-th call of a model under Xplique, threads, and many calls."""

import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import tensorflow as tf

from soak import checks
from soak.xplique_cases import CASES, TARGETS, X
from xplique_submod import LiMA

pytestmark = pytest.mark.filterwarnings("ignore:the model.s outputs are probabilities already")
every = pytest.mark.parametrize("case", CASES.values(), ids=CASES)


@every
def test_an_exception_passes_through_and_leaves_everything_as_it_was(case):
    """Within a graph TensorFlow makes an error of its own of any exception, with its text."""
    checks.check_exceptions(case, checks.FaultError, tf.errors.OpError)


EAGER = {name: case for name, case in CASES.items() if not case.graph}


@pytest.mark.parametrize("case", EAGER.values(), ids=EAGER)
def test_so_does_an_interrupt(case):
    checks.check_exceptions(case, KeyboardInterrupt, KeyboardInterrupt)


@pytest.mark.parametrize("case", EAGER.values(), ids=EAGER)
@pytest.mark.parametrize("fault", [checks.FaultError, float("nan"), MemoryError], ids=str)
def test_an_object_whose_first_call_failed_works_as_any_other(case, fault):
    checks.check_first_call(case, fault)


@every
def test_nan_is_an_error_that_names_example_and_argument(case):
    checks.check_nan(case)


HALVED = {name: case for name, case in CASES.items() if case.smaller}


@pytest.mark.parametrize("case", HALVED.values(), ids=HALVED)
def test_where_memory_runs_out_the_result_is_the_same(case):
    checks.check_memory(case, lambda: MemoryError("Unable to allocate 8 GiB for an array"))


@every
def test_threads_give_the_serial_results(case):
    checks.check_threads(case)


@every
def test_memory_files_and_threads_stay_flat(case):
    subject = case.make(checks.Meter())
    checks.check_flat(lambda: subject.call(subject.inputs), X.nbytes)


def test_each_thread_reads_its_own_batch():
    """The reader keeps the last batch that it was asked about, whichever thread asked."""
    lima = LiMA(lambda x: np.asarray(x).reshape(len(x), -1) @ np.eye(192, 4), regions=(2, 2))

    def own(i):
        for _ in range(50):
            oracle = lima._oracle(X + np.float32(i), TARGETS)
            if oracle.reader.fitted(oracle.batch, 8).inputs is not oracle.batch.inputs:
                return False
        return True

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(4) as pool:
            assert all(pool.map(own, range(4)))
    finally:
        sys.setswitchinterval(interval)
