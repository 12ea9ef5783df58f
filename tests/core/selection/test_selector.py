"""Rows chosen by facility location and coverage: the formulas written again, greedy, guarantees."""

from itertools import combinations
from math import e, exp, log, sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from submod_core import SubmodularSelector
from submod_core.selection._functions import Coverage, FacilityLocation

PHI = {"sqrt": sqrt, "log": lambda x: log(1 + x), "saturated": lambda x: min(x, 1.0)}
OPTIONS = [
    {"function": "facility_location", "kernel": "cosine"},
    {"function": "facility_location", "kernel": "rbf", "gamma": 0.7},
    {"function": "facility_location", "kernel": "rbf"},
    {"function": "facility_location", "kernel": "precomputed"},
    {"function": "coverage", "concave": "sqrt"},
    {"function": "coverage", "concave": "log"},
    {"function": "coverage", "concave": "saturated"},
]
each = pytest.mark.parametrize("options", OPTIONS, ids=lambda o: "-".join(map(str, o.values())))


def similarity(x, y, kernel, gamma):
    if kernel == "cosine":
        sizes = sqrt(sum(a * a for a in x)) * sqrt(sum(b * b for b in y))
        return max(0.0, sum(a * b for a, b in zip(x, y, strict=True)) / sizes) if sizes else 0.0
    return exp(-gamma * sum((a - b) ** 2 for a, b in zip(x, y, strict=True)))


def slow_value(chosen, data, function, kernel="cosine", gamma=None, concave="sqrt"):
    """F of a set of rows, element by element."""
    if function == "coverage":
        return sum(PHI[concave](sum(data[j][d] for j in chosen)) for d in range(data.shape[1]))
    if gamma is None and kernel == "rbf":
        numbers = [a for row in data for a in row]
        mean = sum(numbers) / len(numbers)
        variance = sum((a - mean) ** 2 for a in numbers) / len(numbers)
        gamma = 1 / (data.shape[1] * (variance or 1.0))
    total = 0.0
    for i, row in enumerate(data):
        alike = (
            data[i][j] if kernel == "precomputed" else similarity(row, data[j], kernel, gamma)
            for j in chosen
        )
        total += max(alike, default=0.0)
    return total


def slow_greedy(data, k, **options):
    chosen, gains, before = [], [], 0.0
    for _ in range(k):
        rest = [i for i in range(len(data)) if i not in chosen]
        values = [slow_value([*chosen, i], data, **options) for i in rest]
        chosen.append(rest[int(np.argmax(values))])
        gains.append(max(values) - before)
        before = max(values)
    return chosen, gains


def make_data(options, n=12, seed=0):
    width = n if options.get("kernel") == "precomputed" else 4
    return np.random.default_rng(seed).random((n, width))


@each
def test_it_is_greedy_on_the_formula(options):
    data = make_data(options)
    selector = SubmodularSelector(6, **options).fit(data)
    chosen, gains = slow_greedy(data, 6, **options)
    assert selector.ranking_.tolist() == chosen
    np.testing.assert_allclose(selector.gains_, gains, atol=1e-9)
    assert selector.indices_.tolist() == sorted(chosen)
    assert np.array_equal(selector.transform(data), data[chosen])
    assert np.array_equal(selector.fit_transform(data), data[chosen])
    # Where all is covered, all gains are 0 and each round looks at all.
    most = 12 + 11 + 10 + 9 + 8 + 7
    assert selector.evaluations_ < most + (options.get("concave") == "saturated")


@st.composite
def problems(draw):
    options = draw(st.sampled_from(OPTIONS))
    n = draw(st.integers(3, 6))
    width = n if options.get("kernel") == "precomputed" else 3
    numbers = st.integers(0, 8).map(lambda value: value / 4)
    return options, draw(arrays(float, (n, width), elements=numbers)), draw(st.integers(1, 3))


@settings(max_examples=20, deadline=None)
@given(problems())
def test_each_selection_reaches_its_share_of_the_best(problem):
    options, data, k = problem
    selector = SubmodularSelector(k, **options).fit(data)
    best = max(slow_value(s, data, **options) for s in combinations(range(len(data)), k))
    value = slow_value(selector.ranking_, data, **options)
    assert value == pytest.approx(selector.gains_.sum(), abs=1e-9)
    assert value >= (1 - 1 / e) * best - 1e-9
    assert (selector.gains_ >= -1e-9).all(), "monotone"
    assert (np.diff(selector.gains_) <= 1e-9).all(), "submodular"


