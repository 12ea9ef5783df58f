"""Metamorphic relations: what a change of the model or the input must do to an explanation.

Each takes a host's `explain(model, x, target, **options)`, whose model is a NumPy function of
float32 arrays, and returns the explanations; the options are those of `LiMA`.
"""

import numpy as np

WEIGHTS = {"consistency": 20, "collaboration": 5}
CELLS = np.arange(6).reshape(2, 3).repeat(2, 0).repeat(2, 1)  # (4, 6)


class Network:
    """A small random network of flat inputs, in double precision."""

    def __init__(self, seed: int, n_inputs: int, n_outputs: int = 4) -> None:
        rng = np.random.default_rng(seed)
        self.inner = rng.normal(size=(n_inputs, 7)) / n_inputs**0.5
        self.outer = rng.normal(size=(7, n_outputs)) * 3

    def __call__(self, x):
        return np.tanh(np.asarray(x).reshape(len(x), -1).astype(float) @ self.inner) @ self.outer


def images(seed: int, channels: int = 2) -> np.ndarray:
    """Three images (3, 4, 6, C)."""
    rng = np.random.default_rng(seed)
    return rng.uniform(0.5, 1.5, size=(3, 4, 6, channels)).astype(np.float32)


def assert_same(found, expected, regions=None, scale=1.0):
    """Equal orders, importance, gains and curves; `regions` are the new ids of the old regions."""
    for one, other in zip(found, expected, strict=True):
        ids = np.arange(len(other.order)) if regions is None else np.asarray(regions)
        assert one.order.tolist() == ids[other.order].tolist()
        assert np.allclose(one.importance[ids], other.importance, atol=1e-4)
        assert np.allclose(one.gains[ids], scale * other.gains, rtol=1e-3, atol=1e-5 * scale)
        assert np.allclose(one.curves.insertion, scale * other.curves.insertion, rtol=1e-3)
        assert np.allclose(one.curves.area, other.curves.area)


def permuted_examples(explain, seed, search):
    x, model = images(seed), Network(seed, 48)
    options = {"regions": CELLS, "search": search, "weights": WEIGHTS, "layout": "NHWC"}
    targets, order = [0, 3, 1], [2, 0, 1]
    expected = explain(model, x, targets, **options)
    found = explain(model, x[order], [targets[i] for i in order], **options)
    assert_same(found, [expected[i] for i in order])
    alone = [explain(model, x[[i]], [targets[i]], **options)[0] for i in range(3)]
    assert_same(alone, expected)


def permuted_classes(explain, seed, search):
    x, model, order = images(seed), Network(seed, 48), [3, 1, 0, 2]
    options = {"regions": CELLS, "search": search, "layout": "NHWC"}
    expected = explain(model, x, [0, 3, 1], **options)
    found = explain(lambda z: model(z)[:, order], x, [order.index(t) for t in (0, 3, 1)], **options)
    assert_same(found, expected)


def scaled_values(explain, seed, search):
    x, model = images(seed), Network(seed, 48)
    options = {"regions": CELLS, "search": search, "layout": "NHWC", "activation": None}
    expected = explain(model, x, [0, 3, 1], **options)
    for unit in (1e-4, 1e3):
        found = explain(lambda z, unit=unit: unit * model(z), x, [0, 3, 1], **options)
        assert_same(found, expected, scale=unit)


def transposed_images(explain, seed, search):
    x, model = images(seed), Network(seed, 48)
    options = {"search": search, "weights": WEIGHTS}
    expected = explain(model, x, [0, 3, 1], regions=CELLS, layout="NHWC", **options)
    turned = x.transpose(0, 2, 1, 3)
    found = explain(
        lambda z: model(np.asarray(z).transpose(0, 2, 1, 3)),
        turned, [0, 3, 1], regions=CELLS.T, layout="NHWC", **options,
    )  # fmt: skip
    assert_same(found, expected)
    # The same pictures with their channels first, by another name of the layout.
    first = explain(
        lambda z: model(np.asarray(z).transpose(0, 2, 3, 1)),
        x.transpose(0, 3, 1, 2), [0, 3, 1], regions=CELLS, layout="NCHW", **options,
    )  # fmt: skip
    assert_same(first, expected)


def unused_features(explain, seed, search):
    rng, model = np.random.default_rng(seed), Network(seed, 5)
    x = rng.uniform(0.5, 1.5, size=(2, 5)).astype(np.float32)
    options = {"search": search, "weights": WEIGHTS, "layout": "NF"}
    wide = np.concatenate([x[:, :2], np.ones((2, 2), np.float32), x[:, 2:]], 1)
    used = [0, 1, 4, 5, 6]
    expected = explain(model, x, [1, 2], **options)
    found = explain(lambda z: model(np.asarray(z)[:, used]), wide, [1, 2], **options)
    for one, other in zip(found, expected, strict=True):
        assert np.abs(one.gains[[2, 3]]).max() <= 1e-5 * np.abs(one.gains).max()
        if search == "greedy":  # others may place them so that moves of the rest differ
            rest = [region for region in one.order if region in used]
            assert rest == [used[region] for region in other.order]
    # As the baseline is, they are last, and nothing of the rest changes at all.
    wide[:, [2, 3]] = 0
    found = explain(lambda z: model(np.asarray(z)[:, used]), wide, [1, 2], **options)
    for one, other in zip(found, expected, strict=True):
        assert one.order.tolist() == [*(used[region] for region in other.order), 2, 3]
        assert not one.importance[[2, 3]].any()


def constant_channel(explain, seed, search):
    x, model = images(seed, channels=3), Network(seed, 72)
    options = {"regions": 5, "search": search, "weights": WEIGHTS, "layout": "NHWC"}
    expected = explain(model, x, [0, 3, 1], **options)
    more = np.concatenate([x, np.full((3, 4, 6, 1), 7, np.float32)], -1)
    found = explain(lambda z: model(np.asarray(z)[..., :3]), more, [0, 3, 1], **options)
    assert_same(found, expected)
    for one, other in zip(found, expected, strict=True):
        assert np.array_equal(one.regions, other.regions), "it tells no places apart"


RELATIONS = [
    permuted_examples,
    permuted_classes,
    scaled_values,
    transposed_images,
    unused_features,
    constant_channel,
]
