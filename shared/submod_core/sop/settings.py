"""The hyper-parameters of Sum-of-Parts, and what follows from them before any input is seen."""

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter1d

from submod_core._checks import (
    check_amount,
    check_count,
    check_counts,
    check_flag,
    check_positive,
    check_share,
)
from submod_core._docs import documented
from submod_core._types import FloatArray
from submod_core.backends import Array
from submod_core.sop.generator import GroupGenerator, Rows
from submod_core.sop.options import OPTIONS
from submod_core.sop.row_blur import blur_kernel


@documented(OPTIONS)
@dataclass(frozen=True)
class SOPSettings:
    """Settings of the group generator and of the selector.

    Attributes
    ----------
    {attentions}

    Raises
    ------
    ValueError
        If one is out of range.

    Examples
    --------
    >>> SOPSettings(groups=10, top=0.3).rows().per_head
    (10,)
    """

    groups: int = 20
    top: float = 0.2
    heads: int = 1
    alpha: float | None = None
    beta: float = 1.0
    positions: float = 0.0
    blur: int | None = None
    continuous: bool = False

    def __post_init__(self) -> None:
        check_count("groups", self.groups)
        check_count("heads", self.heads)
        check_share("top", self.top)
        if self.heads > self.groups:
            raise ValueError(f"`heads` (={self.heads}) must be at most `groups` (={self.groups})")
        for name in ("alpha", "beta"):
            value = getattr(self, name)
            if name == "beta" or value is not None:
                check_positive(name, value)
        check_flag("continuous", self.continuous)
        check_amount("positions", self.positions)
        if self.blur is not None:
            check_count("blur", self.blur)
            if self.blur % 2 == 0:
                raise ValueError(f"`blur` (={self.blur}) must be odd")
            if self.continuous:
                raise ValueError("`blur` is not part of the `continuous` generator")

    def rows(self) -> Rows:
        """Rows taken evenly over heads and queries (SOP, App. C.2.2).

        A model takes the same rows in training and afterwards.

        Examples
        --------
        >>> SOPSettings(groups=3, heads=2).rows().per_head
        (2, 1)
        """
        # Group i of a head's s groups stands at (2i + 1) / 2s of the features: the middle of its
        # share of them.
        sizes = [len(part) for part in np.array_split(np.arange(self.groups), self.heads)]
        odd = np.concatenate([2 * np.arange(size) + 1 for size in sizes])
        return Rows(
            tuple(sizes), odd.astype(np.intp), np.repeat(2 * np.array(sizes), sizes).astype(np.intp)
        )

    def blur_of(self, grid: tuple[int, ...] | None) -> FloatArray | None:
        """The matrix (n, n) that smooths the attention over a grid of features; None without blur.

        Raises
        ------
        ValueError
            If there is no grid to blur over.

        Examples
        --------
        >>> SOPSettings(blur=3).blur_of((4, 4)).shape, SOPSettings().blur_of(None)
        ((16, 16), None)
        """
        if self.blur is None:
            return None
        if grid is None:
            raise ValueError(
                f"`blur` (={self.blur}) needs features on a grid: patches, or a row of tokens"
            )
        return blur_matrix(grid, self.blur)

    def generator(
        self, query: Array, key: Array, fractions: tuple[Array, Array], blur: Array | None
    ) -> GroupGenerator:
        """The group generator of a model's weights.

        Parameters
        ----------
        query, key : array, (heads, k, p)
        fractions : tuple of two arrays, (m,)
            Numerators and denominators of the rows, as the model has saved them.
        blur : array, (n, n) or (N, n, n), optional
        """
        rows = self.rows()._replace(numerators=fractions[0], denominators=fractions[1])
        alpha = self.alpha or query.shape[-1] ** -0.5
        return GroupGenerator(query, key, rows, alpha, blur, self.continuous)


def chosen_top(top: float | None, default: float) -> float:
    """The share of features that a call asks for, or the model's own.

    Raises
    ------
    ValueError
        If it is no share in (0, 1].

    Examples
    --------
    >>> chosen_top(None, 0.2), chosen_top(0.5, 0.2)
    (0.2, 0.5)
    """
    chosen = default if top is None else top
    check_share("top", chosen)
    return chosen


def check_class_weights(
    weights: tuple[int, ...], logits: tuple[int, ...], hidden: tuple[int, ...]
) -> None:
    """Raise ValueError unless weights have a row for each logit, as long as the hidden states.

    Parameters
    ----------
    weights, logits, hidden : tuple of int
        The shapes of the weights, and of the backbone's logits and hidden states.
    """
    if len(logits) != 2 or len(hidden) != 2 or weights != (logits[1], hidden[1]):
        raise ValueError(
            f"`class_weights` (of shape {weights}) must have a row for each logit of the backbone, "
            f"as long as its hidden states: logits are {logits}, hidden states {hidden}"
        )


def initial_projections(size: int, heads: int, seed: int = 0) -> FloatArray:
    """The start of W_Q and of W_K, (heads, size, size // heads), at least one column each.

    One head starts at the identity, so that a query attends to the features most like it. Several
    heads start at the columns of a random rotation, shared out.

    Parameters
    ----------
    size : int
        k, the size of an embedding.
    heads, seed : int

    Examples
    --------
    >>> initial_projections(2, 1)
    array([[[1., 0.],
            [0., 1.]]])
    """
    if heads == 1:
        return np.eye(size)[None]
    rotation = np.linalg.qr(np.random.default_rng(seed).normal(size=(size, size)))[0]
    width = max(1, size // heads)
    return np.stack(
        [rotation[:, np.arange(h * width, (h + 1) * width) % size] for h in range(heads)]
    )


def blur_matrix(grid: tuple[int, ...], side: int) -> FloatArray:
    """A Gaussian blur of features on a grid as a matrix, (n, n).

    It is symmetric, and its rows sum to 1.

    The kernel has torchvision's width for its side, σ = 0.15 side + 0.35, and the grid is mirrored
    at its edges, so that attention stays a distribution.

    Parameters
    ----------
    grid : tuple of int
        (rows, columns) of patches, or (n,) tokens.
    side : int
        Odd.

    Raises
    ------
    ValueError
        If a number is out of range.

    Examples
    --------
    >>> blur_matrix((3,), 3).round(2)
    array([[0.76, 0.24, 0.  ],
           [0.24, 0.52, 0.24],
           [0.  , 0.24, 0.76]])
    """
    check_counts("grid", grid)
    blur_kernel(side)  # checks it
    side, matrix = int(side), np.ones((1, 1))
    for length in grid:
        along = gaussian_filter1d(
            np.eye(length), 0.15 * side + 0.35, axis=0, mode="reflect", radius=side // 2
        )
        matrix = np.kron(matrix, along)
    return matrix
