"""Theory: scores for single features cannot be faithful, scores for groups can (SOP, App. A).

The least total error of any scores for single features when inserting features into a binomial, or
deleting them from a monomial, is found in three ways: by the linear program over all subsets and
its dual (needs CVXPY, the extra `theory`), by a linear program over block counts, and in closed
form. `python -m submod_core.theory` draws the figures of SOP v1 and v2.
"""

from submod_core.theory.closed_forms import binomial_insertion_error, monomial_deletion_error
from submod_core.theory.fits import CURVES, Curve, Exponential, fit_exponential, relative_error
from submod_core.theory.full import Dual, Primal, certified_bound, solve_dual, solve_primal
from submod_core.theory.groups import (
    GroupedAttribution,
    Polynomial,
    attribute_to_groups,
    deletion_errors,
    insertion_errors,
)
from submod_core.theory.problems import Problem, binomial_insertion, monomial_deletion
from submod_core.theory.reduced import Minimum, least_error

__all__ = [
    "CURVES",
    "Curve",
    "Dual",
    "Exponential",
    "GroupedAttribution",
    "Minimum",
    "Polynomial",
    "Primal",
    "Problem",
    "attribute_to_groups",
    "binomial_insertion",
    "binomial_insertion_error",
    "certified_bound",
    "deletion_errors",
    "fit_exponential",
    "insertion_errors",
    "least_error",
    "monomial_deletion",
    "monomial_deletion_error",
    "relative_error",
    "solve_dual",
    "solve_primal",
]
