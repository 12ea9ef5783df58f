"""Sum-of-Parts: the maths against slow transcriptions, in numpy, torch and TensorFlow."""

from fractions import Fraction

import numpy as np
import pytest
import tensorflow as tf
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter
from soak.amounts import FULL

from submod_core.sop import (
    GroupGenerator,
    SOPSettings,
    affinities,
    blur_matrix,
    position_code,
    row_blur,
    scaled_cross_entropy,
    scaled_squared_error,
    select,
    sparsemax,
    standardised,
    top_masks,
)

FRAMEWORKS = {"numpy": np.asarray, "torch": torch.tensor, "tensorflow": tf.constant}


def check_everywhere(function, *arguments):
    """The value under each framework, eagerly and in a graph, checked to be one and the same."""
    values = {name: make and function(*map(make, arguments)) for name, make in FRAMEWORKS.items()}
    values["graph"] = tf.function(function)(*map(tf.constant, arguments))
    arrays = {
        name: [np.asarray(v) for v in (value if isinstance(value, tuple) else (value,))]
        for name, value in values.items()
    }
    for name, value in arrays.items():
        for ours, theirs in zip(arrays["numpy"], value, strict=True):
            np.testing.assert_allclose(ours, theirs, atol=1e-12, err_msg=name)
    return values["numpy"]


def projection(vector):
    """The nearest point of the simplex, in exact arithmetic: every size of the support is tried."""
    exact = [Fraction(float(v)) for v in vector]
    falling = sorted(exact, reverse=True)
    for size in range(len(falling), 0, -1):
        threshold = (sum(falling[:size]) - 1) / size
        if falling[size - 1] > threshold:
            return np.array([float(max(v - threshold, 0)) for v in exact])
    raise AssertionError


def random_vectors(n):
    rng = np.random.default_rng(0)
    for i in range(n):
        vector = rng.normal(size=rng.integers(1, 12)) * 10.0 ** rng.integers(-6, 7)
        if i % 3 == 0:
            vector = rng.integers(-2, 3, size=len(vector)).astype(float)  # ties
        if i % 10 == 1:
            vector[rng.integers(len(vector))] = 1e12
        yield vector


@pytest.mark.slow
@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_sparsemax_is_the_exact_projection(framework):
    for vector in random_vectors(2000 if framework == "numpy" else 300):
        found = np.asarray(sparsemax(FRAMEWORKS[framework](vector)))
        np.testing.assert_allclose(
            found, projection(vector), atol=1e-9 if np.abs(vector).max() < 1e9 else 1e-3
        )
        assert found.sum() == pytest.approx(1, abs=1e-6)
        assert (found >= 0).all()


def test_sparsemax_is_one_function_under_every_framework():
    rng = np.random.default_rng(1)
    for _ in range(20):
        check_everywhere(sparsemax, rng.normal(size=(3, 7)))


def gradient(function, point, framework):
    if framework == "torch":
        x = torch.tensor(point, requires_grad=True)
        function(x).sum().backward()
        return x.grad.numpy()
    x = tf.constant(point)
    with tf.GradientTape() as tape:
        tape.watch(x)
        value = tf.reduce_sum((tf.function(function) if framework == "graph" else function)(x))
    return tape.gradient(value, x).numpy()


def differences(function, point, h=1e-6):
    found = np.empty_like(point)
    for index in np.ndindex(point.shape):
        up, down = point.copy(), point.copy()
        up[index] += h
        down[index] -= h
        found[index] = (function(up).sum() - function(down).sum()) / (2 * h)
    return found


@pytest.mark.slow
@pytest.mark.parametrize("framework", ["torch", "tensorflow", "graph"])
def test_gradient_of_sparsemax_off_its_kinks(framework):
    rng = np.random.default_rng(2)
    weights = rng.normal(size=6)
    convert = {"torch": torch.tensor}.get(framework, tf.constant)(weights)
    checked = 0
    n = 60 if framework == "torch" or FULL else 12
    for _ in range(n):
        point = rng.normal(size=(1, 6))
        value = sparsemax(point)
        threshold = (point[value > 0].sum() - 1) / (value > 0).sum()
        if np.abs(point - threshold).min() < 1e-4:
            continue
        found = gradient(lambda x: sparsemax(x) * convert, point, framework)
        np.testing.assert_allclose(
            found, differences(lambda x: sparsemax(x) * weights, point), atol=1e-6
        )
        checked += 1
    assert checked > 2 * n / 3


