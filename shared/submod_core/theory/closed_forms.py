"""Closed forms of the least errors; the tests check them against both linear programs."""

from math import comb

import numpy as np

from submod_core._checks import check_count, check_flag


def monomial_deletion_error(d: int, squared: bool = False) -> float:
    """Least total error of scores for single features when deleting from x₁ ⋯ x_d.

    C(d, ⌊d/2⌋) − 1, reached by α_i = 1/(⌊d/2⌋ + 1). Squared: 2ᵈ/(d + 1) − 1, reached by
    α_i = 2/(d + 1).

    Parameters
    ----------
    d : int
        Number of features, at least 1.
    squared : bool
        Sum squares instead of absolute values.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If `d` is not a whole number of at least 1.

    Examples
    --------
    >>> monomial_deletion_error(4), monomial_deletion_error(4, squared=True)
    (5.0, 2.2)
    """
    check_count("d", d)
    check_flag("squared", squared)
    return 2.0**d / (d + 1) - 1 if squared else float(comb(d, d // 2) - 1)


def binomial_insertion_error(n1: int, n2: int, n3: int, squared: bool = False) -> float:
    """Least total error of scores for single features when inserting into a binomial.

    The binomial is ∏_{S₁∪S₂} x_i + ∏_{S₂∪S₃} x_j. The error is 2^n1 + 2^n3, reached by α = 0, less
    2 where n2 = 1 and n1 or n3 is 1 too. Squared, for equal blocks of n, it is
    2ⁿ⁺¹ + 2 − 2¹⁻ⁿ n(n + 17)/(3n + 1).

    Parameters
    ----------
    n1, n2, n3 : int
        Sizes of the blocks, at least 1.
    squared : bool
        Sum squares instead of absolute values.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If a size is not a whole number of at least 1, or `squared` is given with blocks of
        different sizes; `least_error` computes that case.

    Examples
    --------
    >>> binomial_insertion_error(2, 2, 2), round(binomial_insertion_error(2, 2, 2, squared=True), 3)
    (8.0, 7.286)
    """
    for name, value in (("n1", n1), ("n2", n2), ("n3", n3)):
        check_count(name, value)
    check_flag("squared", squared)
    if not squared:
        return 2.0**n1 + 2.0**n3 - 2 * (n2 == 1 and min(n1, n3) == 1)
    if not n1 == n2 == n3:
        raise ValueError(
            f"`squared` needs blocks of one size, not of {n1}, {n2}, {n3}: see `least_error`"
        )
    n = float(n1)
    return float(np.exp2(n + 1) + 2 - np.exp2(1 - n) * n * (n + 17) / (3 * n + 1))
