"""The blur of attention over rows of features, each example's as long as its own."""

import numpy as np
from scipy.ndimage import gaussian_filter1d

from submod_core._checks import check_count
from submod_core._types import FloatArray
from submod_core.backends import Array
from submod_core.sop._arrays import operations


def blur_kernel(side: int) -> FloatArray:
    """The weights (side,) of a Gaussian blur: torchvision's width for its side, 0.15 side + 0.35.

    Raises
    ------
    ValueError
        If the side is no odd number of at least 1.

    Examples
    --------
    >>> blur_kernel(3).round(2)
    array([0.24, 0.52, 0.24])
    """
    check_count("side", side)
    if side % 2 == 0:
        raise ValueError(f"`side` (={side}) must be odd")
    radius = int(side) // 2
    impulse = np.zeros(2 * radius + 1)
    impulse[radius] = 1
    return np.asarray(
        gaussian_filter1d(impulse, 0.15 * side + 0.35, mode="constant", radius=radius)
    )


def row_blur(present: Array, side: int) -> Array:
    """A Gaussian blur over each example's own row of features, as matrices (N, n, n).

    Each is `blur_matrix((n_i,), side)` of the n_i features that an example has, and 0 beyond: the
    row is mirrored at its own end, so that padding neither takes attention nor gives any.

    Parameters
    ----------
    present : array, (N, n)
        1 for the features of an example, which come first; 0 for padding.
    side : int
        Odd.

    Returns
    -------
    array, (N, n, n)

    Raises
    ------
    ValueError
        If the side is not odd.

    Examples
    --------
    >>> row_blur(np.array([[1.0, 1.0, 0.0], [1.0, 1.0, 1.0]]), 3).round(2)
    array([[[0.76, 0.24, 0.  ],
            [0.24, 0.76, 0.  ],
            [0.  , 0.  , 0.  ]],
    <BLANKLINE>
           [[0.76, 0.24, 0.  ],
            [0.24, 0.52, 0.24],
            [0.  , 0.24, 0.76]]])
    """
    kernel, xp = blur_kernel(side), operations(present=(present, "Nn"))
    places, counts = xp.arange_like(present), xp.sum(present, -1)[:, None]
    radius, matrix = int(side) // 2, 0.0
    for offset, weight in enumerate(kernel, start=-radius):
        # The place that lies `offset` further: rows go on mirrored, with a period of 2 n_i.
        turned = places + offset - 2 * counts * xp.floor((places + offset) / (2 * counts))
        mirrored = counts - 0.5 - xp.abs(turned - counts + 0.5)
        matrix = matrix + xp.asarray_like(mirrored[..., None] == places, present) * float(weight)
    return matrix * present[:, :, None] * present[:, None, :]
