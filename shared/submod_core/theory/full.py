"""The papers' linear program over all subsets, and its dual.

Needs CVXPY, the extra `theory`.
"""

from typing import NamedTuple

import numpy as np

from submod_core._checks import as_numbers, check_alike, check_amount, check_flag, check_type
from submod_core._types import FloatArray
from submod_core.theory.problems import Problem


class Primal(NamedTuple):
    """Least total error and the scores `alpha` that reach it, (d,)."""

    error: float
    alpha: FloatArray


class Dual(NamedTuple):
    """Lower bound of every attribution's total error, and its proof: λ₁ and λ₂, (2ᵈ,) each."""

    bound: float
    lambda1: FloatArray
    lambda2: FloatArray


def solve_primal(problem: Problem, squared: bool = False) -> Primal:
    """Minimise 1ᵀβ subject to β ≥ c − Mα and β ≥ Mα − c (SOP, Eq. 5 and 12).

    The equations misprint 1 as M. The squared error has a closed form, α = (MᵀM)⁻¹Mᵀc (Eq. 28 and
    40).

    Parameters
    ----------
    problem : Problem
        With at most 20 features.
    squared : bool
        Sum squares instead of absolute values.

    Returns
    -------
    Primal

    Raises
    ------
    ValueError
        If there are more than 20 features.
    RuntimeError
        If the solver fails.

    Examples
    --------
    >>> from submod_core.theory import monomial_deletion
    >>> round(solve_primal(monomial_deletion(4)).error, 6)
    5.0
    """
    check_type("problem", problem, Problem, "a Problem")
    check_flag("squared", squared)
    matrix, change = problem.subsets().astype(np.float64), problem.changes().astype(np.float64)
    if squared:
        alpha = np.linalg.lstsq(matrix, change, rcond=None)[0]
        return Primal(
            float(((change - matrix @ alpha) ** 2).sum()), np.asarray(alpha, dtype=np.float64)
        )
    import cvxpy

    scores, beta = cvxpy.Variable(problem.d), cvxpy.Variable(len(change))
    constraints = [beta >= change - matrix @ scores, beta >= matrix @ scores - change]
    error = _solve(cvxpy.Problem(cvxpy.Minimize(cvxpy.sum(beta)), constraints))
    return Primal(error, np.asarray(scores.value))


def solve_dual(problem: Problem) -> Dual:
    """Maximise (λ₁ − λ₂)ᵀc subject to λ₁ + λ₂ = 1, Mᵀ(λ₂ − λ₁) = 0, λ ≥ 0 (SOP, Eq. 9 and 16).

    Parameters and errors are those of `solve_primal`.

    Examples
    --------
    >>> from submod_core.theory import monomial_deletion
    >>> problem = monomial_deletion(4)
    >>> round(certified_bound(problem, solve_dual(problem)), 6)
    5.0
    """
    check_type("problem", problem, Problem, "a Problem")
    matrix, change = problem.subsets().astype(np.float64), problem.changes().astype(np.float64)
    import cvxpy

    lambda1 = cvxpy.Variable(len(change), nonneg=True)
    lambda2 = cvxpy.Variable(len(change), nonneg=True)
    constraints = [lambda1 + lambda2 == 1, matrix.T @ (lambda2 - lambda1) == 0]
    bound = _solve(cvxpy.Problem(cvxpy.Maximize((lambda1 - lambda2) @ change), constraints))
    return Dual(bound, np.asarray(lambda1.value), np.asarray(lambda2.value))


def certified_bound(problem: Problem, dual: Dual, tolerance: float = 1e-6) -> float:
    """Bound that a dual point proves, computed from the point alone.

    Parameters
    ----------
    problem : Problem
    dual : Dual
    tolerance : float
        Largest violation of a constraint that is accepted.

    Returns
    -------
    float
        No attribution to single features has a smaller total error (Theorem 1 and 3).

    Raises
    ------
    ValueError
        If the point is not feasible: it then proves nothing.

    Examples
    --------
    >>> from submod_core.theory import monomial_deletion
    >>> certified_bound(monomial_deletion(1), Dual(0.0, np.array([0.5, 0.5]), np.array([0.5, 0.5])))
    0.0
    """
    check_type("problem", problem, Problem, "a Problem")
    check_type("dual", dual, Dual, "a Dual")
    check_amount("tolerance", tolerance)
    matrix, change = problem.subsets(), problem.changes()
    for name in ("lambda1", "lambda2"):
        check_alike("dual", as_numbers("dual", getattr(dual, name)), "problem", change.shape)
    # A feasible point bounds the primal from below, optimal or not. Check that it is feasible:
    # the bound then does not depend on the solver.
    misses = {
        "λ₁ + λ₂ = 1": np.abs(dual.lambda1 + dual.lambda2 - 1).max(),
        "Mᵀ(λ₂ − λ₁) = 0": np.abs(matrix.T @ (dual.lambda2 - dual.lambda1)).max(),
        "λ ≥ 0": max(0.0, -min(dual.lambda1.min(), dual.lambda2.min())),
    }
    worst = max(misses, key=lambda rule: misses[rule])
    if misses[worst] > tolerance:
        raise ValueError(f"`dual` misses {worst} by {misses[worst]:.2g}: it proves no bound")
    return float((dual.lambda1 - dual.lambda2) @ change)


def _solve(program: "cvxpy.Problem") -> float:  # type: ignore[name-defined] # noqa: F821
    """Optimal value of a program; RuntimeError where the solver finds none."""
    value = program.solve(solver="HIGHS")
    if program.status != "optimal":
        raise RuntimeError(f"the solver reports {program.status}")
    return float(value)
