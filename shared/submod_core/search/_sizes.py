"""Sizes of elements, as far as they count."""

import numpy as np
from numpy.typing import ArrayLike

from submod_core._checks import as_numbers
from submod_core._types import FloatArray

# Sizes count where the largest is more than so many times the smallest. SLICO's regions stay below:
# on them guided search was no better for comparing sizes.
_ALIKE = 4.0


def relative_sizes(sizes: ArrayLike, n: int) -> FloatArray:
    """Sizes of n elements over their mean, (n,); all 1 where they are nearly alike.

    Raises
    ------
    ValueError
        If `sizes` are not n numbers of at least 0.

    Examples
    --------
    >>> relative_sizes([1, 5, 0], 3), relative_sizes([1, 2, 4], 3)
    (array([0.42857143, 2.14285714, 0.42857143]), array([1., 1., 1.]))
    """
    given = as_numbers("sizes", sizes)
    if given.shape != (n,) or (given < 0).any():
        raise ValueError(f"`sizes` (={sizes!r}) must be {n} numbers of at least 0")
    if not given.any():
        return np.ones(n)
    given = np.maximum(given, given[given > 0].min())
    alike = given.max() <= _ALIKE * given.min()
    return np.ones(n) if alike else np.asarray(given / given.mean())
