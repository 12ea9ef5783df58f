"""Sum-of-Parts of texts of different lengths in Keras: groups, blur and places of each its own."""

import numpy as np
import pytest
import tensorflow as tf
import torch
from torch import nn

import captum_submod
from submod_core.sop import blur_matrix
from xplique_submod import SumOfParts

layers = tf.keras.layers
SIZES = (4, 9, 1, 6)
RNG = np.random.default_rng(0)
IDS = RNG.integers(4, 20, (4, 11)).astype("int32")
PLACES = np.arange(11)[None] - 1
WORDS = np.where((PLACES >= 0) & (np.array(SIZES)[:, None] > PLACES), PLACES, -1)
IDS[WORDS < 0] = 0
OPTIONS = {"baseline": 3, "groups": 4, "top": 0.3, "heads": 2, "layer": "places"}


def reader():
    tf.keras.utils.set_random_seed(0)
    start = tf.keras.Input((None,), dtype="int32")
    places = layers.Embedding(20, 6, name="places")(start)
    pooled = layers.GlobalAveragePooling1D()(layers.Dense(8, "tanh")(places))
    return tf.keras.Model(start, layers.Dense(3)(pooled))


class Reader(nn.Module):
    """Twin of the Keras network in torch."""

    def __init__(self, keras):
        super().__init__()
        self.places, self.hidden, self.head = nn.Embedding(20, 6), nn.Linear(6, 8), nn.Linear(8, 3)
        arrays = [torch.from_numpy(np.array(w)) for w in keras.get_weights()]
        weights = [arrays[0], arrays[1].T, arrays[2], arrays[3].T, arrays[4]]
        self.load_state_dict(dict(zip(self.state_dict(), weights, strict=True)))

    def forward(self, ids):
        return self.head(torch.tanh(self.hidden(self.places(ids))).mean(1))


def test_texts_of_any_lengths_have_the_groups_of_the_other_host():
    keras, options = reader(), {"blur": 15, "positions": 1.0}
    sop = SumOfParts(keras, IDS[:1], **OPTIONS, **options)
    other = captum_submod.SumOfParts(Reader(keras), torch.from_numpy(IDS[:1]), **OPTIONS, **options)
    ours = sop.explain(IDS, WORDS)
    theirs = other.explain(torch.from_numpy(IDS), torch.from_numpy(WORDS))
    for i, (one, wanted) in enumerate(zip(ours, theirs, strict=True)):
        assert one.groups.shape == (4, SIZES[i])
        assert one.groups.tolist() == wanted.groups.tolist()
        np.testing.assert_allclose(one.contributions, wanted.contributions, atol=1e-5)
        np.testing.assert_allclose(one.contributions.sum(0), one.logits, atol=1e-5)
    # More padding changes no group: the row of features is the text's own.
    wider = np.pad(WORDS[:1], ((0, 0), (0, 5)), constant_values=-1)
    same = sop.parts(np.pad(IDS[:1], ((0, 0), (0, 5))), wider).groups
    np.testing.assert_array_equal(same.masks[0], ours[0].groups)


def test_the_blur_is_over_each_texts_own_words():
    plain, blurred = (SumOfParts(reader(), IDS[:1], **OPTIONS, blur=side) for side in (None, 7))
    before, after = (sop.parts(IDS, WORDS).groups.attention.numpy() for sop in (plain, blurred))
    for i, n in enumerate(SIZES):
        wanted = before[i, :, :n] @ blur_matrix((n,), 7)
        np.testing.assert_allclose(after[i, :, :n], wanted, atol=1e-6)
        assert (after[i, :, n:] == 0).all()


def test_features_that_are_in_no_row_are_refused():
    sop = SumOfParts(reader(), IDS[:1], **OPTIONS, blur=3)
    with pytest.raises(ValueError, match="`feature_mask` must number"):
        sop(IDS, WORDS[:, ::-1].copy())
