"""The same minimum over block counts: K = ∏ (n_b + 1) rows, weighted by how many subsets each stands for."""

from typing import NamedTuple

import numpy as np
from scipy.optimize import linprog

from submod_core._types import AnyArray, FloatArray
from submod_core.theory.problems import Problem

_GAP = 1e-6


class Minimum(NamedTuple):
    """The least total error, and scores of each block that reach it, (len(blocks),)."""

    error: float
    alpha: FloatArray


def least_error(problem: Problem, squared: bool = False) -> Minimum:
    """The least total error that scores for single features can have.

    Parameters
    ----------
    problem : Problem
    squared : bool
        Sum squares instead of absolute values.

    Returns
    -------
    Minimum
        The absolute error is within 1e-6, relatively, of a lower bound that the solver's dual point proves.

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
    alpha = _least_squares(problem) if squared else _least_absolute(problem)
    return Minimum(problem.error(alpha, squared), alpha)


def _least_squares(problem: Problem) -> FloatArray:
    root = np.sqrt(np.array(problem.multiplicities(), dtype=np.float64))
    counts, change = problem.counts(), problem.change(problem.counts())
    return np.asarray(np.linalg.lstsq(counts * root[:, None], change * root, rcond=None)[0])


def _least_absolute(problem: Problem) -> FloatArray:
    """Scores from the dual: maximise νᵀc subject to Mᵀν = 0, |ν_k| ≤ the weight of row k.

    Weights reach 10¹⁷ at d = 60 where those of the rows that decide are 1. But α = 0 has an error of only U = Σ w|c|,
    so a row whose weight is far above U has no residual at the optimum, and a smaller weight says the same.
    """
    counts, change = problem.counts().astype(np.float64), problem.change(problem.counts()).astype(np.float64)
    weights = np.array(problem.multiplicities(), dtype=np.float64)
    worst = float(weights @ np.abs(change))
    capped = np.minimum(weights, _largest_denominator(problem) * worst)
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
    error, bound = problem.error(alpha), -found.fun * worst
    if error - bound > _GAP * max(1.0, error):
        raise RuntimeError(f"the solver stops at an error of {error:.9g}, with a lower bound of {bound:.9g}")
    return alpha


def _largest_denominator(problem: Problem) -> float:
    """Hadamard's bound of the determinant that divides the residuals of a vertex."""
    size = np.linalg.norm(np.array(problem.blocks, dtype=np.float64))
    return float(size ** len(problem.blocks))
