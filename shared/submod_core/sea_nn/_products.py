"""Products in a chain of gradients whose slopes may be infinite."""

import math

import numpy as np

from submod_core._types import AnyArray


def times(gradient: AnyArray, slope: AnyArray) -> AnyArray:
    """The product by elements, where a gradient of 0 stops an infinite slope.

    Examples
    --------
    >>> times(np.array([0.0, 2.0]), np.array([np.inf, 0.5]))
    array([0., 1.])
    """
    with np.errstate(invalid="ignore"):
        return np.where(gradient > 0, gradient * slope, 0)


def product(vector: AnyArray, matrix: AnyArray) -> AnyArray:
    """Vector @ matrix, where a weight of 0 stops an infinity of the vector.

    Examples
    --------
    >>> product(np.array([np.inf, 1.0]), np.array([[0.0, 2.0], [3.0, 0.0]]))
    array([ 3., inf])
    """
    if np.isfinite(vector).all():
        return np.asarray(vector @ matrix)
    # 0 · ∞ would be NaN: the finite part is multiplied alone, and columns that an infinity reaches
    # by a weight above 0 become infinite.
    endless = np.isinf(vector)
    finite = np.where(endless, 0, vector) @ matrix
    return np.where((matrix[endless] > 0).any(axis=0), math.inf, finite)
