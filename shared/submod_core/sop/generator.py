"""The group generator: groups of features by self-attention (SOP, Eq. 43–44 and 46)."""

from dataclasses import dataclass
from typing import NamedTuple

from submod_core._types import IntArray
from submod_core.backends import Array, backend_of
from submod_core.sop._arrays import check_top, operations
from submod_core.sop.simplex import softmax, sparsemax

_SLACK = 1e-4
"""A share of the features that is a whole number but for rounding counts as that number."""


class Rows(NamedTuple):
    """The row of a head's attention that makes each group.

    Of n features it is row ⌊numerator n / denominator⌋.

    Attributes
    ----------
    per_head : tuple of int
        Number of groups of each head; together m.
    numerators, denominators : ndarray of intp, (m,)
    """

    per_head: tuple[int, ...]
    numerators: IntArray
    denominators: IntArray


class Groups(NamedTuple):
    """The groups of features of each input.

    Attributes
    ----------
    attention : array, (N, m, n)
        Attention of each group to each feature: rows sum to 1.
    masks : array, (N, m, n)
        1 for the features of each group, 0 for the others; with v1's generator anything between,
        the attention itself.
    scales : array, (N, m)
        λ (SOP, Eq. 46), in [−1, 1]; 1 with v1's generator, whose masks pass the gradient.
    """

    attention: Array
    masks: Array
    scales: Array

    def without_top(self, present: Array) -> "Groups":
        """The groups that hold all features present, (N, n), but those of these groups."""
        return self._replace(masks=present[:, None] - self.masks)


@dataclass(frozen=True, eq=False)
class GroupGenerator:
    """Self-attention over the features of an input, one group for each of its rows.

    Attributes
    ----------
    query, key : array, (heads, k, p)
        W_Q and W_K.
    rows : Rows
        The row of a head's attention that makes each group.
    alpha : float
        Factor of the attention's scores (SOP, Eq. 44).
    blur : array, (n, n) or (N, n, n), optional
        Applied to the attention: of features on a grid, or of each example's own row.
    continuous : bool
        v1's generator: sparsemax of the scores as masks, neither blurred nor cut.

    References
    ----------
    .. [1] Sum-of-Parts: Self-Attributing Neural Networks with End-to-End Learning of Feature
       Groups: Eq. 43–44 and 46, App. B.

    Examples
    --------
    >>> import numpy as np
    >>> rows = Rows((1,), np.array([1]), np.array([2]))
    >>> generator = GroupGenerator(np.eye(2)[None], np.eye(2)[None], rows, alpha=1.0)
    >>> embeddings = np.array([[[1.0, 0.0], [0.0, 1.0], [0.0, 2.0]]])
    >>> generator.generate(embeddings, np.ones((1, 3)), top=0.5).masks
    array([[[0., 1., 1.]]])
    """

    query: Array
    key: Array
    rows: Rows
    alpha: float
    blur: Array | None = None
    continuous: bool = False

    def generate(self, embeddings: Array, present: Array, top: float) -> Groups:
        """The groups of each input.

        Parameters
        ----------
        embeddings : array, (N, n, k)
            φ_e(x), one row for each feature.
        present : array, (N, n)
            1 for the features of an example, which come first; 0 for padding.
        top : float in (0, 1]
            Share of an example's features in each group.
        """
        scores = self._scores(embeddings, present)
        if self.continuous:
            masks = sparsemax(scores)
            return Groups(masks, masks, masks[..., 0] * 0 + 1)
        attention = softmax(scores)
        if self.blur is not None:
            # The blur may spread attention onto padding: it is taken away, and the rest sums to 1.
            spread = (attention @ self.blur) * present[:, None, :]
            attention = spread / backend_of(spread).sum(spread, -1)[..., None]
        masks = top_masks(attention, present, top)
        return Groups(attention, masks, scales(attention, masks))

    def _scores(self, embeddings: Array, present: Array) -> Array:
        """The scores of the attention before it is normalised, (N, m, n)."""
        xp = backend_of(embeddings)
        # Groups are rows at fixed shares of the features, (2i + 1) / 2m of the way. An example
        # with fewer features than its batch takes the same shares of its own. A one-hot matrix
        # picks the rows: frameworks index by example in different ways, but multiply alike.
        counts = xp.sum(present, -1)[:, None]
        where = xp.floor(
            xp.asarray_like(self.rows.numerators, counts)
            * counts
            / xp.asarray_like(self.rows.denominators, counts)
        )
        is_row = where[..., None] == xp.arange_like(present)
        picked = xp.asarray_like(is_row, embeddings) @ embeddings
        # Padding gets a score so low that its attention is exactly 0.
        absent = (present[:, None, :] - 1) * 1e9
        parts, start = [], 0
        for head, size in enumerate(self.rows.per_head):
            # (p W_Q)(e W_K)ᵀ, by way of the m groups rather than of the many features.
            scores = (
                (picked[:, start : start + size] @ self.query[head])
                @ xp.matrix_transpose(self.key[head])
                @ xp.matrix_transpose(embeddings)
            )
            parts.append(scores * self.alpha + absent)
            start += size
        return xp.concat(parts, 1)


def top_masks(scores: Array, present: Array, top: float) -> Array:
    """1 for the highest features of each row, 0 for the others (SOP, §3).

    Their number is a share `top` of the features present, rounded, and at least one.

    Parameters
    ----------
    scores : array, (N, m, n)
        At least 0. Ties break to the first.
    present : array, (N, n)
    top : float in (0, 1]

    Returns
    -------
    array, (N, m, n)

    Examples
    --------
    >>> import numpy as np
    >>> top_masks(np.array([[[0.1, 0.5, 0.4, 0.0, 0.0]]]), np.ones((1, 5)), 0.4)
    array([[[0., 1., 1., 0., 0.]]])
    """
    xp = operations(scores=(scores, "Nmn"), present=(present, "Nn"))
    check_top(top)
    counts = xp.sum(present, -1)[:, None, None]
    # max(1, ⌊count top + ½⌋); backends have no maximum of two arrays, so relu stands for it.
    size = 1 + xp.relu(xp.floor(counts * top + 0.5 + _SLACK) - 1)
    # The rank of each feature in its row is the order of the order; padding ranks last. Masks made
    # of ranks hold exactly `size` features where values tie; masks made of a threshold do not.
    ranks = xp.argsort(
        xp.argsort(scores * present[:, None, :] + (present[:, None, :] - 1), descending=True)
    )
    return xp.asarray_like(xp.asarray_like(ranks, scores) < size, scores) * present[:, None, :]


def scales(attention: Array, masks: Array) -> Array:
    """λ_i = Σ_top a_ij − Σ_rest a_ij (SOP, Eq. 46), by which a group cut hard passes a gradient.

    Parameters
    ----------
    attention, masks : array, (N, m, n)

    Returns
    -------
    array, (N, m)
        In [−1, 1].

    Examples
    --------
    >>> import numpy as np
    >>> scales(np.array([[[0.7, 0.2, 0.1]]]), np.array([[[1.0, 0, 0]]])).round(3)
    array([[0.4]])
    """
    xp = operations(attention=(attention, "Nmn"), masks=(masks, "Nmn"))
    return xp.sum(attention * (2 * masks - 1), -1)
