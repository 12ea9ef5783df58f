"""Exponentials fitted to the least errors: ours, and the fits that the papers print."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from submod_core._checks import as_numbers, check_alike, check_axes, check_type
from submod_core._types import FloatArray
from submod_core.theory.closed_forms import binomial_insertion_error, monomial_deletion_error


class Exponential(NamedTuple):
    """The curve λ0 + exp(λ1 + λ2 d) of dimensions d.

    Examples
    --------
    >>> Exponential(1.0, 0.0, 0.0)([5, 6])
    array([2., 2.])
    """

    lambda0: float
    lambda1: float
    lambda2: float

    def __call__(self, d: ArrayLike) -> FloatArray:
        """Values of the curve at dimensions d."""
        return np.asarray(
            self.lambda0 + np.exp(self.lambda1 + self.lambda2 * np.asarray(d, dtype=np.float64))
        )

    def mirrored(self) -> "Exponential":
        """A copy with the other sign of λ0."""
        return self._replace(lambda0=-self.lambda0)


class Curve(NamedTuple):
    """One of the papers' curves: the problem, and the fit in print.

    Attributes
    ----------
    paper : str
    problem : str
        "deletion of a monomial" or "insertion of a binomial".
    squared : bool
    printed : Exponential
    with_empty : bool
        Whether the empty deletion counts as an error of 1, as in v1's Eq. 5.

    Examples
    --------
    >>> CURVES[0].dimensions(4), CURVES[0].least_errors(4)
    (array([2., 3., 4.]), array([1., 2., 5.]))
    """

    paper: str
    problem: str
    squared: bool
    printed: Exponential
    with_empty: bool = False

    def dimensions(self, largest: int) -> FloatArray:
        """Dimensions up to `largest` at which the least error is drawn.

        From 2 on for deletion; multiples of 3 for insertion, with its three equal blocks.
        """
        first, step = (2, 1) if self.problem == DELETION else (3, 3)
        return np.arange(first, largest + 1, step, dtype=np.float64)

    def least_errors(self, largest: int) -> FloatArray:
        """Least errors at these dimensions, as the paper counts them."""
        whole = [int(d) for d in self.dimensions(largest)]
        if self.problem == DELETION:
            return np.array(
                [monomial_deletion_error(d, self.squared) + self.with_empty for d in whole]
            )
        return np.array(
            [binomial_insertion_error(d // 3, d // 3, d // 3, self.squared) for d in whole]
        )


DELETION = "deletion of a monomial"
INSERTION = "insertion of a binomial"

CURVES = (
    Curve("v1, Theorem 1", DELETION, False, Exponential(0.0, -1.159, 0.664)),
    Curve("v2, Conjecture 1", DELETION, False, Exponential(-1.030, -1.171, 0.665), with_empty=True),
    Curve("v1, Theorem 2", INSERTION, False, Exponential(2.778, 1.010, 0.217)),
    Curve("v1, Fig. 2 and v2, Conjecture 2", INSERTION, False, Exponential(4.778, 1.332, 0.198)),
    Curve("v2, Conjecture 3", DELETION, True, Exponential(-1.104, -1.720, 0.626)),
    Curve("v2, Conjecture 4", INSERTION, True, Exponential(6.451, 1.457, 0.192)),
)
"""All fits in print (SOP v1, §2 and v2, App. A)."""


def fit_exponential(d: ArrayLike, errors: ArrayLike) -> Exponential:
    """Fit λ0 + exp(λ1 + λ2 d) to errors, as the papers do.

    For each λ0 of a grid, log(error − λ0) is fitted by a straight line.

    Parameters
    ----------
    d : array_like, (K,)
    errors : array_like, (K,)
        Above 0.

    Returns
    -------
    Exponential
        With the λ0, in steps of 0.002, whose line has the least squared residuals.

    Raises
    ------
    ValueError
        If there are fewer than three points, or the shapes differ.

    Examples
    --------
    >>> fit = fit_exponential([3, 6, 9, 12], Exponential(-1.0, 0.5, 0.2)([3, 6, 9, 12]))
    >>> [round(value, 3) for value in fit]
    [-1.0, 0.5, 0.2]
    """
    places, values = as_numbers("d", d), as_numbers("errors", errors)
    if places.ndim != 1 or places.shape != values.shape or len(places) < 3:
        raise ValueError(
            f"`d` and `errors` (of shapes {places.shape} and {values.shape}) must be three points "
            "or more"
        )
    # One column of logs per λ0: `lstsq` fits the lines of all λ0 at once, with rows λ1 and λ2.
    offsets = np.arange(-10.0, float(values.min()), 0.002)
    logs = np.log(values[:, None] - offsets[None, :])
    design = np.stack([np.ones_like(places), places], axis=1)
    lines, *_ = np.linalg.lstsq(design, logs, rcond=None)
    best = int(((logs - design @ lines) ** 2).sum(axis=0).argmin())
    return Exponential(float(offsets[best]), float(lines[0, best]), float(lines[1, best]))


def relative_error(curve: Exponential, d: ArrayLike, errors: ArrayLike) -> float:
    """Summed distance of a curve from the errors, relative to the sum of the errors.

    The papers' measure of a fit.

    Examples
    --------
    >>> relative_error(Exponential(0.0, 0.0, 0.0), [1, 2], [1.0, 3.0])
    0.5
    """
    check_type("curve", curve, Exponential, "an Exponential")
    places, values = as_numbers("d", d), as_numbers("errors", errors)
    check_axes("d", places, 1, "(K,)")
    check_alike("errors", values, "d", places.shape)
    if not values.any():
        raise ValueError("`errors` must not all be 0")
    return float(np.abs(curve(places) - values).sum() / np.abs(values).sum())
