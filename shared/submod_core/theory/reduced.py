"""The least error by a linear program over block counts, for many features.

K = ∏ (n_b + 1) rows, each weighted by the number of subsets that it stands for, replace the 2ᵈ
subsets of `submod_core.theory.full`; the minimum is the same.
"""

from typing import NamedTuple

import numpy as np
from scipy.optimize import linprog

from submod_core._checks import check_flag, check_type
from submod_core._types import AnyArray, FloatArray
from submod_core.theory.problems import Problem

# Largest relative gap between the error found and the proven lower bound.
_GAP = 1e-6


class Minimum(NamedTuple):
    """Least total error, and the score `alpha` of each block that reaches it, (len(blocks),)."""

    error: float
    alpha: FloatArray


def least_error(problem: Problem, squared: bool = False) -> Minimum:
    """Least total error that scores for single features can have.

    Parameters
    ----------
    problem : Problem
    squared : bool
        Sum squares instead of absolute values.

    Returns
    -------
    Minimum
        The absolute error is within 1e-6, relatively, of a lower bound that the solver's dual point
        proves.

    Raises
    ------
    RuntimeError
        If the solver fails or leaves a larger gap.

    Examples
    --------
    >>> from submod_core.theory import binomial_insertion
    >>> least_error(binomial_insertion(20, 20, 20)).error
    2097152.0
    """
    check_type("problem", problem, Problem, "a Problem")
    check_flag("squared", squared)
    alpha = _least_squares(problem) if squared else _least_absolute(problem)
    return Minimum(problem.error(alpha, squared), alpha)


def _least_squares(problem: Problem) -> FloatArray:
    """Scores of the least squared error; each row is scaled by the root of its weight."""
    root = np.sqrt(np.array(problem.multiplicities(), dtype=np.float64))
    counts, change = problem.counts(), problem.change(problem.counts())
    return np.asarray(np.linalg.lstsq(counts * root[:, None], change * root, rcond=None)[0])


def _least_absolute(problem: Problem) -> FloatArray:
    """Scores from the dual: maximise νᵀc subject to Mᵀν = 0, |ν_k| ≤ the weight of row k.

    Weights reach 10¹⁷ at d = 60, while the rows that decide have the weight 1: too wide a range for
    a solver. But α = 0 has an error of only U = Σ w|c|, so a row whose weight is far above U has no
    residual at the optimum. A smaller weight, still above U times the largest denominator of a
    residual, leads to the same optimum.
    """
    counts, change = (
        problem.counts().astype(np.float64),
        problem.change(problem.counts()).astype(np.float64),
    )
    weights = np.array(problem.multiplicities(), dtype=np.float64)
    worst = float(weights @ np.abs(change))
    capped = np.minimum(weights, _largest_denominator(problem) * worst)
    # Minimise −νᵀc in units of U. The multipliers of the equations are −α.
    found = linprog(
        -change,
        A_eq=counts.T,
        b_eq=np.zeros(counts.shape[1]),
        bounds=np.stack([-capped, capped], axis=1) / worst,
        options={"dual_feasibility_tolerance": 1e-10, "primal_feasibility_tolerance": 1e-10},
    )
    if found.status != 0:
        raise RuntimeError(f"the solver fails: {found.message}")
    alpha: AnyArray = -found.eqlin.marginals
    # The dual value proves a lower bound: the solver is trusted only as far as the two agree.
    error, bound = problem.error(alpha), -found.fun * worst
    if error - bound > _GAP * max(1.0, error):
        raise RuntimeError(
            f"the solver stops at an error of {error:.9g}, with a lower bound of {bound:.9g}"
        )
    return alpha


def _largest_denominator(problem: Problem) -> float:
    """Hadamard's bound on the determinant that is the denominator of a vertex' residuals."""
    size = np.linalg.norm(np.array(problem.blocks, dtype=np.float64))
    return float(size ** len(problem.blocks))
