"""Good calls of the core: theory and figures."""

import numpy as np

from submod_core import theory
from submod_core.figures.explanations import plot_explanation
from submod_core.figures.groups import plot_groups
from submod_core.figures.html import compare_html, explanation_html
from submod_core.figures.mistakes import plot_mistake

from .calls import Case, array, count, instance, labels, number
from .core_kinds import ATTRIBUTION, CURVE, DUAL, FOLDER, POINT, POLYNOMIAL
from .objects import SCORES, explanation, group_explanation, mistake

EXPLANATIONS = {"None": None, "a number": 3, "text": "one", "empty": {}, "alone": explanation()}
EXPLANATIONS |= {"of numbers": {"one": 3}, "names that are numbers": {1: explanation()}}


def page():
    return {"explanation": explanation(), "image": SCORES / 16, "title": None}


CASES = [
    Case(theory.monomial_deletion, lambda: {"d": 2}, {"d": count()}),
    Case(theory.monomial_deletion_error, lambda: {"d": 2, "squared": False}, {"d": count()}),
    Case(
        theory.binomial_insertion,
        lambda: {"n1": 1, "n2": 1, "n3": 1},
        {n: count() for n in ("n1", "n2", "n3")},
    ),
    Case(
        theory.binomial_insertion_error,
        lambda: {"n1": 1, "n2": 1, "n3": 1, "squared": False},
        {n: count() for n in ("n1", "n2", "n3")},
    ),
    Case(
        theory.least_error,
        lambda: {"problem": theory.monomial_deletion(2), "squared": False},
        {"problem": instance()},
    ),
    Case(
        theory.solve_primal,
        lambda: {"problem": theory.monomial_deletion(2), "squared": False},
        {"problem": instance()},
    ),
    Case(
        theory.solve_dual, lambda: {"problem": theory.monomial_deletion(2)}, {"problem": instance()}
    ),
    Case(
        theory.certified_bound,
        lambda: {"problem": theory.monomial_deletion(2), "dual": DUAL, "tolerance": 0.001},
        {"problem": instance(), "dual": instance(), "tolerance": number()},
    ),
    Case(
        theory.Polynomial,
        lambda: {"coefficients": np.array([2.0]), "exponents": np.array([[1, 1]])},
        {"coefficients": array(np.array([2.0])), "exponents": labels(np.array([[1, 1]]))},
    ),
    Case(
        theory.attribute_to_groups,
        lambda: {"polynomial": POLYNOMIAL, "x": np.ones(2)},
        {"polynomial": instance(), "x": POINT},
    ),
    Case(
        theory.insertion_errors,
        lambda: {"polynomial": POLYNOMIAL, "x": np.ones(2), "attribution": ATTRIBUTION},
        {"polynomial": instance(), "x": POINT, "attribution": instance()},
    ),
    Case(
        theory.deletion_errors,
        lambda: {"polynomial": POLYNOMIAL, "x": np.ones(2), "attribution": ATTRIBUTION},
        {"polynomial": instance(), "x": POINT, "attribution": instance()},
    ),
    Case(
        theory.fit_exponential,
        lambda: {"d": np.arange(1, 6.0), "errors": CURVE(np.arange(1, 6.0))},
        {"d": array(np.ones(5)), "errors": array(np.ones(5))},
    ),
    Case(
        theory.relative_error,
        lambda: {"curve": CURVE, "d": np.arange(1, 6.0), "errors": np.ones(5)},
        {
            "curve": instance(),
            "d": array(np.ones(5)),
            "errors": array(np.ones(5), zeros=np.zeros(5)),
        },
    ),
    Case(
        plot_explanation,
        lambda: {
            "explanation": explanation(),
            "image": SCORES / 16,
            "max_area": 1.0,
            "title": None,
            "shown": "highest",
            "cmap": "jet",
        },
    ),
    Case(explanation_html, page),
    Case(
        compare_html,
        lambda: {"explanations": {"one": explanation()}, "image": SCORES / 16, "title": None},
        {"explanations": EXPLANATIONS},
    ),
    Case(
        explanation().to_html,
        lambda: {"file": FOLDER / "page.html", "image": SCORES / 16, "title": None},
        name="Explanation.to_html",
    ),
    Case(
        plot_groups,
        lambda: {
            "explanation": group_explanation(),
            "image": SCORES / 16,
            "target": 1,
            "most": 2,
            "classes": None,
            "title": None,
        },
        {"most": count()},
    ),
    Case(
        plot_mistake,
        lambda: {"mistake": mistake(), "image": SCORES / 16, "classes": None},
        {"mistake": instance()},
    ),
]
