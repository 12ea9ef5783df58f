"""Sum-of-Parts on plain arrays: the same lines for numpy, torch and TensorFlow, differentiable in the latter two."""

from typing import NamedTuple

import numpy as np

from submod_core._arrays import Array, operations, places
from submod_core.sop.settings import Rows

_SLACK = 1e-4
"""A share of the features that is a whole number but for rounding counts as that number."""


def sparsemax(scores: Array) -> Array:
    """The nearest point of the probability simplex, along the last axis (Martins & Astudillo 2016; SOP, Eq. 45).

    Parameters
    ----------
    scores : array, (…, n)
        Finite.

    Returns
    -------
    array, (…, n)
        At least 0, with many exact zeros, summing to 1; in the same framework and dtype.

    Examples
    --------
    >>> sparsemax(np.array([0.6, 0.5, -1.0]))
    array([0.55, 0.45, 0.  ])
    """
    ops = operations(scores)
    centred = scores - ops.largest(scores, -1)[..., None]
    return ops.relu(centred - ops.simplex_threshold(centred)[..., None])


def softmax(scores: Array) -> Array:
    """exp(scores), scaled to sum to 1 along the last axis.

    Examples
    --------
    >>> softmax(np.array([0.0, 0.0]))
    array([0.5, 0.5])
    """
    ops = operations(scores)
    powers = ops.exp(scores - ops.largest(scores, -1)[..., None])
    return powers / ops.total(powers, -1)[..., None]


def standardised(embeddings: Array) -> Array:
    """Embeddings with mean 0 and mean square 1 along the last axis.

    Examples
    --------
    >>> standardised(np.array([[1.0, 3.0]])).round(3)
    array([[-1.,  1.]])
    """
    ops = operations(embeddings)
    size = embeddings.shape[-1]
    centred = embeddings - ops.total(embeddings, -1)[..., None] / size
    return centred / (ops.total(centred**2, -1)[..., None] / size + 1e-6) ** 0.5


