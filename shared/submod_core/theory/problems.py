"""How well scores for single features can predict what inserting or deleting features does to a polynomial."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from math import comb, prod

import numpy as np

from submod_core._checks import check_count
from submod_core._types import BoolArray, FloatArray, IntArray

_ROUNDING = 1e-9


@dataclass(frozen=True)
class Problem:
    """Choose α ∈ ℝᵈ to minimise Σ_S |c_S − Σ_{i∈S} α_i| (or its square) over all S ⊆ [d] (SOP, Eq. 4 and 11).

    Features fall into blocks, and c depends only on how many of each block are in S. By symmetry and convexity there is
    an optimal α that is constant on each block.

    Attributes
    ----------
    blocks : tuple of int
        Number of features in each block; together d.
    change : callable
        From counts (K, len(blocks)) to c, (K,) whole numbers: what the polynomial does when S is inserted or deleted.
    """

    blocks: tuple[int, ...]
    change: Callable[[IntArray], IntArray]

    @property
    def d(self) -> int:
        """Number of features."""
        return sum(self.blocks)

    def counts(self) -> IntArray:
        """All ways to take some of each block, (K, len(blocks)), the empty one first."""
        return np.array(list(product(*(range(size + 1) for size in self.blocks))), dtype=np.intp)

    def multiplicities(self) -> list[int]:
        """How many subsets have each of `counts`: exact, whatever their size."""
        return [prod(comb(n, k) for n, k in zip(self.blocks, row, strict=True)) for row in self.counts().tolist()]

    def subsets(self) -> BoolArray:
        """All 2ᵈ subsets, (2ᵈ, d): the matrix M of the papers.

        Raises
        ------
        ValueError
            If d is above 20.
        """
        if self.d > 20:
            raise ValueError(f"`blocks` (={self.blocks}) have {self.d} features: subsets are listed up to 20")
        return (np.arange(2**self.d)[:, None] >> np.arange(self.d) & 1).astype(bool)

    def changes(self) -> IntArray:
        """The vector c of the papers, (2ᵈ,)."""
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
        residuals[residuals < _ROUNDING] = 0  # the weights beside it are as large as 10¹⁷
        return float(np.array(self.multiplicities(), dtype=np.float64) @ (residuals**2 if squared else residuals))


def monomial_deletion(d: int) -> Problem:
    """Deleting features from x₁ ⋯ x_d at the all-ones input: any deletion takes 1 away (SOP, Eq. 2).

    Parameters
    ----------
    d : int
        Number of features, at least 1.

    Raises
    ------
    TypeError, ValueError
        If d is no whole number of at least 1.

    Examples
    --------
    >>> monomial_deletion(2).changes().tolist()
    [0, 1, 1, 1]
    """
    check_count("d", d)
    return Problem((int(d),), lambda counts: (counts[:, 0] > 0).astype(np.intp))


def binomial_insertion(n1: int, n2: int, n3: int) -> Problem:
    """Inserting features into ∏_{S₁∪S₂} x_i + ∏_{S₂∪S₃} x_j, blocks of n1, n2 and n3 features (SOP, Eq. 10).

    Parameters
    ----------
    n1, n2, n3 : int
        Each at least 1.

    Raises
    ------
    TypeError, ValueError
        If one is no whole number of at least 1.

    Examples
    --------
    >>> binomial_insertion(1, 1, 1).changes().tolist()
    [0, 0, 0, 1, 0, 0, 1, 2]
    """
    for name, value in (("n1", n1), ("n2", n2), ("n3", n3)):
        check_count(name, value)
    sizes = (int(n1), int(n2), int(n3))

    def change(counts: IntArray) -> IntArray:
        full = counts == np.array(sizes)
        return (full[:, 0] & full[:, 1]).astype(np.intp) + (full[:, 1] & full[:, 2])

    return Problem(sizes, change)
