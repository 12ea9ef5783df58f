"""Errors by which models behind Xplique say that memory ran out."""

from contextlib import AbstractContextManager

import tensorflow as tf

from submod_core.engine._memory import memory_errors_by, says_out_of_memory


def out_of_memory(error: BaseException) -> bool:
    """Whether an error of a model says that memory ran out, on any device.

    A torch model behind Xplique's `TorchWrapper` says so in torch's words; within a graph, Python
    functions say so in an error of TensorFlow's.

    Examples
    --------
    >>> out_of_memory(tf.errors.ResourceExhaustedError(None, None, "OOM when allocating tensor"))
    True
    >>> out_of_memory(tf.errors.InvalidArgumentError(None, None, "Matrix size-incompatible"))
    False
    """
    return says_out_of_memory(
        error, (tf.errors.ResourceExhaustedError,), (RuntimeError, tf.errors.OpError)
    )


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
