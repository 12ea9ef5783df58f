"""The theory of the SOP papers, in numbers."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from submod_core.theory import (
    CURVES,
    Dual,
    GroupedAttribution,
    Polynomial,
    attribute_to_groups,
    binomial_insertion,
    binomial_insertion_error,
    certified_bound,
    deletion_errors,
    fit_exponential,
    insertion_errors,
    least_error,
    monomial_deletion,
    monomial_deletion_error,
    relative_error,
    solve_dual,
    solve_primal,
)
from submod_core.theory.figure import plot_least_errors

BLOCKS = [sizes for sizes in product(range(1, 6), repeat=3) if sum(sizes) <= 8] + [
    (2, 1, 9),
    (4, 4, 4),
    (3, 5, 4),
]


@pytest.mark.parametrize("d", range(1, 13))
def test_monomial_full_program_reduction_and_closed_form_agree(d):
    problem = monomial_deletion(d)
    closed = monomial_deletion_error(d)
    assert least_error(problem).error == pytest.approx(closed, abs=1e-6)
    assert solve_primal(problem).error == pytest.approx(closed, abs=1e-6)
    assert certified_bound(problem, solve_dual(problem)) == pytest.approx(closed, abs=1e-6)
    assert problem.error(np.array([1 / (d // 2 + 1)])) == pytest.approx(closed, abs=1e-9)


@pytest.mark.parametrize("sizes", BLOCKS, ids=str)
def test_binomial_full_program_reduction_and_closed_form_agree(sizes):
    problem = binomial_insertion(*sizes)
    closed = binomial_insertion_error(*sizes)
    assert least_error(problem).error == pytest.approx(closed, abs=1e-6)
    assert solve_primal(problem).error == pytest.approx(closed, abs=1e-6)
    assert certified_bound(problem, solve_dual(problem)) == pytest.approx(closed, abs=1e-6)


@pytest.mark.parametrize(
    "problem",
    [monomial_deletion(9), *(binomial_insertion(n, n, n) for n in range(1, 5))],
    ids=lambda problem: str(problem.blocks),
)
def test_squared_errors_agree(problem):
    reduced, full = least_error(problem, squared=True), solve_primal(problem, squared=True)
    n = problem.blocks
    closed = (
        monomial_deletion_error(*n, squared=True)
        if len(n) == 1
        else binomial_insertion_error(*n, squared=True)
    )
    assert reduced.error == pytest.approx(closed, abs=1e-6)
    assert full.error == pytest.approx(closed, abs=1e-6)
    np.testing.assert_allclose(np.repeat(reduced.alpha, n), full.alpha, atol=1e-8)


@pytest.mark.parametrize("squared", [False, True])
def test_the_reduction_reaches_sixty_features(squared):
    found = least_error(monomial_deletion(60), squared).error
    assert found == pytest.approx(monomial_deletion_error(60, squared), rel=1e-6)
    found = least_error(binomial_insertion(20, 20, 20), squared).error
    assert found == pytest.approx(binomial_insertion_error(20, 20, 20, squared), rel=1e-6)


@settings(max_examples=20)
@given(st.data())
def test_no_scores_for_single_features_do_better(data):
    sizes = data.draw(st.tuples(*[st.integers(1, 3)] * 3))
    problem = binomial_insertion(*sizes)
    alpha = np.array(data.draw(st.lists(st.floats(-2, 2), min_size=problem.d, max_size=problem.d)))
    residuals = problem.changes() - problem.subsets() @ alpha
    assert np.abs(residuals).sum() >= binomial_insertion_error(*sizes) - 1e-9


def test_the_changes_are_those_of_the_polynomials():
    sizes = (2, 1, 2)
    problem = binomial_insertion(*sizes)
    first, second = np.array([1, 1, 1, 0, 0]), np.array([0, 0, 1, 1, 1])
    polynomial = Polynomial(np.ones(2), np.stack([first, second]))
    np.testing.assert_array_equal(problem.changes(), polynomial(problem.subsets()))
    whole = Polynomial(np.ones(1), np.ones((1, 4), int))
    deleted = 1 - whole(~monomial_deletion(4).subsets())
    np.testing.assert_array_equal(monomial_deletion(4).changes(), deleted)


def test_a_point_that_is_not_feasible_proves_nothing():
    problem = monomial_deletion(3)
    half = np.full(8, 0.5)
    assert certified_bound(problem, Dual(9.0, half, half)) == 0, (
        "what counts is the point, not what it claims"
    )
    with pytest.raises(ValueError, match=r"Mᵀ\(λ₂ − λ₁\) = 0"):
        certified_bound(problem, Dual(9.0, half + 0.1, half - 0.1))
    with pytest.raises(ValueError, match="λ₁ \\+ λ₂ = 1"):
        certified_bound(problem, Dual(9.0, half + 0.1, half + 0.1))
    with pytest.raises(ValueError, match="proves no bound"):
        certified_bound(problem, Dual(9.0, np.full(8, -1.0), np.full(8, 2.0)))


@st.composite
def polynomials(draw):
    d = draw(st.integers(1, 6))
    rows = draw(
        st.lists(
            st.lists(st.integers(0, 3), min_size=d, max_size=d).filter(any), min_size=1, max_size=6
        )
    )
    coefficients = draw(st.lists(st.integers(-5, 5), min_size=len(rows), max_size=len(rows)))
    x = draw(st.lists(st.floats(-2, 2), min_size=d, max_size=d))
    return Polynomial(np.array(coefficients, float), np.array(rows)), np.array(x)


@settings(max_examples=100)
@given(polynomials())
def test_theorem_6_grouped_attributions_have_no_error(drawn):
    polynomial, x = drawn
    attribution = attribute_to_groups(polynomial, x)
    assert len(attribution.groups) <= len(polynomial.coefficients)
    scale = 1e-9 * max(1.0, np.abs(polynomial.terms(x)).sum())
    assert insertion_errors(polynomial, x, attribution).max() <= scale
    assert deletion_errors(polynomial, x, attribution).max() <= scale


def test_with_the_inclusion_that_v1_prints_its_corollary_would_be_false():
    p2 = Polynomial(np.ones(2), np.array([[1, 1, 0], [0, 1, 1]]))
    x = np.ones(3)
    attribution = attribute_to_groups(p2, x)
    subsets = binomial_insertion(1, 1, 1).subsets()
    printed = ~(subsets[:, None] & ~attribution.groups[None]).any(axis=-1)
    assert np.abs(p2(subsets * x) - printed @ attribution.contributions).max() > 0
    assert insertion_errors(p2, x, attribution).max() == 0


def test_groups_that_miss_the_correlation_have_errors():
    pair = Polynomial(np.ones(1), np.array([[1, 1]]))
    singles = GroupedAttribution(np.eye(2, dtype=bool), np.array([0.5, 0.5]))
    assert insertion_errors(pair, np.ones(2), singles).tolist() == [0, 0.5, 0.5, 0]
    assert deletion_errors(pair, np.ones(2), singles).tolist() == [0, 0.5, 0.5, 0]


def test_printed_fits_of_insertion_have_the_wrong_sign():
    for curve in CURVES:
        d, errors = curve.dimensions(20), curve.least_errors(20)
        ours = fit_exponential(d, errors)
        assert relative_error(ours, d, errors) < 0.06
        if curve.problem == "insertion of a binomial":
            assert ours.lambda0 < 0 < curve.printed.lambda0
            assert (
                relative_error(curve.printed.mirrored(), d, errors)
                < 0.06
                < relative_error(curve.printed, d, errors)
            )


def test_bad_input_is_named():
    with pytest.raises(ValueError, match="`d`"):
        monomial_deletion(0)
    with pytest.raises(ValueError, match="`n2`"):
        binomial_insertion(1, 2.5, 1)
    with pytest.raises(ValueError, match="one size"):
        binomial_insertion_error(1, 2, 1, squared=True)
    with pytest.raises(ValueError, match="listed up to 20"):
        solve_primal(monomial_deletion(21))
    x, polynomial = np.ones(17), Polynomial(np.ones(1), np.ones((1, 17), int))
    attribution = attribute_to_groups(polynomial, x)
    with pytest.raises(ValueError, match="at most 16"):
        insertion_errors(polynomial, x, attribution)
    with pytest.raises(ValueError, match="not all 0"):
        Polynomial(np.ones(1), np.zeros((1, 2), int))
    with pytest.raises(ValueError, match="one row"):
        Polynomial(np.ones(2), np.ones((1, 2), int))
    with pytest.raises(ValueError, match="three points"):
        fit_exponential([1, 2], [1.0, 2.0])


def test_the_figure_draws_all_four_problems():
    figure = plot_least_errors(largest=15)
    assert {axes.get_title() for axes in figure.axes} == {
        f"{problem}, {loss}"
        for problem in ("insertion of a binomial", "deletion of a monomial")
        for loss in ("absolute", "squared")
    }
