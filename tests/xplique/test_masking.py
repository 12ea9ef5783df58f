"""Masked inputs against element by element, whichever way they are composed."""

import numpy as np
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from xplique_submod._inputs import prepare
from xplique_submod._masking import composer, pack
from xplique_submod.sop._masking import Masking


@settings(max_examples=20)
@given(
    n_examples=st.integers(1, 4),
    per_example=st.booleans(),
    own_baselines=st.booleans(),
    n_rows=st.sampled_from([1, 7, 9, 17]),
    n_regions=st.sampled_from([1, 6, 32, 33, 65, 200, 2000]),
    special=st.sampled_from([0.0, float("nan"), float("inf"), 3e38]),
    seed=st.integers(0, 2**32 - 1),
)
def test_kept_elements_are_the_inputs_and_the_others_the_baseline(
    n_examples, per_example, own_baselines, n_rows, n_regions, special, seed
):
    rng = np.random.default_rng(seed)
    x = np.where(
        rng.random((n_examples, 4, 5, 3)) < 0.1,
        special,
        rng.normal(size=(n_examples, 4, 5, 3)) * 10,
    )
    x = x.astype(np.float32)
    baseline = rng.normal(size=x.shape if own_baselines else 3).astype(np.float32)
    maps = [
        rng.integers(0, n_regions, size=(4, 5)) for _ in range(n_examples if per_example else 1)
    ]
    batch = prepare(x, np.eye(n_examples), baseline, lambda *_: maps)
    rows, keep = rng.integers(n_examples, size=n_rows), rng.random((n_rows, n_regions)) < 0.5
    arrays, packed = (batch.inputs, batch.baselines, batch.labels, batch.targets), pack(rows, keep)
    compose = composer(batch.shape, packed.shape[1] - 2, *(tuple(a.shape[1:]) for a in arrays))
    composed, targets = compose(*arrays, packed)
    np.testing.assert_array_equal(targets[:n_rows], np.eye(n_examples)[rows])
    for b, i in enumerate(rows):
        kept = keep[b, maps[i % len(maps)]][..., None]
        np.testing.assert_array_equal(
            composed[b], np.where(kept, x[i], np.broadcast_to(baseline, x.shape)[i])
        )


@settings(max_examples=10)
@given(
    special=st.sampled_from([0.0, float("nan"), float("inf")]),
    batch_size=st.integers(1, 9),
    labels_known=st.booleans(),
    seed=st.integers(0, 2**32 - 1),
)
def test_groups_are_the_inputs_and_the_rest_the_baseline(special, batch_size, labels_known, seed):
    rng = np.random.default_rng(seed)
    x = np.where(rng.random((3, 4, 6, 2)) < 0.1, special, rng.normal(size=(3, 4, 6, 2))).astype(
        np.float32
    )
    masking = Masking(x, 2, 0.25, batch_size)
    masks = (rng.random((3, 4, 6)) < 0.5).astype(np.float32)
    labels = masking.labels_of(tf.constant(x), None)
    n_words = masking.words(labels) if labels_known else None
    count, make = masking.batches(tf.constant(x), tf.constant(masks), labels, n_words)
    masked = np.concatenate([make(tf.constant(k)) for k in range(int(count))])
    kept = masks[:, :, labels.numpy()[0]].reshape(12, 4, 6, 1)
    np.testing.assert_array_equal(masked, np.where(kept > 0, np.repeat(x, 4, 0), np.float32(0.25)))


def test_groups_mix_whole_numbers():
    x, masks = tf.constant([[1, 2, 4]]), tf.constant([[[0.5, 0.0, 0.5]]])
    masking = Masking(tf.zeros((1, 3)), None, 0.5, 8)
    _, make = masking.batches(x, masks, masking.labels_of(x, None), None, continuous=True)
    np.testing.assert_array_equal(make(tf.constant(0)), [[0.75, 0.5, 2.25]])
