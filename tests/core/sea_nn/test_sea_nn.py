"""SEA-NN: deep submodular functions, and every shortcut against the plain computation."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from submod_core.sea_nn import (
    Chain,
    DeepSubmodularFunction,
    Learning,
    aggregate_mean,
    attribute,
    binary_maps,
    cells_of,
    downsample,
    ensemble,
    grow,
    learn,
    marginal_gains,
    maximise,
    scaled,
    top_features,
    upsample,
)

ACTIVATIONS = ("sqrt", "log")
NAN = float("nan")
TRIPLES = 20_000


def problem(seed, n=12, m=3, sizes=(2, 4, 6)):
    """Real-valued maps (m, n), and the highest 2, 4 and 6 of each as sets."""
    real = np.random.default_rng(seed).random((m, n))
    sets = [np.isin(np.arange(n), np.argsort(-row)[:k]) for row in real for k in sizes]
    return real, np.array(sets)


def trained(seed=0, epochs=8, **options):
    options = {"widths": (7, 5), "learning_rate": 0.05} | options
    return learn(*problem(seed), Learning(epochs=epochs, seed=seed, **options))


@settings(max_examples=8)
@given(
    widths=st.lists(st.integers(1, 9), min_size=1, max_size=3),
    activation=st.sampled_from(ACTIVATIONS),
    init=st.sampled_from(["random", "ones"]),
    trained_first=st.booleans(),
    seed=st.integers(0, 1000),
)
def test_functions_are_monotone_submodular_and_concave(
    widths, activation, init, trained_first, seed
):
    options = Learning(
        widths=widths, activation=activation, init=init, seed=seed, epochs=5, learning_rate=0.1
    )
    f = learn(*problem(seed), options).function if trained_first else options.start(12)
    rng = np.random.default_rng(seed)
    slack = 1e-9 * float(f(np.ones(12)))
    small = rng.random((TRIPLES, 12)) < rng.random((TRIPLES, 1))
    large = small | (rng.random((TRIPLES, 12)) < rng.random((TRIPLES, 1)))
    one = np.eye(12, dtype=bool)[rng.integers(12, size=TRIPLES)]
    assert (f(large) >= f(small) - slack).all(), "monotone"
    outside = ~(large & one).any(axis=1)
    gains_small, gains_large = f(small | one) - f(small), f(large | one) - f(large)
    assert (gains_small >= gains_large - slack)[outside].all(), "submodular"
    x, y, t = rng.random((TRIPLES, 12)), rng.random((TRIPLES, 12)), rng.random((TRIPLES, 1))
    chord = t[:, 0] * f(x) + (1 - t[:, 0]) * f(y)
    assert (f(t * x + (1 - t) * y) >= chord - slack).all(), "concave"


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_gradients_equal_finite_differences(activation):
    f = DeepSubmodularFunction.initial(5, (4, 3), activation, seed=3)
    rng = np.random.default_rng(0)
    x, c, h = rng.random((3, 5)), rng.normal(size=3), 1e-5
    for row in x:
        slow = [(f(row + h * e) - f(row - h * e)) / (2 * h) for e in np.eye(5)]
        assert np.allclose(f.gradient(row), slow, atol=1e-6)
    found = f.parameter_gradient(x, c)
    for kind in ("weights", "biases"):
        for parameter, gradient in zip(getattr(f, kind), getattr(found, kind), strict=True):
            for index in np.ndindex(*parameter.shape):
                kept = parameter[index]
                values = []
                for step in (h, -h):
                    parameter[index] = kept + step
                    values.append(float(c @ f(x)))
                parameter[index] = kept
                assert gradient[index] == pytest.approx((values[0] - values[1]) / (2 * h), abs=1e-6)


@settings(max_examples=10)
@given(st.integers(0, 1000), st.sampled_from(ACTIVATIONS), st.integers(1, 30))
def test_gains_and_their_bounds(seed, activation, n):
    f = DeepSubmodularFunction.initial(n, (6, 4), activation, seed=seed)
    chosen = np.random.default_rng(seed).random(n) < 0.4
    slow = [
        0.0 if chosen[v] else float(f(chosen | (np.arange(n) == v)) - f(chosen)) for v in range(n)
    ]
    assert np.allclose(f.gains(chosen), slow, atol=1e-12)
    assert (f.gradient(chosen)[~chosen] >= f.gains(chosen)[~chosen] - 1e-12).all()


def algorithm_1(f):
    """SEA-NN, Algorithm 1, as printed, with equal to within rounding."""
    open_, context, scores = list(range(f.n)), np.zeros(f.n), np.zeros(f.n)
    while open_:
        gains = {v: float(f(np.maximum(context, np.eye(f.n)[v])) - f(context)) for v in open_}
        largest = max(gains.values())
        if largest <= 1e-12 * float(f(np.ones(f.n))):
            break
        tied = [v for v in open_ if gains[v] >= largest - 1e-12 * float(f(np.ones(f.n)))]
        scores[tied] = largest
        context[tied[0]] = 1
        open_ = [v for v in open_ if v not in tied]
    return scores


@settings(max_examples=10)
@given(st.integers(0, 1000), st.sampled_from(ACTIVATIONS), st.integers(1, 150), st.booleans())
def test_lazy_plain_and_printed_computation_agree(seed, activation, n, twins):
    f = DeepSubmodularFunction.initial(n, (9, 5, 3), activation, seed=seed)
    if twins:
        f.weights[0][:, n // 2 :] = f.weights[0][:, : n - n // 2]
    assert maximise(f, n).tolist() == maximise(f, n, lazy=False).tolist()
    lazy, plain = Chain(f), Chain(f, lazy=False)
    scores = marginal_gains(lazy)
    scale = 1e-12 * float(f(np.ones(n)))
    assert np.allclose(scores, marginal_gains(plain), atol=scale, rtol=0)
    assert lazy.evaluations <= plain.evaluations
    if n <= 40:
        assert np.allclose(scores, algorithm_1(f), atol=scale, rtol=0)
    if twins and n % 2 == 0:
        assert np.allclose(scores[: n // 2], scores[n // 2 :], atol=scale, rtol=0), (
            "ties share their gain"
        )


def test_few_gains_are_evaluated():
    f = DeepSubmodularFunction.initial(784, (64, 32), seed=0)
    lazy, plain = Chain(f), Chain(f, lazy=False)
    assert np.array_equal(grow(lazy, 30), grow(plain, 30))
    assert lazy.evaluations < plain.evaluations / 20


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("equation", [1, 2])
def test_lazy_and_plain_learning_agree(activation, equation):
    lazy, plain = (
        learn(
            *problem(1),
            Learning(widths=(6, 4), epochs=20, activation=activation, equation=equation),
            lazy=lazy,
        )
        for lazy in (True, False)
    )
    for a, b in zip(lazy.function.weights, plain.function.weights, strict=True):
        assert np.allclose(a, b, atol=1e-12, rtol=0)
    assert np.allclose(attribute(lazy.function), attribute(plain.function), atol=1e-12)


def test_the_first_loss_is_eq_2():
    real, binary = problem(4)
    s = Learning(
        widths=(6, 4), epochs=1, lambda_real=0.3, lambda_binary=7.0, weight_decay=0.01, delta=0.2
    )
    f = s.start(12)
    learned = learn(real, binary, s)

    def greedy(size):
        chosen = set()
        for _ in range(size):
            open_ = [v for v in range(12) if v not in chosen]
            chosen.add(max(open_, key=lambda v: float(f(np.isin(np.arange(12), [*chosen, v])))))
        return float(f(np.isin(np.arange(12), list(chosen))))

    whole = float(f(np.ones(12)))
    decay = 0.01 / 2 * sum(float((p**2).sum()) for p in (*f.weights, *f.biases))
    first = {name: float(values[0]) for name, values in learned.history.items()}
    assert first["decay"] == pytest.approx(decay)
    assert first["real"] == pytest.approx(0.3 * sum(whole - float(f(row)) for row in real))
    slow = 7 * sum(max(0.0, 0.2 + greedy(int(row.sum())) - float(f(row))) for row in binary)
    assert first["binary"] == pytest.approx(slow)


@pytest.mark.parametrize("equation", [1, 2])
def test_learning_lowers_the_loss_and_keeps_parameters_non_negative(equation):
    learned = trained(epochs=60, equation=equation, learning_rate=0.02)
    total = sum(learned.history.values())
    assert total[-1] < total[0]
    for parameter in (*learned.function.weights, *learned.function.biases):
        assert (parameter >= 0).all()
        assert np.isfinite(parameter).all()


def test_a_start_of_ones_collapses():
    learned = trained(epochs=30, init="ones")
    first = learned.function.weights[0]
    assert np.allclose(first, first[0], atol=1e-12), "all rows of the first layer stay equal"
    scores = attribute(learned.function)
    ranked = np.argsort(-first[0], kind="stable")
    assert (np.diff(scores[ranked]) <= 1e-9).all(), "the map depends on the weights' ranks alone"
    real = trained(epochs=30).function.weights[0]
    assert not np.allclose(real, real[0], atol=1e-3)


def test_a_warm_start_goes_on():
    first = trained(epochs=10)
    more = learn(*problem(0), Learning(widths=(7, 5), epochs=5), start=first.function)
    assert sum(v[0] for v in more.history.values()) < sum(v[0] for v in first.history.values())
    with pytest.raises(ValueError, match="`start`"):
        learn(np.ones((1, 4)), np.ones((1, 4), bool), start=first.function)


def test_sensitivity():
    plain, without = trained(epochs=40), np.ones(12) - np.eye(12)[3]
    f = trained(epochs=40, unimportant=(5, 6)).function
    assert f(np.eye(12)[5]) == f(np.zeros(12)), "Sensitivity(b) holds exactly"
    assert attribute(f)[[5, 6]].tolist() == [0, 0]

    def effect(learned):
        return float(learned.function(np.ones(12)) - learned.function(without))

    wanted = 2 * effect(plain)
    bound = trained(epochs=200, important=(3,), sensitivity=wanted, lambda_sensitivity=1e4)
    assert effect(bound) > 0.99 * wanted, "Sensitivity(a) is learned"
    assert bound.history["sensitivity"][-1] < bound.history["sensitivity"].max()


def test_dead_units_empty_sets_and_empty_weights_give_no_nan():
    f = DeepSubmodularFunction(
        [np.zeros((3, 4)), np.ones((2, 3)), np.ones((1, 2))], [np.zeros(k) for k in (3, 2, 1)]
    )
    assert f.gains(np.zeros(4)).tolist() == [0, 0, 0, 0]
    assert f.gradient(np.zeros(4)).tolist() == [0, 0, 0, 0]
    assert attribute(f).tolist() == [0, 0, 0, 0]
    assert maximise(f, 2).tolist() == []
    gradient = f.parameter_gradient(np.zeros((2, 4)), np.ones(2))
    assert all(np.isfinite(p).all() for p in (*gradient.weights, *gradient.biases))
    steep = DeepSubmodularFunction([np.eye(3), np.ones((1, 3))], [np.zeros(3), np.zeros(1)])
    assert steep.gradient(np.zeros(3)).tolist() == [math.inf] * 3
    assert attribute(steep).tolist() == [1, 1, 1]
    learned = learn(np.eye(4)[:1], np.zeros((1, 4), bool), Learning(widths=(3,), epochs=3))
    assert np.isfinite(learned.history["real"]).all()


def test_top_features_are_not_redundant():
    # Features 0 and 1 feed the same unit; alone they are the two strongest.
    f = DeepSubmodularFunction(
        [np.array([[9.0, 8.0, 0.0], [0.0, 0.0, 4.0]]), np.ones((1, 2))], [np.zeros(2), np.zeros(1)]
    )
    assert np.argsort(-f.gains(np.zeros(3)))[:2].tolist() == [0, 1]
    assert top_features(f, 2).tolist() == [0, 2]


def test_float32_is_kept():
    learned = learn(*problem(0), Learning(widths=(7,), epochs=5, dtype=np.float32))
    assert {p.dtype for p in (*learned.function.weights, *learned.function.biases)} == {
        np.dtype(np.float32)
    }
    assert np.allclose(
        attribute(learned.function),
        attribute(trained(widths=(7,), epochs=5, learning_rate=0.01).function),
        rtol=1e-3,
    )


@given(arrays(float, (5, 6), elements=st.integers(0, 9).map(float)), st.integers(1, 4))
def test_sampling_and_binarising(heatmap, side):
    cells = cells_of((5, 6), side)
    small = downsample(heatmap, cells)
    for cell in range(len(small)):
        assert small[cell] == pytest.approx(heatmap[cells == cell].mean())
    assert np.array_equal(upsample(small, cells)[0], small[cells[0]])
    found = binary_maps(heatmap, cells, [3, 7]).tolist()
    slow = []
    for k in (3, 7):
        high = sorted(range(30), key=lambda i: (-heatmap.ravel()[i], i))[:k]
        sums = [sum(cells.ravel()[i] == cell for i in high) for cell in range(len(small))]
        row = [count > k / len(small) for count in sums]
        slow += [row] if any(row) else []
    assert found == slow


def test_an_ensemble_is_the_sum_of_its_parts():
    maps = np.random.default_rng(0).random((3, 20, 30))
    options = Learning(widths=(8, 4), epochs=4)
    found = ensemble(maps, options, side=7, thresholds=[5, 20])
    cells = cells_of((20, 30), 7)
    unit = [scaled(one) for one in maps]
    learned = learn(
        [downsample(u, cells) for u in unit],
        np.concatenate([binary_maps(u, cells, [5, 20]) for u in unit]),
        options,
    )
    assert np.array_equal(found.heatmap, attribute(learned.function)[cells])
    assert np.array_equal(
        found.heatmap, ensemble(maps, options, side=7, thresholds=[5, 20]).heatmap
    )
    plain = ensemble(maps, options, side=7, thresholds=[5, 20], lazy=False)
    assert np.allclose(
        found.heatmap, plain.heatmap, atol=1e-12 * float(learned.function(np.ones(49)))
    )
    assert found.evaluations < plain.evaluations
    assert found.top(3).sum() == np.isin(cells, top_features(learned.function, 3)).sum()


def test_one_greedy_run_an_epoch_serves_any_number_of_maps():
    counts = []
    for m in (3, 30):
        real, binary = problem(0, n=40, m=m)
        counts.append(learn(real, binary, Learning(widths=(8,), epochs=5), lazy=False).evaluations)
    assert counts[0] == counts[1]


def test_agg_mean():
    assert aggregate_mean([[0, 2, 1], [3, 3, 5]]).tolist() == [0.0, 0.5, 0.75]


def test_functions_are_saved_without_pickle(tmp_path):
    f = trained().function
    f.save(tmp_path / "f.npz")
    loaded = DeepSubmodularFunction.load(tmp_path / "f.npz")
    x = np.random.default_rng(0).random((4, 12))
    assert np.array_equal(f(x), loaded(x))
    assert loaded.activation == "sqrt"
    np.savez(tmp_path / "other.npz", a=np.ones(2))
    with pytest.raises(ValueError, match="`file`"):
        DeepSubmodularFunction.load(tmp_path / "other.npz")


ONES = [np.ones((2, 3)), np.ones((1, 2))]
CASES = {
    "a negative weight": (
        lambda: DeepSubmodularFunction([-ONES[0], ONES[1]], [np.ones(2), np.ones(1)]),
        "`weights`",
    ),
    "a weight that is nan": (
        lambda: DeepSubmodularFunction([ONES[0] * NAN, ONES[1]], [np.ones(2), np.ones(1)]),
        "`weights`",
    ),
    "layers that do not chain": (
        lambda: DeepSubmodularFunction(ONES[::-1], [np.ones(1), np.ones(2)]),
        "`weights`",
    ),
    "no hidden layer": (
        lambda: DeepSubmodularFunction([np.ones((1, 3))], [np.ones(1)]),
        "`weights`",
    ),
    "an unknown activation": (
        lambda: DeepSubmodularFunction.initial(3, (2,), "relu"),
        "`activation`",
    ),
    "an unknown start": (lambda: DeepSubmodularFunction.initial(3, (2,), init="zeros"), "`init`"),
    "an unknown type": (lambda: DeepSubmodularFunction.initial(3, (2,), dtype=np.int64), "`dtype`"),
    "a width of nothing": (lambda: DeepSubmodularFunction.initial(3, (0,)), "`widths`"),
    "a set larger than all": (
        lambda: maximise(DeepSubmodularFunction.initial(3, (2,)), 4),
        "`size`",
    ),
    "no epochs": (lambda: Learning(epochs=0), "`epochs`"),
    "a negative weight of a term": (lambda: Learning(lambda_real=-1), "`lambda_real`"),
    "a margin that is nan": (lambda: Learning(delta=NAN), "`delta`"),
    "an unknown equation": (lambda: Learning(equation=3), "`equation`"),
    "both important and not": (lambda: Learning(important=[1], unimportant=[1, 2]), "`important`"),
    "maps above 1": (lambda: learn([[2.0, 0.0]], [[True, False]]), "`real`"),
    "sets of another size": (lambda: learn([[1.0, 0.0]], [[True, False, True]]), "`binary`"),
    "a constant map": (lambda: ensemble(np.ones((2, 4, 4))), r"`heatmaps\[0\]` is constant"),
    "a map that is nan": (lambda: ensemble([np.eye(4), np.eye(4) * NAN]), r"`heatmaps\[1\]`"),
    "maps of other shapes": (lambda: ensemble([np.eye(4), np.eye(5)]), "`heatmaps`"),
    "no maps": (lambda: ensemble([]), "`heatmaps`"),
    "more pixels than the map has": (
        lambda: ensemble([np.eye(4)], thresholds=[17]),
        "`thresholds`",
    ),
    "a side of nothing": (lambda: ensemble([np.eye(4)], side=0), "`side`"),
}


@pytest.mark.parametrize(("call", "named"), CASES.values(), ids=CASES)
def test_bad_input_is_refused_by_name(call, named):
    with pytest.raises(ValueError, match=named):
        call()