def attention_slowly(embeddings, count, query, key, options, blur):
    """Eq. 43–46 for one example, row by row."""
    attention, masks, scales = [], [], []
    per_head = options.rows().per_head
    for head, size in enumerate(per_head):
        for i in range(size):
            row = (2 * i + 1) * count // (2 * size)
            scores = [
                options.alpha * (embeddings[row] @ query[head]) @ (e @ key[head])
                for e in embeddings[:count]
            ]
            powers = np.exp(np.array(scores) - max(scores))
            a = powers / powers.sum()
            a = a @ blur if blur is not None else a
            kept = sorted(range(count), key=lambda j, a=a: (-a[j], j))[
                : max(1, int(options.top * count + 0.5))
            ]
            mask = np.isin(np.arange(count), kept)
            attention.append(a)
            masks.append(mask)
            scales.append(a[mask].sum() - a[~mask].sum())
    return np.array(attention), np.array(masks), np.array(scales)


@pytest.mark.parametrize("heads", [1, 3])
@pytest.mark.parametrize("blurred", [False, True])
def test_groups_equal_their_transcription(heads, blurred):
    rng = np.random.default_rng(heads)
    n, k, options = 12, 6, SOPSettings(groups=7, heads=heads, alpha=0.7, top=0.25)
    embeddings, query = rng.normal(size=(2, n, k)), rng.normal(size=(heads, k, k))
    key = rng.normal(size=(heads, k, k))
    blur = blur_matrix((3, 4), 3) if blurred else None
    counts = [n, n] if blurred else [n, 8]
    present = (np.arange(n) < np.array(counts)[:, None]).astype(float)

    def made(e, there, q, k_, b=None):
        generator = GroupGenerator(q, k_, options.rows(), alpha=0.7, blur=b)
        return tuple(generator.generate(e, there, top=0.25))

    found = check_everywhere(made, embeddings, present, query, key, *([blur] if blurred else []))
    for i, count in enumerate(counts):
        wanted = attention_slowly(embeddings[i], count, query, key, options, blur)
        np.testing.assert_allclose(found[0][i][:, :count], wanted[0], atol=1e-12)
        np.testing.assert_array_equal(found[1][i][:, :count], wanted[1])
        np.testing.assert_allclose(found[2][i], wanted[2], atol=1e-12)
        assert not found[0][i][:, count:].any(), "what pads an example is in no group"
        assert not found[1][i][:, count:].any()


def test_v1_takes_the_sparse_attention_itself_as_masks():
    rng = np.random.default_rng(0)
    e, w = rng.normal(size=(1, 9, 4)), rng.normal(size=(1, 4, 4))
    rows = SOPSettings(groups=9).rows()
    generator = GroupGenerator(w, w, rows, alpha=0.5, continuous=True)
    found = generator.generate(e, np.ones((1, 9)), top=0.2)
    wanted = [projection(0.5 * (row @ w[0]) @ (e[0] @ w[0]).T) for row in e[0]]
    np.testing.assert_allclose(found.masks[0], wanted, atol=1e-12)
    assert (found.scales == 1).all()


@settings(max_examples=33)
@given(st.integers(1, 30), st.floats(0.01, 1), st.integers(0, 2**20))
def test_masks_hold_the_share_of_the_features_that_was_asked_for(n, top, seed):
    scores = np.random.default_rng(seed).integers(0, 4, size=(1, 3, n)) / 4
    masks = top_masks(scores, np.ones((1, n)), top)
    wanted = max(1, int(np.floor(top * n + 0.5 + 1e-4)))
    assert (masks.sum(-1) == wanted).all()
    for row, mask in zip(scores[0], masks[0], strict=True):
        kept = sorted(range(n), key=lambda j: (-row[j], j))[:wanted]
        assert sorted(np.flatnonzero(mask)) == sorted(kept), "ties break to the first"


def test_blur_keeps_attention_a_distribution():
    matrix = blur_matrix((5, 7), 5)
    np.testing.assert_allclose(matrix, matrix.T, atol=1e-15)
    np.testing.assert_allclose(matrix.sum(0), 1, atol=1e-12)
    image = np.random.default_rng(0).random((5, 7))
    wanted = gaussian_filter(image, 0.15 * 5 + 0.35, mode="reflect", radius=2)
    np.testing.assert_allclose((image.ravel() @ matrix).reshape(5, 7), wanted, atol=1e-12)


