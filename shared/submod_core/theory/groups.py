"""Theorem 6: scores for groups of features have no error at all, whatever the polynomial."""

from dataclasses import dataclass

import numpy as np

from submod_core._types import BoolArray, FloatArray


@dataclass(frozen=True)
class Polynomial:
    """A polynomial without a constant term.

    Attributes
    ----------
    coefficients : ndarray of float64, (K,)
    exponents : ndarray of int, (K, d)
        Not all zero in any row.
    """

    coefficients: FloatArray
    exponents: FloatArray

    def __post_init__(self) -> None:
        exponents = np.asarray(self.exponents)
        if exponents.ndim != 2 or len(exponents) != len(self.coefficients):
            raise ValueError(f"`exponents` (of shape {exponents.shape}) must have one row for each coefficient")
        if (exponents < 0).any() or not exponents.any(axis=1).all():
            raise ValueError("`exponents` must be at least 0, and not all 0 in any row")

    def terms(self, x: FloatArray) -> FloatArray:
        """The value of each term at points (…, d): (…, K)."""
        return np.asarray(self.coefficients * np.prod(np.asarray(x)[..., None, :] ** self.exponents, axis=-1))

    def __call__(self, x: FloatArray) -> FloatArray:
        """The value at points (…, d): (…,)."""
        return np.asarray(self.terms(x).sum(axis=-1))


@dataclass(frozen=True)
class GroupedAttribution:
    """Groups of features and what each contributes.

    Attributes
    ----------
    groups : ndarray of bool, (m, d)
    contributions : ndarray of float64, (m,)
    """

    groups: BoolArray
    contributions: FloatArray


def attribute_to_groups(polynomial: Polynomial, x: FloatArray) -> GroupedAttribution:
    """One group for each set of features that occurs together; it contributes the sum of its terms (SOP, Theorem 6).

    Parameters
    ----------
    polynomial : Polynomial
    x : ndarray of float64, (d,)

    Examples
    --------
    >>> product = Polynomial(np.array([2.0]), np.array([[1, 1]]))
    >>> attribute_to_groups(product, np.array([3.0, 1.0])).contributions
    array([6.])
    """
    groups, owners = np.unique(np.asarray(polynomial.exponents) > 0, axis=0, return_inverse=True)
    contributions = np.bincount(owners.ravel(), weights=polynomial.terms(x)).astype(np.float64)
    return GroupedAttribution(groups, contributions)


def insertion_errors(polynomial: Polynomial, x: FloatArray, attribution: GroupedAttribution) -> FloatArray:
    """|p(x_S) − p(0) − Σ_{G_i ⊆ S} α_i| of each of the 2ᵈ subsets S (SOP, Definition 2).

    v1's Definition 5 prints S ⊆ G_i, with which its Corollary 1 is false.

    Parameters
    ----------
    polynomial : Polynomial
        In at most 16 features.
    x : ndarray of float64, (d,)
    attribution : GroupedAttribution

    Returns
    -------
    ndarray of float64, (2ᵈ,)

    Examples
    --------
    >>> product = Polynomial(np.array([2.0]), np.array([[1, 1]]))
    >>> x = np.array([3.0, 1.0])
    >>> insertion_errors(product, x, attribute_to_groups(product, x)).max()
    np.float64(0.0)
    """
    subsets = _subsets(len(x))
    inside = ~(attribution.groups[None] & ~subsets[:, None]).any(axis=-1)
    return np.asarray(np.abs(polynomial(subsets * x) - inside @ attribution.contributions))


def deletion_errors(polynomial: Polynomial, x: FloatArray, attribution: GroupedAttribution) -> FloatArray:
    """|p(x) − p(x without S) − Σ_{G_i ∩ S ≠ ∅} α_i| of each of the 2ᵈ subsets S (SOP, Definition 3).

    Parameters and result are those of `insertion_errors`.

    Examples
    --------
    >>> product = Polynomial(np.array([2.0]), np.array([[1, 1]]))
    >>> x = np.array([3.0, 1.0])
    >>> deletion_errors(product, x, attribute_to_groups(product, x)).max()
    np.float64(0.0)
    """
    subsets = _subsets(len(x))
    touched = (attribution.groups[None] & subsets[:, None]).any(axis=-1)
    return np.asarray(np.abs(polynomial(x) - polynomial(~subsets * x) - touched @ attribution.contributions))


def _subsets(d: int) -> BoolArray:
    if d > 16:
        raise ValueError(f"`x` (of {d} features) must have at most 16: all subsets are tried")
    return (np.arange(2**d)[:, None] >> np.arange(d) & 1).astype(bool)
