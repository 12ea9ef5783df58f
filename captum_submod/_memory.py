"""Errors by which torch models say that memory ran out."""

from contextlib import AbstractContextManager

import torch

from submod_core.engine._memory import memory_errors_by, says_out_of_memory


def out_of_memory(error: BaseException) -> bool:
    """Whether an error of a model says that memory ran out, on any device.

    Examples
    --------
    >>> out_of_memory(RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasC`"))
    True
    """
    return says_out_of_memory(error, (torch.cuda.OutOfMemoryError,))


def memory_errors() -> AbstractContextManager[None]:
    """Raise the engine's `OutOfMemoryError` where memory runs out.

    Examples
    --------
    >>> with memory_errors():
    ...     raise MemoryError("Unable to allocate 7.45 GiB for an array")
    Traceback (most recent call last):
    submod_core.engine.protocol.OutOfMemoryError: Unable to allocate 7.45 GiB for an array
    """
    return memory_errors_by(out_of_memory)
