"""Grown metrics with other values in place of features; other methods on the groups of a sum."""

import numpy as np
import pytest
import tensorflow as tf

from xplique_submod import SelfAttributing, SumOfParts, metrics
from xplique_submod.sop import with_baseline

layers = tf.keras.layers
IMAGES = np.random.default_rng(0).random((2, 8, 8, 3)).astype("float32")


@pytest.fixture(autouse=True)
def eager():
    """Nothing is compiled: that would take longer than all else here."""
    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)


def backbone():
    tf.keras.utils.set_random_seed(0)
    body = [layers.Conv2D(4, 3, padding="same", activation="tanh"), layers.MaxPool2D(2)]
    start = tf.keras.Input((8, 8, 3))
    return tf.keras.Sequential([start, *body, layers.Flatten(), layers.Dense(3)])


def test_another_baseline_is_that_of_a_model_made_with_it():
    options = {"features": 2, "groups": 3, "finetune": True}
    sop = SumOfParts(backbone(), IMAGES[:1], **options)
    sop.query.assign_add(tf.random.stateless_uniform(sop.query.shape, (0, 0)) * 0.1)
    sop.encoder.set_weights([weight * 1.1 for weight in sop.encoder.get_weights()])
    before = sop(IMAGES).numpy()
    made = SumOfParts(backbone(), IMAGES[:1], **options, baseline="channel_mean")
    made.query.assign(sop.query)
    made.encoder.set_weights(sop.encoder.get_weights())
    other = with_baseline(sop, "channel_mean")
    np.testing.assert_array_equal(other(IMAGES), made(IMAGES))
    assert not np.array_equal(other(IMAGES), before)
    np.testing.assert_array_equal(sop(IMAGES), before)
    errors = metrics.squared_errors_by_sparsity(other, IMAGES, np.zeros((2, 3)), [0.5, 1.0])
    wanted = [float(tf.reduce_mean(made(IMAGES, top=top) ** 2)) for top in (0.5, 1.0)]
    np.testing.assert_allclose(errors, wanted, rtol=1e-5)
    tops = metrics.tops_by(8, 16)
    assert metrics.grown_insertion(other, IMAGES, tops=tops).shape == (2,)
    assert metrics.grown_deletion_error(other, IMAGES, np.zeros((2, 3)), tops=tops).shape == (2,)
    model, maps = backbone(), IMAGES - 0.5
    pairs = zip(sop.explain(IMAGES), maps, strict=True)
    orders = [metrics.grouped_order(one, 1, map_) for one, map_ in pairs]
    targets = np.eye(3, dtype="float32")[[1, 1]]
    areas = metrics.Insertion(model, IMAGES, targets, activation="softmax")
    found = areas.per_example(orders)
    order, shown = orders[0], np.zeros((8, 8, 1), bool)
    shares, scores = [0.0], [float(tf.nn.softmax(model(IMAGES[:1] * 0))[0, 1])]
    for region in order.order:
        shown |= (order.regions == region)[..., None]
        shares.append(shown.mean())
        scores.append(float(tf.nn.softmax(model(IMAGES[:1] * shown))[0, 1]))
    assert np.ravel(found)[0] == pytest.approx(np.trapezoid(scores, shares), abs=1e-5)


def test_models_of_one_group_take_another_baseline_too():
    def saliency(x, targets):
        return x

    grey = SelfAttributing(backbone(), saliency, IMAGES[:1], features=2, baseline=0.5)
    black = SelfAttributing(backbone(), saliency, IMAGES[:1], features=2)
    np.testing.assert_array_equal(with_baseline(black, 0.5)(IMAGES), grey(IMAGES))
    with pytest.raises(TypeError, match="`model`"):
        with_baseline(backbone(), 0.5)
