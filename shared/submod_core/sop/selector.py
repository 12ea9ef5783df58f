"""The selector: the score of each group for each class (SOP, Eq. 1 and 45)."""

from submod_core._checks import check_positive
from submod_core.backends import Array
from submod_core.sop._arrays import operations
from submod_core.sop.simplex import sparsemax


def affinities(hidden: Array, class_weights: Array, query: Array, key: Array) -> Array:
    """Affinity of each group to each class, z W_K' (C W_Q')ᵀ (SOP, Eq. 45).

    Parameters
    ----------
    hidden : array, (N, m, h)
        z, the backbone's hidden states of the masked inputs.
    class_weights : array, (C, h)
    query, key : array, (h, h)

    Returns
    -------
    array, (N, m, C)

    Examples
    --------
    >>> import numpy as np
    >>> classes = np.array([[1.0, 0.0], [3.0, 1.0]])
    >>> affinities(np.array([[[1.0, 2.0]]]), classes, np.eye(2), np.eye(2))
    array([[[1., 5.]]])
    """
    xp = operations(
        hidden=(hidden, "Nmh"),
        class_weights=(class_weights, "Ch"),
        query=(query, "hh"),
        key=(key, "hh"),
    )
    # By way of the m groups rather than of the many classes.
    return (hidden @ key) @ xp.matrix_transpose(query) @ xp.matrix_transpose(class_weights)


def select(affinity: Array, beta: float) -> Array:
    """The score of each group for each class: sparsemax of β · affinity over the groups.

    SOP, Eq. 45.

    Parameters
    ----------
    affinity : array, (N, m, C)
        Of `affinities`.
    beta : float

    Returns
    -------
    array, (N, C, m)
        At least 0, summing to 1 over the groups.

    Examples
    --------
    >>> import numpy as np
    >>> select(np.array([[[0.6, 2.0], [0.5, 0.0], [-1.0, 0.0]]]), beta=1.0)
    array([[[0.55, 0.45, 0.  ],
            [1.  , 0.  , 0.  ]]])
    """
    xp = operations(affinity=(affinity, "NmC"))
    check_positive("beta", beta)
    return sparsemax(beta * xp.matrix_transpose(affinity))


def contributions(scores: Array, partials: Array) -> Array:
    """Contribution of each group to each logit, c_i y_i (SOP, Eq. 1).

    The sum over the groups *is* the prediction.

    Parameters
    ----------
    scores : array, (N, C, m)
    partials : array, (N, m, C)
        The backbone's logits of each masked input.

    Returns
    -------
    array, (N, m, C)

    Examples
    --------
    >>> import numpy as np
    >>> contributions(np.array([[[0.25, 0.75]]]), np.array([[[4.0], [8.0]]]))
    array([[[1.],
            [6.]]])
    """
    xp = operations(scores=(scores, "NCm"), partials=(partials, "NmC"))
    return xp.matrix_transpose(scores) * partials
