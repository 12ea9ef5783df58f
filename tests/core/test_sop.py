"""Sum-of-Parts: the maths against slow transcriptions, in numpy, torch and TensorFlow."""

from fractions import Fraction

import numpy as np
import pytest
import tensorflow as tf
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter

from submod_core.metrics import painted, steps_of
from submod_core.metrics.groups import (
    cluster_alignment,
    group_iou,
    grown_area,
    kl_fidelity,
    object_share,
    structure_purity,
    void_alignment,
)
from submod_core.sop import (
    GroupExplanation,
    SOPSettings,
    blur_matrix,
    generate,
    position_code,
    scaled_cross_entropy,
    scaled_squared_error,
    select,
    sparsemax,
    standardised,
    top_masks,
)
from submod_core.sop.features import cells, check_labels, feature_map
from submod_core.sop.figure import plot_groups
from submod_core.sop.settings import initial_projections
from submod_core.sop.training import Trainee, train

FRAMEWORKS = {"numpy": np.asarray, "torch": torch.tensor, "tensorflow": tf.constant}


def check_everywhere(function, *arguments):
    """The function's value under each framework, eagerly and in a graph, checked to be one and the same."""
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
    """The nearest point of the simplex, in exact arithmetic, by trying every size of the support."""
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


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_sparsemax_is_the_exact_projection(framework):
    for vector in random_vectors(2000):
        found = np.asarray(sparsemax(FRAMEWORKS[framework](vector)))
        np.testing.assert_allclose(found, projection(vector), atol=1e-9 if np.abs(vector).max() < 1e9 else 1e-3)
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


@pytest.mark.parametrize("framework", ["torch", "tensorflow", "graph"])
def test_gradient_of_sparsemax_off_its_kinks(framework):
    rng = np.random.default_rng(2)
    weights = rng.normal(size=6)
    convert = {"torch": torch.tensor}.get(framework, tf.constant)(weights)
    checked = 0
    for _ in range(60):
        point = rng.normal(size=(1, 6))
        value = sparsemax(point)
        threshold = (point[value > 0].sum() - 1) / (value > 0).sum()
        if np.abs(point - threshold).min() < 1e-4:
            continue
        found = gradient(lambda x: sparsemax(x) * convert, point, framework)
        np.testing.assert_allclose(found, differences(lambda x: sparsemax(x) * weights, point), atol=1e-6)
        checked += 1
    assert checked > 40


def attention_slowly(embeddings, count, query, key, options, blur):
    """Eq. 43–46 for one example, row by row."""
    attention, masks, scales = [], [], []
    per_head = options.rows().per_head
    for head, size in enumerate(per_head):
        for i in range(size):
            row = (2 * i + 1) * count // (2 * size)
            scores = [options.alpha * (embeddings[row] @ query[head]) @ (e @ key[head]) for e in embeddings[:count]]
            powers = np.exp(np.array(scores) - max(scores))
            a = powers / powers.sum()
            a = a @ blur if blur is not None else a
            kept = sorted(range(count), key=lambda j, a=a: (-a[j], j))[: max(1, int(options.top * count + 0.5))]
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
        return tuple(generate(e, there, q, k_, options.rows(), alpha=0.7, top=0.25, blur=b))

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
    found = generate(e, np.ones((1, 9)), w, w, rows, alpha=0.5, top=0.2, continuous=True)
    wanted = [projection(0.5 * (row @ w[0]) @ (e[0] @ w[0]).T) for row in e[0]]
    np.testing.assert_allclose(found.masks[0], wanted, atol=1e-12)
    assert (found.scales == 1).all()


@settings(deadline=None, max_examples=100)
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
    z, c, q, k = rng.normal(size=(2, 5, 4)), rng.normal(size=(3, 4)), rng.normal(size=(4, 4)), rng.normal(size=(4, 4))
    found = check_everywhere(lambda *a: select(*a, 0.8), z, c, q, k)
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
        logits = np.array([sum(scale[i, g] * c[i, k, g] * y[i, g, k] for g in range(4)) for k in range(3)])
        assert entropy[i] == pytest.approx(-np.log(np.exp(logits[target]) / np.exp(logits).sum()))
        misses = [sum(c[i, k, g] * (y[i, g, k] - values[i, k]) * -scale[i, g] for g in range(4)) for k in range(3)]
        assert squared[i] == pytest.approx(np.mean(np.square(misses)))


