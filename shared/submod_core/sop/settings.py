"""The hyper-parameters of Sum-of-Parts, and what follows from them before any input is seen."""

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.ndimage import gaussian_filter1d

from submod_core._checks import check_count
from submod_core._types import FloatArray, IntArray


class Rows(NamedTuple):
    """Which row of which head's attention makes each group: of n features row ⌊numerator n / denominator⌋.

    Attributes
    ----------
    per_head : tuple of int
        Number of groups of each head; together m.
    numerators, denominators : ndarray of intp, (m,)
    """

    per_head: tuple[int, ...]
    numerators: IntArray
    denominators: IntArray


@dataclass(frozen=True)
class SOPSettings:
    """How groups are made and scored.

    Attributes
    ----------
    groups : int
        m, the number of groups.
    top : float in (0, 1]
        τ, the share of features in each.
    heads : int
        Heads of the attention; at most `groups`.
    alpha : float, optional
        Factor of the attention's scores (SOP, Eq. 44); by default 1/√p, with p the size of a projection.
    beta : float
        Factor of the selector's scores (Eq. 45): the larger, the fewer groups are used.
    positions : float
        Weight of the features' places beside what the layer says of them: 0 for transformers, whose layers know places.
    blur : int, optional
        Side of the Gaussian kernel, odd, that smooths the attention over a grid of patches or a row of tokens; the
        papers take 5 and 15.
    continuous : bool
        v1's generator: sparsemax of the attention's scores instead of hard groups.
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
        check_top(self.top)
        if self.heads > self.groups:
            raise ValueError(f"`heads` (={self.heads}) must be at most `groups` (={self.groups})")
        for name in ("alpha", "beta"):
            value = getattr(self, name)
            if value is not None and not (math.isfinite(value) and value > 0):
                raise ValueError(f"`{name}` (={value!r}) must be a number above 0")
        if not (math.isfinite(self.positions) and self.positions >= 0):
            raise ValueError(f"`positions` (={self.positions!r}) must be a number of at least 0")
        if self.blur is not None:
            check_count("blur", self.blur)
            if self.blur % 2 == 0:
                raise ValueError(f"`blur` (={self.blur}) must be odd")
            if self.continuous:
                raise ValueError("`blur` is not part of the `continuous` generator")

    def rows(self) -> Rows:
        """Rows taken evenly over heads and queries (SOP, App. C.2.2): the same in training and afterwards.

        Examples
        --------
        >>> SOPSettings(groups=3, heads=2).rows().per_head
        (2, 1)
        """
        sizes = [len(part) for part in np.array_split(np.arange(self.groups), self.heads)]
        odd = np.concatenate([2 * np.arange(size) + 1 for size in sizes])
        return Rows(tuple(sizes), odd.astype(np.intp), np.repeat(2 * np.array(sizes), sizes).astype(np.intp))


def check_top(top: float) -> None:
    """Raise ValueError unless `top` is a share in (0, 1]."""
    if isinstance(top, bool) or not isinstance(top, int | float | np.number) or not 0 < top <= 1:
        raise ValueError(f"`top` (={top!r}) must be a share in (0, 1]")


def check_class_weights(weights: tuple[int, ...], logits: tuple[int, ...], hidden: tuple[int, ...]) -> None:
    """Raise ValueError unless weights of a shape have a row for each logit, as long as the hidden states."""
    if len(logits) != 2 or len(hidden) != 2 or weights != (logits[1], hidden[1]):
        raise ValueError(
            f"`class_weights` (of shape {weights}) must have a row for each logit of the backbone, as long as its "
            f"hidden states: logits are {logits}, hidden states {hidden}"
        )


def check_targets(shape: tuple[int | None, ...], classes: bool, n_outputs: int) -> None:
    """Raise ValueError unless targets of a shape, classes or values, are what a model with so many outputs learns."""
    rest = shape[1:]
    fits = rest in ((), (1,)) if classes else rest == (n_outputs,) or (n_outputs == 1 and not rest)
    if not fits:
        raise ValueError(
            f"`targets` ({'whole numbers' if classes else 'floats'} of shape {shape}) must be classes, (N,) of whole "
            f"numbers, or values, (N, {n_outputs}) of floats"
        )


def choose_layer(layer: str | None, places: dict[str, int], n: int) -> str:
    """The layer that embeds n features: the one asked for, or the last with as many places, or the last with any.

    Parameters
    ----------
    layer : str, optional
    places : dict of str to int
        How many places each layer keeps apart, in their order.
    n : int

    Raises
    ------
    ValueError
        If none is asked for and no layer has places.

    Examples
    --------
    >>> choose_layer(None, {"first": 64, "second": 16, "third": 4}, 16)
    'second'
    """
    if layer is not None:
        return layer
    if not places:
        raise ValueError("`backbone` has no layer that keeps places apart: give an `encoder`")
    return ([name for name, size in places.items() if size >= n] or list(places))[-1]


def initial_projections(size: int, heads: int, seed: int = 0) -> FloatArray:
    """Where W_Q and W_K start, (heads, size, size // heads), at least one column each.

    One head starts at the identity, so that a query attends to the features most like it; several at the columns of a
    random rotation, shared out.

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
    return np.stack([rotation[:, np.arange(h * width, (h + 1) * width) % size] for h in range(heads)])


def blur_matrix(grid: tuple[int, ...], side: int) -> FloatArray:
    """A Gaussian blur of features on a grid as a matrix, (n, n): symmetric, with rows that sum to 1.

    The kernel has torchvision's width for its side, σ = 0.15 side + 0.35, and the grid is mirrored at its edges, so
    that attention stays a distribution.

    Parameters
    ----------
    grid : tuple of int
        (rows, columns) of patches, or (n,) tokens.
    side : int
        Odd.

    Examples
    --------
    >>> blur_matrix((3,), 3).round(2)
    array([[0.76, 0.24, 0.  ],
           [0.24, 0.52, 0.24],
           [0.  , 0.24, 0.76]])
    """
    matrix = np.ones((1, 1))
    for length in grid:
        along = gaussian_filter1d(np.eye(length), 0.15 * side + 0.35, axis=0, mode="reflect", radius=side // 2)
        matrix = np.kron(matrix, along)
    return matrix