@pytest.mark.parametrize("make", [FacilityLocation, lambda rows: Coverage(rows, "sqrt")])
@settings(max_examples=13, deadline=None)
@given(st.lists(st.lists(st.lists(st.booleans(), min_size=5, max_size=5), min_size=1), max_size=5))
def test_values_do_not_depend_on_what_was_asked_before(make, batches):
    rows = np.random.default_rng(0).random((5, 5))
    function = make(rows)
    for batch in batches:
        subsets = np.array(batch)
        alone = np.concatenate([make(rows)(subset[None]) for subset in subsets])
        np.testing.assert_allclose(function(subsets), alone, rtol=1e-12)


def test_fifty_digits_are_worth_more_than_fifty_random_ones():
    images, labels = load_digits(return_X_y=True)

    def accuracy(rows):
        rest = np.setdiff1d(np.arange(len(images)), rows)
        neighbours = KNeighborsClassifier(1).fit(images[rows], labels[rows])
        return neighbours.score(images[rest], labels[rest])

    rng = np.random.default_rng(0)
    drawn = [accuracy(rng.choice(len(images), 50, replace=False)) for _ in range(10)]
    chosen = {
        "cosine": accuracy(SubmodularSelector(50).fit(images).ranking_),
        "rbf": accuracy(SubmodularSelector(50, kernel="rbf").fit(images).ranking_),
    }
    assert min(chosen.values()) > np.mean(drawn) + 0.05, (chosen, np.mean(drawn))
    assert min(chosen.values()) > max(drawn), "than the best of ten draws"


def test_it_is_an_estimator_of_scikit_learn():
    data = make_data({}, 20)
    selector = SubmodularSelector(3, "coverage", concave="log")
    copied = clone(selector)
    assert copied is not selector
    assert copied.get_params() == selector.get_params()
    said = "SubmodularSelector(n_samples_to_select=3, function='coverage', concave='log')"
    assert repr(copied) == said
    assert selector.set_params(concave="sqrt", n_samples_to_select=2) is selector
    assert selector.concave == "sqrt"
    with pytest.raises(ValueError, match="`depth`"):
        selector.set_params(concave="log", depth=3)
    assert selector.concave == "sqrt", "nothing is changed"
    pipeline = make_pipeline(SubmodularSelector(5), StandardScaler())
    assert pipeline.fit_transform(data).shape == (5, 4)


def test_frames_and_targets_are_selected_alike():
    from pandas import DataFrame

    data = make_data({}, 8)
    selector = SubmodularSelector(3).fit(DataFrame(data))
    chosen = selector.ranking_
    frame = selector.transform(DataFrame(data, columns=list("abcd")))
    assert frame.index.tolist() == chosen.tolist()
    assert selector.transform(list("abcdefgh")).tolist() == ["abcdefgh"[i] for i in chosen]
    for other in (data[:5], 3.0):
        with pytest.raises(ValueError, match="`X`"):
            selector.transform(other)
    with pytest.raises(ValueError, match="`fit`"):
        SubmodularSelector().transform(data)


def test_all_rows_and_equal_rows():
    assert SubmodularSelector(4).fit(np.ones((4, 2))).ranking_.tolist() == [0, 1, 2, 3]
    assert SubmodularSelector(1, kernel="rbf").fit(np.zeros((3, 2))).gains_.tolist() == [3.0]
    assert SubmodularSelector(2).fit(np.zeros((3, 2))).gains_.tolist() == [0.0, 0.0]


@pytest.mark.parametrize(
    ("name", "options", "data"),
    [
        ("n_samples_to_select", {"n_samples_to_select": 4}, np.ones((3, 2))),
        ("X", {"function": "coverage"}, -np.ones((3, 2))),
        ("X", {"kernel": "precomputed"}, np.ones((3, 2))),
        ("X", {"kernel": "precomputed"}, -np.eye(3)),
        ("X", {}, np.ones((3, 0))),
        ("X", {}, np.ones(3)),
    ],
)
def test_what_does_not_fit_is_refused(name, options, data):
    with pytest.raises(ValueError, match=f"`{name}`"):
        SubmodularSelector(**({"n_samples_to_select": 1} | options)).fit(data)
