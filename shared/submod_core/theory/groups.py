"""Scores for groups of features have no error, for any polynomial (SOP, Theorem 6)."""

from dataclasses import dataclass

import numpy as np

from submod_core._checks import as_numbers, as_whole_numbers, check_axes, check_type
from submod_core._types import BoolArray, FloatArray


@dataclass(frozen=True)
class Polynomial:
    """A polynomial without a constant term.

    Attributes
    ----------
    coefficients : ndarray of float64, (K,)
    exponents : ndarray of int, (K, d)
        At least 0, and not all 0 in any row.

    Raises
    ------
    ValueError
        If the shapes do not fit, or an exponent is out of range.

    Examples
    --------
    >>> float(Polynomial(np.array([2.0]), np.array([[1, 2]]))(np.array([3.0, 1.0])))
    6.0
    """

    coefficients: FloatArray
    exponents: FloatArray

    def __post_init__(self) -> None:
        exponents = as_whole_numbers("exponents", self.exponents)
        check_axes("coefficients", as_numbers("coefficients", self.coefficients), 1, "(K,)")
        if exponents.ndim != 2 or len(exponents) != len(self.coefficients):
            raise ValueError(
                f"`exponents` (of shape {exponents.shape}) must have one row for each coefficient"
            )
        if (exponents < 0).any() or not exponents.any(axis=1).all():
            raise ValueError("`exponents` must be at least 0, and not all 0 in any row")

    def terms(self, x: FloatArray) -> FloatArray:
        """Value of each term at points (…, d), (…, K)."""
        return np.asarray(
            self.coefficients * np.prod(np.asarray(x)[..., None, :] ** self.exponents, axis=-1)
        )

    def __call__(self, x: FloatArray) -> FloatArray:
        """Value of the polynomial at points (…, d), (…,)."""
        return np.asarray(self.terms(x).sum(axis=-1))


@dataclass(frozen=True)
class GroupedAttribution:
    """Groups of features and the contribution of each.

    Attributes
    ----------
    groups : ndarray of bool, (m, d)
    contributions : ndarray of float64, (m,)

    Examples
    --------
    >>> GroupedAttribution(np.array([[True, True]]), np.array([6.0])).contributions.sum()
    np.float64(6.0)
    """

    groups: BoolArray
    contributions: FloatArray

    def __post_init__(self) -> None:
        contributions = as_numbers("contributions", self.contributions)
        check_axes("contributions", contributions, 1, "(m,)")
        groups = np.asarray(self.groups)
        if groups.dtype != bool or groups.ndim != 2 or len(groups) != len(contributions):
            raise ValueError(
                f"`groups` (of dtype {groups.dtype} and shape {groups.shape}) must be of bool, "
                "with a row for each of `contributions`"
            )


def attribute_to_groups(polynomial: Polynomial, x: FloatArray) -> GroupedAttribution:
    """Attribute a polynomial's value to groups of features (SOP, Theorem 6).

    Each set of features that occurs together in a term is one group, which contributes the sum of
    its terms.

    Parameters
    ----------
    polynomial : Polynomial
    x : ndarray of float64, (d,)

    Returns
    -------
    GroupedAttribution

    Examples
    --------
    >>> product = Polynomial(np.array([2.0]), np.array([[1, 1]]))
    >>> attribute_to_groups(product, np.array([3.0, 1.0])).contributions
    array([6.])
    """
    x = _point(polynomial, x)
    # Terms with the same features, whatever their exponents, are of one group: `owners` is the
    # group of each term.
    groups, owners = np.unique(np.asarray(polynomial.exponents) > 0, axis=0, return_inverse=True)
    contributions = np.bincount(owners.ravel(), weights=polynomial.terms(x)).astype(np.float64)
    return GroupedAttribution(groups, contributions)


def insertion_errors(
    polynomial: Polynomial, x: FloatArray, attribution: GroupedAttribution
) -> FloatArray:
    """Errors |p(x_S) − p(0) − Σ_{G_i ⊆ S} α_i| of the 2ᵈ subsets S (SOP, Definition 2).

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

    Raises
    ------
    ValueError
        If there are more than 16 features.

    Examples
    --------
    >>> product = Polynomial(np.array([2.0]), np.array([[1, 1]]))
    >>> x = np.array([3.0, 1.0])
    >>> insertion_errors(product, x, attribute_to_groups(product, x)).max()
    np.float64(0.0)
    """
    x = _point(polynomial, x)
    check_type("attribution", attribution, GroupedAttribution, "a GroupedAttribution")
    subsets = _subsets(len(x))
    # A group counts where no feature of it is outside of S; p(0) = 0 without a constant term.
    inside = ~(attribution.groups[None] & ~subsets[:, None]).any(axis=-1)
    return np.asarray(np.abs(polynomial(subsets * x) - inside @ attribution.contributions))


def deletion_errors(
    polynomial: Polynomial, x: FloatArray, attribution: GroupedAttribution
) -> FloatArray:
    """Errors |p(x) − p(x without S) − Σ_{G_i ∩ S ≠ ∅} α_i| of the 2ᵈ subsets S.

    SOP, Definition 3. Parameters, result and errors are those of `insertion_errors`.

    Examples
    --------
    >>> product = Polynomial(np.array([2.0]), np.array([[1, 1]]))
    >>> x = np.array([3.0, 1.0])
    >>> deletion_errors(product, x, attribute_to_groups(product, x)).max()
    np.float64(0.0)
    """
    x = _point(polynomial, x)
    check_type("attribution", attribution, GroupedAttribution, "a GroupedAttribution")
    subsets = _subsets(len(x))
    # A group counts where at least one feature of it is in S.
    touched = (attribution.groups[None] & subsets[:, None]).any(axis=-1)
    return np.asarray(
        np.abs(polynomial(x) - polynomial(~subsets * x) - touched @ attribution.contributions)
    )


def _point(polynomial: Polynomial, x: FloatArray) -> FloatArray:
    """A point (d,) of a polynomial; TypeError or ValueError where it is none."""
    check_type("polynomial", polynomial, Polynomial, "a Polynomial")
    point, wanted = as_numbers("x", x), np.shape(polynomial.exponents)[1:]
    if point.shape != wanted:
        raise ValueError(f"`x` (of shape {point.shape}) must be {wanted}")
    return point


def _subsets(d: int) -> BoolArray:
    """All subsets of d features, (2ᵈ, d): row i has the bits of i, the lowest first."""
    if d > 16:
        raise ValueError(f"`x` (of {d} features) must have at most 16: all subsets are tried")
    return (np.arange(2**d)[:, None] >> np.arange(d) & 1).astype(bool)
