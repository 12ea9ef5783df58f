"""Metamorphic relations under Xplique."""

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from matrix.relations import RELATIONS, assert_same
from xplique_submod import LiMA

pytestmark = pytest.mark.usefixtures("eagerly")


def explain(model, x, target, **options):
    """One function for all models, so that nothing is traced; targets are one-hot of four."""
    targets = np.eye(4, dtype=np.float32)[target]
    lima = LiMA(lambda z: model(z).astype(np.float32), **options)
    return lima.explain_regions(np.ascontiguousarray(x), targets)


@pytest.mark.parametrize("relation", RELATIONS, ids=lambda relation: relation.__name__)
@settings(max_examples=4)
@given(seed=st.integers(0, 2**16), search=st.sampled_from(["greedy", "guided", "bidirectional"]))
def test_relations_hold(relation, seed, search):
    relation(explain, seed, search)


def test_a_keras_model_a_function_and_a_graph_are_one_model():
    tf.keras.utils.set_random_seed(0)
    layers = tf.keras.layers
    net = tf.keras.Sequential(
        [tf.keras.Input((4, 6, 3)), layers.Flatten(), layers.Dense(8, "tanh"), layers.Dense(4)]
    )
    x, y = np.random.default_rng(0).random((2, 4, 6, 3), np.float32), np.eye(4)[[1, 3]]
    expected = LiMA(net, regions=(2, 3)).explain_regions(x, y)
    for model in (lambda z: net(z).numpy(), tf.function(net), lambda z: net.predict_on_batch(z)):
        assert_same(LiMA(model, regions=(2, 3)).explain_regions(x, y), expected)


def test_what_always_stays_is_neither_removed_nor_painted():
    labels = np.arange(6).reshape(2, 3).repeat(2, 0).repeat(2, 1)
    labels[labels == 4] = -1
    stays, seen = labels == -1, []
    x = np.random.default_rng(0).uniform(0.5, 1.5, (2, 4, 6, 3)).astype(np.float32)
    matrix = np.random.default_rng(1).normal(size=(72, 4)).astype(np.float32)

    def model(z):
        seen.append(z[:, stays].copy())
        return z.reshape(len(z), -1) @ matrix

    lima = LiMA(model, regions=labels, search="greedy", signed=True)
    painted = lima.explain(x, np.eye(4)[[1, 3]]).numpy()[..., 0]
    assert not painted[:, stays].any()
    assert painted[:, ~stays].any()
    pixels = x[:, stays]
    assert all(any(np.array_equal(row, one) for one in pixels) for batch in seen for row in batch)