def position_code(centres: Array, frequencies: int = 4) -> Array:
    """Where features lie, as sines and cosines: the product of two codes falls with the distance of their places.

    Layers of a convolutional network do not know where they look; those of a transformer do.

    Parameters
    ----------
    centres : array, (…, axes)
        In [0, 1] along each axis.
    frequencies : int

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
    ops = operations(centres)
    angles = [centres * (np.pi * k) for k in range(1, frequencies + 1)]
    return ops.join([wave(angle) * 2**0.5 for angle in angles for wave in (ops.sin, ops.cos)], -1)


class Groups(NamedTuple):
    """What the group generator makes of an input.

    Attributes
    ----------
    attention : array, (N, m, n)
        How strongly each group attends to each feature: rows sum to 1.
    masks : array, (N, m, n)
        Which features are in each group: 0 or 1; with v1's generator anything between, the attention itself.
    scales : array, (N, m)
        λ (SOP, Eq. 46), in [−1, 1]; 1 with v1's generator, whose masks pass the gradient.
    """

    attention: Array
    masks: Array
    scales: Array


def generate(
    embeddings: Array,
    present: Array,
    query: Array,
    key: Array,
    rows: Rows,
    *,
    alpha: float,
    top: float,
    blur: Array | None = None,
    continuous: bool = False,
) -> Groups:
    """Groups of features by self-attention (SOP, Eq. 43–44 and 46).

    Parameters
    ----------
    embeddings : array, (N, n, k)
        φ_e(x), one row for each feature.
    present : array, (N, n)
        1 for the features of an example, which come first; 0 for what pads it.
    query, key : array, (heads, k, p)
        W_Q and W_K.
    rows : Rows
        Which row of which head's attention makes each group.
    alpha : float
    top : float in (0, 1]
        Share of an example's features in each group.
    blur : array, (n, n), optional
        Applied to the attention.
    continuous : bool
        v1's generator: sparsemax of the scores as masks, neither blurred nor cut.
    """
    ops = operations(embeddings)
    counts = ops.total(present, -1)[:, None]
    where = ops.floor(ops.like(rows.numerators, counts) * counts / ops.like(rows.denominators, counts))
    picked = ops.like(where[..., None] == places(present), embeddings) @ embeddings
    absent = (present[:, None, :] - 1) * 1e9
    parts, start = [], 0
    for head, size in enumerate(rows.per_head):
        # (p W_Q)(e W_K)ᵀ, by way of the m groups rather than of the many features.
        scores = (picked[:, start : start + size] @ query[head]) @ ops.transpose(key[head]) @ ops.transpose(embeddings)
        parts.append(scores * alpha + absent)
        start += size
    scores = ops.join(parts, 1)
    if continuous:
        masks = sparsemax(scores)
        return Groups(masks, masks, masks[..., 0] * 0 + 1)
    attention = softmax(scores)
    if blur is not None:
        spread = (attention @ blur) * present[:, None, :]
        attention = spread / ops.total(spread, -1)[..., None]
    masks = top_masks(attention, present, top)
    return Groups(attention, masks, scales(attention, masks))


def top_masks(scores: Array, present: Array, top: float) -> Array:
    """1 for each row's highest features: a share `top` of those present, rounded, at least one (SOP, §3).

    Parameters
    ----------
    scores : array, (N, m, n)
        At least 0. Ties break to the first.
    present : array, (N, n)
    top : float in (0, 1]

    Examples
    --------
    >>> top_masks(np.array([[[0.1, 0.5, 0.4, 0.0, 0.0]]]), np.ones((1, 5)), 0.4)
    array([[[0., 1., 1., 0., 0.]]])
    """
    ops = operations(scores)
    counts = ops.total(present, -1)[:, None, None]
    size = 1 + ops.relu(ops.floor(counts * top + 0.5 + _SLACK) - 1)
    ranks = ops.order_up(ops.order_down(scores * present[:, None, :] + (present[:, None, :] - 1)))
    return ops.like(ops.like(ranks, scores) < size, scores) * present[:, None, :]


def scales(attention: Array, masks: Array) -> Array:
    """λ_i = Σ_top a_ij − Σ_rest a_ij (SOP, Eq. 46), (N, m): how a group that is cut hard still passes a gradient.

    Examples
    --------
    >>> scales(np.array([[[0.7, 0.2, 0.1]]]), np.array([[[1.0, 0, 0]]])).round(3)
    array([[0.4]])
    """
    return operations(attention).total(attention * (2 * masks - 1), -1)


def affinities(hidden: Array, class_weights: Array, query: Array, key: Array) -> Array:
    """How well each group fits each class, z W_K' (C W_Q')ᵀ (SOP, Eq. 45).

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
    >>> affinities(np.array([[[1.0, 2.0]]]), np.array([[1.0, 0.0], [3.0, 1.0]]), np.eye(2), np.eye(2))
    array([[[1., 5.]]])
    """
    ops = operations(hidden)
    # By way of the m groups rather than of the many classes.
    return (hidden @ key) @ ops.transpose(query) @ ops.transpose(class_weights)


def select(fits: Array, beta: float) -> Array:
    """The score of each group for each class, the sparsemax of β times `affinities` over the groups (SOP, Eq. 45).

    Parameters
    ----------
    fits : array, (N, m, C)
    beta : float

    Returns
    -------
    array, (N, C, m)
        At least 0, summing to 1 over the groups.

    Examples
    --------
    >>> select(np.array([[[0.6, 2.0], [0.5, 0.0], [-1.0, 0.0]]]), beta=1.0)
    array([[[0.55, 0.45, 0.  ],
            [1.  , 0.  , 0.  ]]])
    """
    return sparsemax(beta * operations(fits).transpose(fits))


def contributions(scores: Array, partials: Array) -> Array:
    """What each group adds to each logit, c_i y_i: (N, m, C). Their sum over groups *is* the prediction (SOP, Eq. 1).

    Parameters
    ----------
    scores : array, (N, C, m)
    partials : array, (N, m, C)
        The backbone's logits of each masked input.
    """
    return operations(scores).transpose(scores) * partials


def scaled_cross_entropy(partials: Array, one_hot: Array, scores: Array, scales: Array) -> Array:
    """Cross-entropy of Σ λ_i c_i y_i (SOP, Eq. 48).

    Parameters
    ----------
    partials : array, (N, m, C)
    one_hot : array, (N, C)
        The targets, of the same dtype.
    scores : array, (N, C, m)
    scales : array, (N, m)

    Returns
    -------
    array, (N,)

    Examples
    --------
    >>> y, c = np.array([[[2.0, 0.0]]]), np.ones((1, 2, 1))
    >>> scaled_cross_entropy(y, np.array([[1.0, 0.0]]), c, np.array([[1.0]])).round(3)
    array([0.127])
    """
    ops = operations(partials)
    logits = ops.total(contributions(scores, partials) * scales[..., None], 1)
    shifted = logits - ops.largest(logits, -1)[..., None]
    return ops.log(ops.total(ops.exp(shifted), -1)) - ops.total(one_hot * shifted, -1)


def scaled_squared_error(partials: Array, targets: Array, scores: Array, scales: Array) -> Array:
    """(Σ c_i (y_i − y*) (−λ_i))², the mean over the outputs (SOP, Eq. 49).

    Parameters
    ----------
    partials : array, (N, m, C)
    targets : array, (N, C)
    scores : array, (N, C, m)
    scales : array, (N, m)

    Returns
    -------
    array, (N,)

    Examples
    --------
    >>> scaled_squared_error(np.array([[[2.0]]]), np.array([[1.0]]), np.ones((1, 1, 1)), np.array([[0.5]]))
    array([0.25])
    """
    ops = operations(partials)
    misses = contributions(scores, partials - targets[:, None, :])
    return ops.total(ops.total(-misses * scales[..., None], 1) ** 2, -1) / targets.shape[-1]
