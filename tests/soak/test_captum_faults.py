"""Faults at every k-th call of a model under Captum, threads, and many calls."""

import pytest
import torch

from soak import checks
from soak.captum_cases import CASES

every = pytest.mark.parametrize("case", CASES.values(), ids=CASES)


@every
@pytest.mark.parametrize("kind", [checks.FaultError, KeyboardInterrupt])
def test_an_exception_passes_through_and_leaves_everything_as_it_was(case, kind):
    checks.check_exceptions(case, kind, kind)


@every
def test_nan_is_an_error_that_names_example_and_argument(case):
    checks.check_nan(case)


HALVED = {name: case for name, case in CASES.items() if case.smaller}


@pytest.mark.parametrize("case", HALVED.values(), ids=HALVED)
def test_where_memory_runs_out_the_result_is_the_same(case):
    checks.check_memory(case, lambda: torch.OutOfMemoryError("CUDA out of memory."))


@every
def test_threads_give_the_serial_results(case):
    checks.check_threads(case)


@every
def test_memory_files_and_threads_stay_flat(case):
    subject = case.make(checks.Meter())
    checks.check_flat(lambda: subject.call(subject.inputs), subject.inputs.numpy().nbytes)