def test_position_codes_tell_near_from_far():
    codes = check_everywhere(position_code, np.array([[[0.1, 0.1], [0.2, 0.1], [0.9, 0.8]]]))[0]
    assert (codes[0] @ codes[1]) > (codes[0] @ codes[2]) + 5
    np.testing.assert_allclose((codes**2).mean(-1), 1)


def test_standardised_embeddings():
    e = check_everywhere(standardised, np.random.default_rng(0).normal(3, 5, size=(2, 4, 100)))
    np.testing.assert_allclose(e.mean(-1), 0, atol=1e-12)
    np.testing.assert_allclose((e**2).mean(-1), 1, atol=1e-5)


def test_selection_equals_its_transcription():
    rng = np.random.default_rng(0)
    z, c, q, k = (
        rng.normal(size=(2, 5, 4)),
        rng.normal(size=(3, 4)),
        rng.normal(size=(4, 4)),
        rng.normal(size=(4, 4)),
    )
    found = check_everywhere(lambda *a: select(affinities(*a), 0.8), z, c, q, k)
    for i in range(2):
        for target in range(3):
            scores = np.array([0.8 * (c[target] @ q) @ (z[i, g] @ k) for g in range(5)])
            np.testing.assert_allclose(found[i, target], projection(scores), atol=1e-12)


def test_scaled_losses_equal_their_transcription():
    rng = np.random.default_rng(0)
    y, c = rng.normal(size=(2, 4, 3)), rng.dirichlet(np.ones(4), size=(2, 3))
    scale, values = rng.uniform(-1, 1, size=(2, 4)), rng.normal(size=(2, 3))
    one_hot = np.eye(3)[[2, 0]]
    entropy = check_everywhere(scaled_cross_entropy, y, one_hot, c, scale)
    squared = check_everywhere(scaled_squared_error, y, values, c, scale)
    for i, target in enumerate((2, 0)):
        logits = np.array(
            [sum(scale[i, g] * c[i, k, g] * y[i, g, k] for g in range(4)) for k in range(3)]
        )
        assert entropy[i] == pytest.approx(-np.log(np.exp(logits[target]) / np.exp(logits).sum()))
        misses = [
            sum(c[i, k, g] * (y[i, g, k] - values[i, k]) * -scale[i, g] for g in range(4))
            for k in range(3)
        ]
        assert squared[i] == pytest.approx(np.mean(np.square(misses)))


@pytest.mark.parametrize("framework", ["torch", "tensorflow", "graph"])
def test_the_scale_carries_the_gradient_to_the_attention(framework):
    rng = np.random.default_rng(3)
    e, w = rng.normal(size=(1, 8, 4)), np.stack([rng.normal(size=(4, 4))])
    y, c, rows = (
        rng.normal(size=(1, 3, 2)),
        rng.dirichlet(np.ones(3), size=(1, 2)),
        SOPSettings(groups=3).rows(),
    )
    make = {"torch": torch.tensor}.get(framework, tf.constant)

    def loss(key, convert):
        embeddings, present, query = map(convert, (e, np.ones((1, 8)), w))
        generator = GroupGenerator(query, key, rows, alpha=0.5)
        groups = generator.generate(embeddings, present, top=0.4)
        return scaled_cross_entropy(
            convert(y), convert(np.array([[0.0, 1.0]])), convert(c), groups.scales
        )

    found = gradient(lambda key: loss(key, make), w, framework)
    assert np.abs(found).max() > 1e-3
    np.testing.assert_allclose(found, differences(lambda key: loss(key, np.asarray), w), atol=1e-6)


@given(
    sizes=st.lists(st.integers(1, 12), min_size=1, max_size=4),
    radius=st.integers(0, 12),
)
def test_a_row_is_blurred_as_a_grid_of_its_own_length(sizes, radius):
    side, n = 2 * radius + 1, max(sizes)
    present = (np.arange(n) < np.array(sizes)[:, None]).astype(float)
    found = row_blur(present, side)
    for matrix, size in zip(found, sizes, strict=True):
        np.testing.assert_allclose(matrix[:size, :size], blur_matrix((size,), side), atol=1e-12)
        assert not matrix[size:].any()
        assert not matrix[:, size:].any()


def test_rows_are_blurred_alike_everywhere():
    present = (np.arange(6) < np.array([[6], [2]])).astype(float)
    check_everywhere(lambda p: row_blur(p, 7), present)
