"""Memory: a hint for the allocator, errors that say that it ran out, and smaller batches then."""

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import TypeVar

import numpy as np

from submod_core.engine.batching import BatchSize
from submod_core.engine.protocol import OutOfMemoryError

T = TypeVar("T")

# glibc adapts to freed blocks of at most 32 MiB.
_HINT = 31 << 20

# What frameworks say in errors of general types, in lower case: torch on processors, on CUDA, HIP,
# XPU and MPS, cuBLAS, cuDNN, cuFFT and cuSOLVER, XLA, NumPy, C++.
_WORDS = (
    "out of memory",
    "can't allocate memory",
    "not enough memory",
    "cannot allocate memory",
    "unable to allocate",
    "oom when allocating",
    "_alloc_failed",
    "std::bad_alloc",
)


@cache
def keep_freed_memory() -> None:
    """Let the allocator keep freed memory, rather than return it to the system.

    By default glibc returns large blocks when they are freed. Every layer of every batch then gets
    new memory, zeroed page by page, which can take a fifth of a small network's time on a CPU.
    After a block of such a size has been freed once, glibc keeps blocks up to that size. Once per
    process is enough: the block is never touched and costs less than a tenth of a millisecond.
    Other allocators ignore the hint.
    """
    np.empty(_HINT, dtype=np.uint8)


def says_out_of_memory(
    error: BaseException,
    certain: tuple[type[BaseException], ...] = (),
    general: tuple[type[BaseException], ...] = (RuntimeError,),
) -> bool:
    """Whether an error says that memory ran out, itself or as the error that caused it.

    Parameters
    ----------
    error : Exception
    certain : tuple of types
        Errors that say nothing else, beside `MemoryError`.
    general : tuple of types
        Errors whose text decides, and which may stand for another error that is their context, as
        Keras makes of errors that it cannot copy.

    Examples
    --------
    >>> says_out_of_memory(RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB"))
    True
    >>> says_out_of_memory(RuntimeError("cuDNN error: CUDNN_STATUS_NOT_SUPPORTED"))
    False
    """
    if isinstance(error, (MemoryError, OutOfMemoryError, *certain)):
        return True
    stands_for = error.__cause__
    if isinstance(error, general):
        text = str(error).lower()
        if any(words in text for words in _WORDS):
            return True
        stands_for = stands_for or error.__context__
    return stands_for is not None and says_out_of_memory(stands_for, certain, general)


@contextmanager
def memory_errors_by(recognise: Callable[[Exception], bool]) -> Iterator[None]:
    """Raise `OutOfMemoryError` for the errors that a function recognises, and others as they are.

    Examples
    --------
    >>> with memory_errors_by(says_out_of_memory):
    ...     raise MemoryError("of one kind or another")
    Traceback (most recent call last):
    submod_core.engine.protocol.OutOfMemoryError: of one kind or another
    """
    try:
        yield
    except Exception as error:
        if recognise(error):
            raise OutOfMemoryError(str(error)) from error
        raise


def in_fitting_batches(n: int, batch: BatchSize, run: Callable[[slice], T]) -> Iterator[T]:
    """Results of even batches of n rows; a batch that does not fit into memory is halved.

    Parameters
    ----------
    n : int
    batch : BatchSize
        Stays at the size that fits, unless a single row does not.
    run : callable
        From the rows of a batch to its result.

    Raises
    ------
    OutOfMemoryError
        If a single row does not fit.

    Examples
    --------
    >>> def run(rows):
    ...     if rows.stop - rows.start > 2:
    ...         raise OutOfMemoryError
    ...     return rows.stop - rows.start
    >>> with warnings.catch_warnings(action="ignore"):
    ...     list(in_fitting_batches(7, BatchSize(4), run))
    [2, 2, 2, 1]
    """
    start = 0
    while start < n:
        size = batch.share(n - start)
        stop = min(start + size, n)

        def attempt(most: int, start: int = start, stop: int = stop) -> tuple[T, int]:
            last = min(start + most, stop)
            return run(slice(start, last)), last

        result, start = fitting(batch, stop - start, attempt)
        yield result


def fitting(batch: BatchSize, n: int, attempt: Callable[[int], T]) -> T:
    """The result of an attempt with batches of a size, halved for as long as memory runs out.

    Parameters
    ----------
    batch : BatchSize
        Stays at the size that fits, unless a single row does not.
    n : int
        Rows of the first attempt's batches.
    attempt : callable
        From the size of batches to a result.

    Raises
    ------
    OutOfMemoryError
        If batches of one row do not fit.
    """
    before, first = batch.size, n
    while True:
        try:
            result = attempt(n)
            break
        except OutOfMemoryError:
            if n <= 1:
                batch.size = before  # smaller batches were no help: something else is too large
                raise
        # Outside of the handler, whose error holds the tensors of the failed attempt.
        batch.too_large(n)
        n = batch.size
    if n != first:
        warn_smaller(first, n)
    return result


def warn_smaller(asked: int, fitting: int) -> None:
    """Warn that batches are smaller than asked for."""
    warnings.warn(
        f"the model ran out of memory on a batch of {asked} images; going on with batches of "
        f"{fitting}",
        RuntimeWarning,
        stacklevel=4,
    )
