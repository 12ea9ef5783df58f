"""Allocator hint: keep the memory that a model frees between its layers."""

from functools import cache

import numpy as np

# glibc adapts to freed blocks of at most 32 MiB.
_HINT = 31 << 20


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
