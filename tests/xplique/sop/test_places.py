"""The embedding of a feature comes from its own place, whatever the layout of the layer."""

import numpy as np
import pytest
import tensorflow as tf

from xplique_submod import SumOfParts

keras, layers = tf.keras, tf.keras.layers


def net(grid, layout, extra=0, width=8):
    keras.utils.set_random_seed(0)
    rows, columns = grid
    inputs = keras.Input((4 * rows, 4 * columns, 3))
    x = layers.Conv2D(width, 4, strides=4)(inputs)
    if layout == "last":
        x = layers.Activation("tanh", name="act")(x)
        return keras.Model(inputs, layers.Dense(5)(layers.GlobalMaxPool2D()(x)))
    x = layers.Reshape((rows * columns, width))(x)
    if extra:
        x = layers.ZeroPadding1D((extra, 0))(x)
    if layout == "turned":
        x = layers.Activation("tanh", name="act")(layers.Permute((2, 1))(x))
        x = layers.Permute((2, 1))(x)
    else:
        x = layers.Activation("tanh", name="act")(x)
    return keras.Model(inputs, layers.Dense(5)(layers.GlobalMaxPool1D()(x)))


CASES = [
    ("last", 0, (4, 4)),
    ("last", 0, (3, 5)),
    ("tokens", 1, (4, 4)),
    ("tokens", 1, (2, 8)),
    ("tokens", 5, (8, 2)),
    ("tokens", 0, (4, 8)),
    ("turned", 1, (3, 5)),
]


@pytest.mark.parametrize(("layout", "extra", "grid"), CASES)
def test_patches(layout, extra, grid):
    rows, columns = grid
    x = np.random.default_rng(1).random((1, 4 * rows, 4 * columns, 3), "float32")
    sop = SumOfParts(net(grid, layout, extra), x, features=4, groups=4, layer="act")
    labels = sop.masking.labels_of(x, None)
    before = sop._encode(x, labels)[0]
    places = np.arange(rows * columns)
    y = np.where(sop.masking.labels[..., None] == places[:, None, None, None], x + 1.5, x)
    moved = tf.norm(sop._encode(y, labels) - before, axis=-1)
    np.testing.assert_array_equal(tf.argmax(moved, axis=-1), places)
    assert len(sop.explain(x)) == 1


def test_features_along_the_last_axis_of_series():
    keras.utils.set_random_seed(0)
    body = [layers.Permute((2, 1)), layers.Conv1D(8, 1, name="conv"), layers.GlobalMaxPool1D()]
    model = keras.Sequential([keras.Input((6, 20)), *body, layers.Dense(3)])
    x, spans = np.random.default_rng(0).random((2, 6, 20), "float32"), np.arange(20)[None] // 4
    sop = SumOfParts(model, x[:1], features=spans, groups=4, top=0.4, layer="conv")
    for one, series in zip(sop.explain(x), x, strict=True):
        for group, partial in zip(one.groups, one.partials, strict=True):
            shown = np.where(group[spans[0]], series, 0)[None]
            np.testing.assert_allclose(partial, model(shown)[0], atol=1e-5)


@pytest.mark.parametrize(("kernel", "wanted"), [(3, "emb"), (1, "conv")])
def test_the_default_layer_of_tokens_keeps_them_apart(kernel, wanted):
    keras.utils.set_random_seed(0)
    inputs = keras.Input((12,), dtype="int32")
    x = layers.Embedding(100, 16, name="emb")(inputs)
    x = layers.Conv1D(32, kernel, padding="same", activation="relu", name="conv")(x)
    model = keras.Model(inputs, layers.Dense(4)(layers.GlobalMaxPool1D()(x)))
    ids = np.random.default_rng(0).integers(1, 99, (1, 12)).astype("int32")
    sop = SumOfParts(model, ids, groups=4)
    assert sop.encoder.output.shape == model.get_layer(wanted).output.shape
    labels = sop.masking.labels_of(ids, None)
    before = sop._encode(ids, labels)[0]
    for k in range(12):
        changed = np.where(np.arange(12) == k, (ids + 37) % 99, ids)
        moved = tf.norm(sop._encode(changed, labels)[0] - before, axis=-1)
        assert int(tf.argmax(moved)) == k
