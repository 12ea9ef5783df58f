"""What the C library does with memory that a model gives back."""

from functools import cache

import numpy as np

# glibc adapts to freed blocks of at most 32 MiB.
_HINT = 31 << 20


@cache
def keep_freed_memory() -> None:
    """Let the allocator keep what models free between their layers, rather than give it back to the system.

    glibc returns large blocks when they are freed, so that every layer of every batch gets its memory anew and zeroed,
    page by page: on a processor that can take a fifth of a small network's time. It stops once a larger block has
    been freed, taking that for a sign that such sizes come and go. Once in a process is enough; a block that was never
    touched costs less than a tenth of a millisecond, and other allocators do not mind.
    """
    np.empty(_HINT, dtype=np.uint8)
