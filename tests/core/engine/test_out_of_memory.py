"""Errors that say that memory ran out, and batches that are halved then."""

import numpy as np
import pytest

from submod_core.engine import OutOfMemoryError
from submod_core.engine._memory import fitting, in_fitting_batches, says_out_of_memory
from submod_core.engine.batching import BatchSize

SAID = [
    "CUDA out of memory. Tried to allocate 20.00 MiB (GPU 0; 139.00 GiB total capacity)",
    "HIP out of memory. Tried to allocate 20.00 MiB",
    "MPS backend out of memory (MPS allocated: 8.00 GB)",
    "CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`",
    "cuDNN error: CUDNN_STATUS_ALLOC_FAILED",
    "cuFFT error: CUFFT_ALLOC_FAILED",
    "[enforce fail at alloc_cpu.cpp:118] err == 0. DefaultCPUAllocator: can't allocate memory",
    "DefaultCPUAllocator: not enough memory: you tried to allocate 800 bytes.",
    "RESOURCE_EXHAUSTED: Out of memory while trying to allocate 800 bytes.",
    "std::bad_alloc",
]
OTHER = [
    "cuDNN error: CUDNN_STATUS_NOT_SUPPORTED",
    "CUDA error: device-side assert triggered",
    "mat1 and mat2 shapes cannot be multiplied (1x3 and 4x5)",
    "",
]


@pytest.mark.parametrize("text", SAID)
def test_what_says_that_memory_ran_out(text):
    assert says_out_of_memory(RuntimeError(text))
    assert not says_out_of_memory(ValueError(text)), "the text decides for general errors alone"


@pytest.mark.parametrize("text", OTHER)
def test_what_does_not(text):
    assert not says_out_of_memory(RuntimeError(text))


def allocate():
    np.empty(1 << 60, np.uint8)


def test_numpys_error_counts_by_its_type_and_where_another_stands_for_it():
    with pytest.raises(MemoryError) as caught:
        allocate()
    assert says_out_of_memory(caught.value)

    def hidden():  # as Keras does with errors that it cannot copy
        try:
            allocate()
        except MemoryError:
            raise RuntimeError("Exception encountered when calling Layer.call()") from None

    def caused():
        try:
            allocate()
        except MemoryError as error:
            raise ValueError("the model failed") from error

    for wrapped in (hidden, caused):
        with pytest.raises((RuntimeError, ValueError)) as caught:
            wrapped()
        assert says_out_of_memory(caught.value)


def fits(most):
    """A function of the rows of a batch that holds no more than a few of them."""

    def run(rows):
        if rows.stop - rows.start > most:
            raise OutOfMemoryError("too many")
        return list(range(rows.start, rows.stop))

    return run


@pytest.mark.parametrize("n", [1, 2, 7, 32, 33])
@pytest.mark.parametrize("most", [1, 3, 8, 100])
def test_all_rows_come_once_and_in_order(n, most, recwarn):
    batch = BatchSize(16)
    batches = list(in_fitting_batches(n, batch, fits(most)))
    assert [row for rows in batches for row in rows] == list(range(n))
    assert max(map(len, batches)) <= most
    assert bool(recwarn) == (min(n, 16) > most and len({len(b) for b in batches}) > 0)


def test_a_size_that_fits_stays_and_one_row_that_does_not_changes_nothing():
    batch = BatchSize(16)
    with pytest.warns(RuntimeWarning, match="batch of 16 images; going on with batches of 4"):
        list(in_fitting_batches(16, batch, fits(5)))
    assert batch.size == 4
    with pytest.raises(OutOfMemoryError):
        list(in_fitting_batches(4, batch, fits(0)))
    assert batch.size == 4


def test_an_attempt_is_repeated_whole():
    tried = []

    def attempt(size):
        tried.append(size)
        if size > 2:
            raise OutOfMemoryError("too many")
        return "done"

    with pytest.warns(RuntimeWarning, match="out of memory"):
        assert fitting(BatchSize(9), 9, attempt) == "done"
    assert tried == [9, 4, 2]