@pytest.mark.parametrize("framework", ["torch", "tensorflow", "graph"])
def test_the_scale_carries_the_gradient_to_the_attention(framework):
    rng = np.random.default_rng(3)
    e, w = rng.normal(size=(1, 8, 4)), np.stack([rng.normal(size=(4, 4))])
    y, c, rows = rng.normal(size=(1, 3, 2)), rng.dirichlet(np.ones(3), size=(1, 2)), SOPSettings(groups=3).rows()
    make = {"torch": torch.tensor}.get(framework, tf.constant)

    def loss(key, convert):
        groups = generate(*map(convert, (e, np.ones((1, 8)), w)), key, rows, alpha=0.5, top=0.4)
        return scaled_cross_entropy(convert(y), convert(np.array([[0.0, 1.0]])), convert(c), groups.scales)

    found = gradient(lambda key: loss(key, make), w, framework)
    assert np.abs(found).max() > 1e-3
    np.testing.assert_allclose(found, differences(lambda key: loss(key, np.asarray), w), atol=1e-6)


def test_rows_are_spread_evenly_over_heads_and_queries():
    rows = SOPSettings(groups=20, heads=3).rows()
    assert rows.per_head == (7, 7, 6)
    taken = rows.numerators[:7] * 196 // rows.denominators[:7]
    assert taken.tolist() == [14, 42, 70, 98, 126, 154, 182]


def test_projections_start_at_a_rotation():
    for heads in (1, 2, 4):
        start = initial_projections(8, heads)
        joined = np.concatenate(list(start), axis=1)
        np.testing.assert_allclose(joined.T @ joined, np.eye(8), atol=1e-12)
    assert initial_projections(2, 5).shape == (5, 2, 1)


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"groups": 0}, "groups"),
        ({"heads": 21}, "heads"),
        ({"top": 0}, "top"),
        ({"top": 1.5}, "top"),
        ({"top": True}, "top"),
        ({"alpha": 0.0}, "alpha"),
        ({"beta": float("inf")}, "beta"),
        ({"positions": -1.0}, "positions"),
        ({"blur": 4}, "blur"),
        ({"blur": 3, "continuous": True}, "continuous"),
    ],
    ids=str,
)
def test_bad_settings_are_named(options, named):
    with pytest.raises(ValueError, match=f"`{named}`"):
        SOPSettings(**options)


def test_features_of_images_sequences_and_label_maps():
    patches = feature_map(3, (7, 6), images=True)
    assert patches.grid == (3, 2)
    assert patches.labels[6, 5] == 5
    assert feature_map(None, (4,), images=False) == (pytest.approx([0, 1, 2, 3]), (4,))
    assert check_labels("features", [[5], [-1], [9]], (3, 8)).tolist() == [[0], [-1], [1]]
    assert cells((4, 6), (2, 3)).tolist() == [[0, 0, 1, 1, 2, 2]] * 2 + [[3, 3, 4, 4, 5, 5]] * 2
    for wrong in (0, 99, [[1.5]], np.full((7, 6), -1), np.zeros((3, 3), int)):
        with pytest.raises(ValueError, match="`features`"):
            feature_map(wrong, (7, 6), images=True)
    with pytest.raises(ValueError, match="`features`"):
        feature_map(4, (9,), images=False)


def explanation(seed=0, m=5, n=6, classes=3, continuous=False):
    rng = np.random.default_rng(seed)
    groups = rng.random((m, n)) if continuous else rng.random((m, n)) < 0.4
    groups[:, 0] = 1
    scores, partials = rng.dirichlet(np.ones(m), size=classes).T, rng.normal(size=(m, classes))
    scores[1] = 0
    regions = np.array([[0, 1, 2], [3, 4, 5], [5, -1, -1]])
    return GroupExplanation(regions, groups, scores, partials, (scores * partials).sum(0))


@pytest.mark.parametrize("continuous", [False, True])
def test_feature_scores_sum_to_the_logit(continuous, tmp_path):
    one = explanation(continuous=continuous)
    for target in range(3):
        assert one.feature_scores(target).sum() == pytest.approx(one.logits[target])
        assert one.paint(target)[2, 2] == 0
        assert 1 not in one.used(target)
    one.save(tmp_path / "one.npz")
    again = GroupExplanation.load(tmp_path / "one.npz")
    for name, value in vars(one).items():
        np.testing.assert_array_equal(getattr(again, name), value)


