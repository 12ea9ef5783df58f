"""Distributions over the last axis of plain arrays: sparsemax and softmax."""

from submod_core.backends import Array
from submod_core.sop._arrays import operations

__all__ = ["softmax", "sparsemax"]


def sparsemax(scores: Array) -> Array:
    """The nearest point of the probability simplex, along the last axis (SOP, Eq. 45).

    Parameters
    ----------
    scores : array, (…, n)
        Finite.

    Returns
    -------
    array, (…, n)
        At least 0, with many exact zeros, summing to 1; in the same framework and dtype.

    References
    ----------
    .. [1] Martins & Astudillo, "From Softmax to Sparsemax", 2016.

    Examples
    --------
    >>> import numpy as np
    >>> sparsemax(np.array([0.6, 0.5, -1.0]))
    array([0.55, 0.45, 0.  ])
    """
    xp = operations(scores=(scores, "…n"))
    centred = scores - xp.max(scores, -1)[..., None]
    return xp.relu(centred - xp.simplex_threshold(centred)[..., None])


def softmax(scores: Array) -> Array:
    """exp(scores), scaled to sum to 1 along the last axis.

    Parameters
    ----------
    scores : array, (…, n)
        Finite.

    Returns
    -------
    array, (…, n)

    Examples
    --------
    >>> import numpy as np
    >>> softmax(np.array([0.0, 0.0]))
    array([0.5, 0.5])
    """
    xp = operations(scores=(scores, "…n"))
    powers = xp.exp(scores - xp.max(scores, -1)[..., None])
    return powers / xp.sum(powers, -1)[..., None]
