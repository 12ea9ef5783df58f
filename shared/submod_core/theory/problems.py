"""Problems: predict, from scores for single features, a polynomial with features changed.

Features are inserted into a binomial or deleted from a monomial.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from math import comb, prod

import numpy as np

from submod_core._checks import check_callable, check_count, check_counts
from submod_core._types import BoolArray, FloatArray, IntArray

# Residuals below this are rounding noise of the solver.
_ROUNDING = 1e-9


@dataclass(frozen=True)
class Problem:
    """Choice of α ∈ ℝᵈ that minimises Σ_S |c_S − Σ_{i∈S} α_i|, or the sum of squares.

    The sum is over all S ⊆ [d] (SOP, Eq. 4 and 11). Features fall into blocks, and c depends only
    on the number of features of each block that are in S. By symmetry and convexity there is an
    optimal α that is constant on each block.

    Attributes
    ----------
    blocks : tuple of int
        Number of features in each block; together d.
    change : callable
        From counts (K, len(blocks)) to c, (K,) whole numbers: the change of the polynomial when S
        is inserted or deleted.

    Examples
    --------
    >>> problem = Problem((2,), lambda counts: counts[:, 0])
    >>> problem.subsets().sum(axis=1), problem.changes()
    (array([0, 1, 1, 2]), array([0, 1, 1, 2]))
    """

    blocks: tuple[int, ...]
    change: Callable[[IntArray], IntArray]

    def __post_init__(self) -> None:
        check_counts("blocks", self.blocks)
        check_callable("change", self.change)

    @property
    def d(self) -> int:
        """Number of features."""
        return sum(self.blocks)

    def counts(self) -> IntArray:
        """All combinations of numbers per block, (K, len(blocks)), the empty set first."""
        return np.array(list(product(*(range(size + 1) for size in self.blocks))), dtype=np.intp)

    def multiplicities(self) -> list[int]:
        """Number of subsets with each of `counts`, in exact integers."""
        return [
            prod(comb(n, k) for n, k in zip(self.blocks, row, strict=True))
            for row in self.counts().tolist()
        ]

    def subsets(self) -> BoolArray:
        """Matrix M of the papers: all 2ᵈ subsets, (2ᵈ, d).

        Raises
        ------
        ValueError
            If d is above 20.
        """
        if self.d > 20:
            raise ValueError(
                f"`blocks` (={self.blocks}) have {self.d} features: subsets are listed up to 20"
            )
        return (np.arange(2**self.d)[:, None] >> np.arange(self.d) & 1).astype(bool)

    def changes(self) -> IntArray:
        """Vector c of the papers, (2ᵈ,)."""
        # One-hot rows: the block of each feature, (d, len(blocks)).
        owners = np.repeat(np.eye(len(self.blocks), dtype=np.intp), self.blocks, axis=0)
        return self.change(self.subsets() @ owners)

    def error(self, alpha: FloatArray, squared: bool = False) -> float:
        """Total error, over all subsets, of scores constant on each block.

        Parameters
        ----------
        alpha : ndarray of float64, (len(blocks),)
        squared : bool
            Sum squares instead of absolute values.
        """
        residuals = np.abs(self.change(self.counts()) - self.counts() @ alpha)
        # Weights reach 10¹⁷: noise in a residual that should be 0 would outweigh all others.
        residuals[residuals < _ROUNDING] = 0
        return float(
            np.array(self.multiplicities(), dtype=np.float64)
            @ (residuals**2 if squared else residuals)
        )


def monomial_deletion(d: int) -> Problem:
    """Problem of deleting features from x₁ ⋯ x_d at the all-ones input (SOP, Eq. 2).

    Any deletion takes 1 away.

    Parameters
    ----------
    d : int
        Number of features, at least 1.

    Returns
    -------
    Problem

    Raises
    ------
    ValueError
        If `d` is not a whole number of at least 1.

    Examples
    --------
    >>> monomial_deletion(2).changes().tolist()
    [0, 1, 1, 1]
    """
    check_count("d", d)
    return Problem((int(d),), lambda counts: (counts[:, 0] > 0).astype(np.intp))


def binomial_insertion(n1: int, n2: int, n3: int) -> Problem:
    """Problem of inserting features into ∏_{S₁∪S₂} x_i + ∏_{S₂∪S₃} x_j (SOP, Eq. 10).

    Parameters
    ----------
    n1, n2, n3 : int
        Numbers of features of the blocks S₁, S₂ and S₃, each at least 1.

    Returns
    -------
    Problem

    Raises
    ------
    ValueError
        If one is not a whole number of at least 1.

    Examples
    --------
    >>> binomial_insertion(1, 1, 1).changes().tolist()
    [0, 0, 0, 1, 0, 0, 1, 2]
    """
    for name, value in (("n1", n1), ("n2", n2), ("n3", n3)):
        check_count(name, value)
    sizes = (int(n1), int(n2), int(n3))

    def change(counts: IntArray) -> IntArray:
        # A product is 1 once both of its blocks are inserted whole, and 0 before.
        full = counts == np.array(sizes)
        return (full[:, 0] & full[:, 1]).astype(np.intp) + (full[:, 1] & full[:, 2])

    return Problem(sizes, change)