def test_grouped_steps_bring_only_what_is_new():
    one = explanation()
    seen, steps = set(), one.steps(0)
    assert sorted(np.unique(steps.regions)) == list(range(len(steps.order)))
    parts = [set(np.flatnonzero(one.groups[g])) for g in one.used(0)]
    wanted = [new for part in parts if (new := part - seen, seen.update(part))[0]]
    for k, new in enumerate(wanted):
        features = set(one.regions[steps.regions == k]) - {-1}
        assert features == new
    assert (steps.regions[2, 1:] == steps.regions.max()).all(), "what is in no feature comes last"
    assert steps_of(steps, (3, 3)) is steps
    assert painted(steps, (3, 3)).max() == painted(steps, (3, 3))[steps.regions == 0][0]
    with pytest.raises(ValueError, match="steps over"):
        steps_of(steps, (4, 3))


def test_metrics_of_groups():
    one = explanation()
    mask = np.zeros((3, 3), bool)
    mask[0] = True
    areas = [np.append(one.groups[g], False)[one.regions] for g in one.used(0)]
    assert group_iou(one, 0, mask) == pytest.approx(np.mean([(a & mask).sum() / (a | mask).sum() for a in areas]))
    assert object_share(one, 0, mask) == pytest.approx(np.mean([(a & mask).sum() / a.sum() for a in areas]))
    with pytest.raises(ValueError, match="`mask`"):
        group_iou(one, 0, mask[:2])
    values = np.array([-2.0, -1.0, 0.5, 9.0] + [0.0] * 96)
    group = np.arange(100) < 3
    assert void_alignment(group, values) == pytest.approx(2 / 3)
    assert void_alignment(np.arange(100) < 4, values) == 0, "its sum is above 0"
    assert cluster_alignment(np.arange(100) < 4, values) == 0.25
    assert structure_purity(group, values) == 1
    p, q = np.array([0.5, 0.3, 0.2]), np.array([0.2, 0.2, 0.6])
    assert kl_fidelity(np.log(p)[None], np.log(q)[None] + 7)[0] == pytest.approx((p * np.log(p / q)).sum())
    with pytest.raises(ValueError, match="`logits`"):
        kl_fidelity(p, q)
    np.testing.assert_allclose(grown_area(np.full((10, 2), 0.3), [0.3, 0.6]), [1, 0.5])
    with pytest.raises(ValueError, match="`probabilities`"):
        grown_area(np.ones((3, 2)), np.ones(2))


def test_the_figure_shows_the_groups_that_count():
    one = explanation()
    figure = plot_groups(one, np.zeros((3, 3, 3)), 0, most=2, title="a digit")
    assert len(figure.axes) == 3
    best = one.used(0)[0]
    assert figure.axes[1].get_title() == f"{one.contributions[best, 0]:.2f} of {one.logits[0]:.2f}"


class Walker:
    """A trainee whose weights depend on the order of all that it saw, and which may be killed."""

    def __init__(self, dies_at=None):
        self.weights, self.steps, self.dies_at = np.zeros(3), 0, dies_at

    def step(self, rows):
        if self.steps == self.dies_at:
            raise KeyboardInterrupt
        self.steps += 1
        self.weights = 0.9 * self.weights + rows[:3].sum() * np.arange(3)
        return float(self.weights.sum())

    def restore(self, arrays):
        self.weights = arrays["weights"]

    def trainee(self):
        return Trainee(self.step, lambda: {"weights": self.weights}, self.restore)


@pytest.mark.parametrize("dies_at", [2, 5, 8])
def test_a_run_that_was_killed_ends_where_one_that_was_not_does(dies_at, tmp_path):
    options = {"n": 13, "epochs": 3, "batch_size": 4, "seed": 7}
    whole = Walker()
    losses = train(whole.trainee(), **options)
    killed, file = Walker(dies_at), tmp_path / "run.npz"
    with pytest.raises(KeyboardInterrupt):
        train(killed.trainee(), **options, checkpoint=file, checkpoint_every=2)
    resumed = Walker()
    assert train(resumed.trainee(), **options, checkpoint=file, checkpoint_every=2) == losses
    assert resumed.steps < whole.steps
    np.testing.assert_array_equal(resumed.weights, whole.weights)
    with pytest.raises(ValueError, match="`checkpoint`"):
        train(Walker().trainee(), **{**options, "seed": 8}, checkpoint=file)


def test_every_example_is_seen_once_an_epoch_in_an_order_of_its_own():
    seen = []
    trainee = Trainee(lambda rows: seen.append(rows) or 0.0, dict, lambda arrays: None)
    train(trainee, 10, epochs=2, batch_size=4, seed=0)
    first, second = np.concatenate(seen[:3]), np.concatenate(seen[3:])
    assert sorted(first) == sorted(second) == list(range(10))
    assert first.tolist() != second.tolist()
    with pytest.raises(ValueError, match="`epochs`"):
        train(trainee, 10, epochs=0, batch_size=4, seed=0)
