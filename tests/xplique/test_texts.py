"""Texts under Xplique: token ids and embeddings, and the answers of the other host."""

import numpy as np
import pytest
import tensorflow as tf
import torch

from captum_submod import DropTextTokens as TorchDropTextTokens
from captum_submod import LiMA as CaptumLiMA
from xplique_submod import DropTextTokens, LiMA

PAD = 0
IDS = np.array([[1, 5, 3, 7, 2], [1, 4, 6, PAD, PAD]])
LABELS = np.array([[-1, 0, 1, 1, 2], [-1, 0, 1, -1, -1]])
TARGETS = np.eye(3, dtype=np.float32)[[0, 2]]
TABLE = np.random.default_rng(0).normal(size=(9, 3)).astype(np.float32)
PLACES = np.random.default_rng(1).normal(size=(9, 3)).astype(np.float32)


def scores(ids, mask, xp):
    """Logits of the mean over the words that are seen, at their places, in either framework."""
    if xp is tf:
        hidden = tf.gather(TABLE, ids) * PLACES[: ids.shape[1]]
        seen = tf.cast(mask, tf.float32)[..., None]
        return 3 * tf.reduce_sum(hidden * seen, 1) / tf.reduce_sum(seen, 1)
    hidden = torch.from_numpy(TABLE)[ids] * torch.from_numpy(PLACES[: ids.shape[1]])
    seen = mask.float()[..., None]
    return 3 * (hidden * seen).sum(1) / seen.sum(1)


@pytest.mark.parametrize("how", ["delete", "hide"])
def test_both_hosts_remove_tokens_alike(how):
    ours = DropTextTokens(lambda ids, mask: scores(ids, mask, tf), PAD, how)
    theirs = TorchDropTextTokens(lambda ids, mask: scores(ids, mask, torch), PAD, how)
    found = LiMA(ours, baseline=-1.0, regions=LABELS).explain_regions(IDS, TARGETS)
    ids = torch.from_numpy(IDS)
    arguments = (-1, torch.tensor([0, 2]), (ids != PAD).long(), torch.from_numpy(LABELS))
    expected = CaptumLiMA(theirs).explain(ids, *arguments, perturbations_per_eval=8)
    for one, other in zip(found, expected, strict=True):
        assert np.array_equal(one.order, other.order)
        np.testing.assert_allclose(one.curves.consistency, other.curves.consistency, atol=1e-5)


def test_a_batch_is_explained_as_one_by_one():
    model = DropTextTokens(lambda ids, mask: scores(ids, mask, tf), PAD)
    together = LiMA(model, baseline=-1.0, regions=LABELS).explain_regions(IDS, TARGETS)
    for i, length in enumerate((5, 3)):
        explainer = LiMA(model, baseline=-1.0, regions=LABELS[i : i + 1, :length])
        (alone,) = explainer.explain_regions(IDS[i : i + 1, :length], TARGETS[i : i + 1])
        assert np.array_equal(together[i].order, alone.order)
        np.testing.assert_allclose(
            together[i].curves.consistency, alone.curves.consistency, atol=1e-5
        )


def test_ids_into_a_keras_model_and_its_embeddings():
    inputs = tf.keras.Input((5,))
    embedding = tf.keras.layers.Embedding(9, 3, weights=[TABLE])
    hidden = tf.keras.Input((5, 3))
    pooled = tf.keras.layers.GlobalAveragePooling1D()(hidden)
    head = tf.keras.Model(hidden, tf.keras.layers.Rescaling(3.0)(pooled))
    whole = tf.keras.Model(inputs, head(embedding(inputs)))
    maps = LiMA(whole, baseline=8.0, regions=LABELS)(IDS, TARGETS)
    assert maps.shape == (2, 5)
    assert (maps.numpy()[LABELS < 0] == 0).all()
    # The embedding of the mask token in place of that of a word is the same replacement.
    vectors = embedding(tf.constant(IDS)).numpy()
    inside = LiMA(head, baseline=TABLE[8], regions=LABELS)(vectors, TARGETS)
    np.testing.assert_allclose(inside.numpy()[..., 0], maps.numpy(), atol=1e-5)


@pytest.mark.parametrize("side", ["left", "right"])
def test_the_left_is_padded_where_the_tokenizer_does(side):
    dropping = DropTextTokens(lambda ids, mask: (ids, mask), PAD, padding_side=side)
    text = [[PAD, 4, -1, 5]] if side == "left" else [[4, -1, 5, PAD]]
    ids, mask = dropping(tf.constant(text))
    expected = [[PAD, PAD, 4, 5]] if side == "left" else [[4, 5, PAD, PAD]]
    assert ids.numpy().tolist() == expected
    assert mask.numpy().tolist() == np.sign(expected).tolist()
    ids, mask = dropping(tf.constant([[-1, -1]]))
    assert mask.numpy().tolist() == ([[0, 1]] if side == "left" else [[1, 0]])


def test_what_are_no_texts_is_refused():
    dropping = DropTextTokens(lambda ids, mask: ids, PAD)
    with pytest.raises(ValueError, match="`ids`"):
        dropping(tf.ones((2, 3, 4)))
    with pytest.raises(TypeError, match="`ids`"):
        dropping(tf.constant([["a"]]))
