"""The losses that train a sum of parts: those of its groups, scaled by λ (SOP, Eq. 48–49)."""

from submod_core.backends import Array, Backend
from submod_core.sop._arrays import operations
from submod_core.sop.selector import contributions


def scaled_cross_entropy(partials: Array, one_hot: Array, scores: Array, scales: Array) -> Array:
    """Cross-entropy of Σ λ_i c_i y_i (SOP, Eq. 48).

    Parameters
    ----------
    partials : array, (N, m, C)
        y, the backbone's logits of each masked input.
    one_hot : array, (N, C)
        The targets, of the same dtype; other shares of classes are soft labels.
    scores : array, (N, C, m)
        c, of `select`.
    scales : array, (N, m)
        λ, of the groups.

    Returns
    -------
    array, (N,)

    Examples
    --------
    >>> import numpy as np
    >>> y, c = np.array([[[2.0, 0.0]]]), np.ones((1, 2, 1))
    >>> scaled_cross_entropy(y, np.array([[1.0, 0.0]]), c, np.array([[1.0]])).round(3)
    array([0.127])
    """
    xp = _operations(partials, scores, scales, one_hot=one_hot)
    logits = scaled_logits(partials, scores, scales)
    shifted = logits - xp.max(logits, -1)[..., None]
    whole = xp.log(xp.sum(xp.exp(shifted), -1)) * xp.sum(one_hot, -1)
    return whole - xp.sum(one_hot * shifted, -1)


def scaled_squared_error(partials: Array, targets: Array, scores: Array, scales: Array) -> Array:
    """(Σ c_i (y_i − y*) (−λ_i))², the mean over the outputs (SOP, Eq. 49).

    Parameters
    ----------
    partials, scores, scales
        As in `scaled_cross_entropy`.
    targets : array, (N, C)
        y*, of the same dtype.

    Returns
    -------
    array, (N,)

    Examples
    --------
    >>> import numpy as np
    >>> y, c, scale = np.array([[[2.0]]]), np.ones((1, 1, 1)), np.array([[0.5]])
    >>> scaled_squared_error(y, np.array([[1.0]]), c, scale)
    array([0.25])
    """
    xp = _operations(partials, scores, scales, targets=targets)
    misses = contributions(scores, partials - targets[:, None, :])
    return xp.sum(xp.sum(-misses * scales[..., None], 1) ** 2, -1) / targets.shape[-1]


def scaled_binary_cross_entropy(
    partials: Array, targets: Array, scores: Array, scales: Array
) -> Array:
    """Binary cross-entropy of Σ λ_i c_i y_i, the mean over the outputs: Eq. 48 for several labels.

    Parameters
    ----------
    partials, scores, scales
        As in `scaled_cross_entropy`.
    targets : array, (N, C)
        The share of each label, in [0, 1], of the same dtype.

    Returns
    -------
    array, (N,)

    Examples
    --------
    >>> import numpy as np
    >>> y, c = np.array([[[2.0, 0.0]]]), np.ones((1, 2, 1))
    >>> targets, scale = np.array([[1.0, 0.0]]), np.array([[1.0]])
    >>> scaled_binary_cross_entropy(y, targets, c, scale).round(3)
    array([0.41])
    """
    xp = _operations(partials, scores, scales, targets=targets)
    logits = scaled_logits(partials, scores, scales)
    # log(1 + exp(z)) − t z, without the overflow of large z.
    losses = xp.relu(logits) + xp.log(1 + xp.exp(-xp.abs(logits))) - targets * logits
    return xp.sum(losses, -1) / targets.shape[-1]


def _operations(partials: Array, scores: Array, scales: Array, **targets: Array) -> Backend:
    """The framework of the arguments of a loss, which are checked."""
    wanted = {name: (array, "NC") for name, array in targets.items()}
    given = {"partials": (partials, "NmC"), "scores": (scores, "NCm"), "scales": (scales, "Nm")}
    return operations(**given, **wanted)


def scaled_logits(partials: Array, scores: Array, scales: Array) -> Array:
    """Σ λ_i c_i y_i, (N, C): the logits that pass a gradient to groups cut hard (SOP, Eq. 48).

    Arguments are those of `scaled_cross_entropy`.

    Examples
    --------
    >>> import numpy as np
    >>> y, c = np.array([[[2.0, 0.0]]]), np.ones((1, 2, 1))
    >>> scaled_logits(y, c, np.array([[0.5]]))
    array([[1., 0.]])
    """
    xp = _operations(partials, scores, scales)
    return xp.sum(contributions(scores, partials) * scales[..., None], 1)


LOSSES = {
    "cross_entropy": scaled_cross_entropy,
    "binary_cross_entropy": scaled_binary_cross_entropy,
    "squared_error": scaled_squared_error,
}
"""Losses by the names that `submod_core.sop.targets.chosen_loss` gives."""
