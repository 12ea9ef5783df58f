"""Square patches of images, as label maps (SEA-NN, §5)."""

from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from submod_core._checks import as_numbers, check_axes, check_count, check_counts
from submod_core._types import IntArray


def square_patches(shape: tuple[int, int], size: int) -> IntArray:
    """Label map of square patches; the last row and column may be smaller.

    Raises
    ------
    ValueError
        If the size is not a whole number from 1 to the smaller side.

    Examples
    --------
    >>> square_patches((2, 3), 2)
    array([[0, 0, 1],
           [0, 0, 1]])
    """
    check_counts("shape", shape)
    _check_patch(size, shape)
    rows, columns = np.arange(shape[0]) // size, np.arange(shape[1]) // size
    return np.asarray(rows[:, None] * (int(columns[-1]) + 1) + columns, dtype=np.intp)


def sliding_patches(scores: Any, size: int, n: int) -> IntArray:
    """Label map of the n square patches of the highest mean score that do not overlap.

    Patches are placed anywhere, the best first; equal ones are taken in reading order. −1 is what
    is in none of them. There are fewer than n where no further one fits.

    Raises
    ------
    ValueError
        If the size is not a whole number from 1 to the smaller side, or n is below 1.

    Examples
    --------
    >>> sliding_patches(np.array([[0, 3, 2, 1], [0, 3, 2, 1]]), 2, 2)
    array([[-1,  0,  0, -1],
           [-1,  0,  0, -1]])
    """
    values = as_numbers("scores", scores)
    check_axes("scores", values, 2, "(H, W)")
    _check_patch(size, values.shape)
    check_count("n", n)
    means = sliding_window_view(values, (size, size)).mean((2, 3))
    labels = np.full(values.shape, -1, dtype=np.intp)
    for k in range(n):
        i, j = np.unravel_index(int(means.argmax()), means.shape)
        if means[i, j] == -np.inf:
            break
        labels[i : i + size, j : j + size] = k
        # Corners of all windows that would overlap this one.
        means[max(0, i - size + 1) : i + size, max(0, j - size + 1) : j + size] = -np.inf
    return labels


def _check_patch(size: Any, shape: tuple[int, ...]) -> None:
    """Raise ValueError unless patches of a size fit an image."""
    check_count("patch_size", size)
    if size > min(shape):
        raise ValueError(
            f"`patch_size` (={size}) must be at most the smaller side of the image, {min(shape)}"
        )
