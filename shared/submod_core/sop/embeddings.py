"""The embedding of a feature: its content, standardised, and its place."""

import numpy as np

from submod_core._checks import check_count
from submod_core.backends import Array
from submod_core.sop._arrays import operations


def standardised(embeddings: Array) -> Array:
    """Embeddings with mean 0 and mean square 1 along the last axis.

    Parameters
    ----------
    embeddings : array, (…, k)

    Returns
    -------
    array, (…, k)

    Examples
    --------
    >>> standardised(np.array([[1.0, 3.0]])).round(3)
    array([[-1.,  1.]])
    """
    xp = operations(embeddings=(embeddings, "…k"))
    size = embeddings.shape[-1]
    centred = embeddings - xp.sum(embeddings, -1)[..., None] / size
    return centred / (xp.sum(centred**2, -1)[..., None] / size + 1e-6) ** 0.5


def position_code(centres: Array, frequencies: int = 4) -> Array:
    """Places of features as sines and cosines.

    The product of two codes falls with the distance of their places. Layers of a convolutional
    network do not know where they look; layers of a transformer do.

    Parameters
    ----------
    centres : array, (…, axes)
        In [0, 1] along each axis.
    frequencies : int
        At least 1.

    Returns
    -------
    array, (…, 2 axes frequencies)
        With mean square 1.

    Examples
    --------
    >>> codes = position_code(np.array([[0.1], [0.2], [0.9]]), frequencies=2)
    >>> (codes[0] @ codes.T).round(2)
    array([ 4.  ,  3.52, -1.  ])
    """
    xp = operations(centres=(centres, "…a"))
    check_count("frequencies", frequencies)
    angles = [centres * (np.pi * k) for k in range(1, frequencies + 1)]
    return xp.concat([wave(angle) * 2**0.5 for angle in angles for wave in (xp.sin, xp.cos)], -1)
