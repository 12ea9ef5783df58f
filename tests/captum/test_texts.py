"""Texts of different lengths under Captum: baselines, kept tokens, removal."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from captum_submod import DropTextTokens, LiMA

PAD, CLS, VOCABULARY = 0, 1, 12


class Reader(nn.Module):
    """Two words of attention, positions and a nonlinear head, in float64."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.words = nn.Embedding(VOCABULARY, 8)
        self.positions = nn.Embedding(16, 8)
        self.attention = nn.MultiheadAttention(8, 2, batch_first=True)
        self.head = nn.Linear(8, 3)
        self.double().eval()

    def forward(self, ids, mask, types=None):
        hidden = self.words(ids) + self.positions(torch.arange(ids.shape[1]))
        if types is not None:
            hidden = hidden + types[..., None]
        seen, _ = self.attention(hidden, hidden, hidden, key_padding_mask=mask == 0)
        inside = mask[..., None].to(hidden)
        pooled = (seen * inside).sum(1) / inside.sum(1)
        return 4 * self.head(torch.tanh(pooled))


READER = Reader()
texts_drawn = st.lists(
    st.lists(st.integers(2, VOCABULARY - 1), min_size=2, max_size=5), min_size=1, max_size=3
)


def padded(texts, left=False, length=None):
    """Ids with a special token first, the attention mask and the label map, (N, T)."""
    length = length or 1 + max(map(len, texts))
    ids = torch.full((len(texts), length), PAD)
    mask, labels = torch.zeros_like(ids), torch.full_like(ids, -1)
    for i, text in enumerate(texts):
        start = length - len(text) - 1 if left else 0
        ids[i, start : start + len(text) + 1] = torch.tensor([CLS, *text])
        mask[i, start : start + len(text) + 1] = 1
        labels[i, start + 1 : start + len(text) + 1] = torch.arange(len(text))
    return ids, mask, labels


def alike(one, other):
    assert np.array_equal(one.order, other.order)
    np.testing.assert_allclose(one.curves.consistency, other.curves.consistency, atol=1e-9)
    np.testing.assert_allclose(one.curves.collaboration, other.curves.collaboration, atol=1e-9)
    assert np.array_equal(one.curves.area, other.curves.area)


@pytest.mark.parametrize(
    ("model", "baseline"),
    [
        (READER, PAD),
        (READER, 2),
        (DropTextTokens(READER, PAD), -1),
        (DropTextTokens(READER, PAD, "hide"), -1),
    ],
    ids=["pad", "mask token", "delete", "hide"],
)
@settings(max_examples=8)
@given(texts_drawn.filter(lambda texts: all(len({*text}) == len(text) for text in texts)))
def test_a_batch_of_different_lengths_is_explained_as_one_by_one(model, baseline, texts):
    lima = LiMA(model, search="greedy")
    ids, mask, labels = padded(texts)
    together = lima.explain(ids, baseline, 1, mask, labels, perturbations_per_eval=8)
    maps = lima.attribute(ids, baseline, 1, mask, labels, perturbations_per_eval=8)
    assert (maps[labels < 0] == 0).all()
    for i, text in enumerate(texts):
        ids, mask, labels = padded([text])
        (alone,) = lima.explain(ids, baseline, 1, mask, labels, perturbations_per_eval=8)
        alike(together[i], alone)


@pytest.mark.parametrize("left", [False, True])
@given(texts_drawn, st.integers(0, 2**16 - 1))
def test_deleting_tokens_shows_the_text_that_is_left(left, texts, bits):
    """The slow way: write each text without its removed tokens, and read it alone."""
    ids, mask, labels = padded(texts, left)
    types = torch.arange(ids.numel()).reshape(ids.shape).double() / 7 * mask
    removed = (labels >= 0) & ((bits >> labels.clamp(0)) & 1 == 1)
    dropping = DropTextTokens(READER, PAD, padding_side="left" if left else "right")
    # Positions count from the beginning of what is padded, so a left-padded text has no model of
    # its own length to be compared with, but for the longest that is left.
    found = dropping(ids.masked_fill(removed, -1), mask, types)
    kept = (mask == 1) & ~removed
    longest = int(kept.sum(1).max())
    for i in range(len(texts)):
        if left and int(kept[i].sum()) < longest:
            continue
        alone = READER(ids[i][kept[i]][None], torch.ones(1, int(kept[i].sum())), types[i][kept[i]])
        torch.testing.assert_close(found[i], alone[0], atol=1e-9, rtol=1e-9)


@given(texts_drawn, st.integers(0, 2**16 - 1))
def test_hiding_tokens_is_an_attention_mask(texts, bits):
    ids, mask, labels = padded(texts)
    removed = (labels >= 0) & ((bits >> labels.clamp(0)) & 1 == 1)
    found = DropTextTokens(READER, PAD, "hide")(ids.masked_fill(removed, -1), mask)
    expected = READER(ids.masked_fill(removed, 5), mask * ~removed)
    torch.testing.assert_close(found, expected, atol=1e-9, rtol=1e-9)


@pytest.mark.parametrize("how", ["delete", "hide"])
@pytest.mark.parametrize("side", ["left", "right"])
def test_a_text_of_which_nothing_is_left_is_one_token_of_padding(how, side):
    seen = []
    dropping = DropTextTokens(lambda *given: seen.append(given), PAD, how, side)
    dropping(torch.tensor([[-1, -1, -1]]), torch.ones(1, 3))
    (ids, mask), *_ = seen
    assert (ids == PAD).all()
    assert mask.sum() == 1
    assert mask[0, -1 if side == "left" else 0] == 1


def test_without_a_mask_all_tokens_are_text():
    found = DropTextTokens(READER, PAD)(torch.tensor([[3, -1, 4]]))
    torch.testing.assert_close(found, READER(torch.tensor([[3, 4]]), torch.ones(1, 2)))


def test_options_are_seen():
    text = repr(DropTextTokens(READER, PAD, "hide", "left"))
    assert "how='hide', padding_side='left', removed=-1" in text


IDS = torch.tensor([[3, -1, 0]])


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ((IDS.double(),), "ids"),
        ((IDS[0],), "ids"),
        ((IDS, torch.ones(2, 3)), "attention_mask"),
        ((IDS, torch.tensor([[0, 1, 1]])), "padding_side"),
        ((IDS, torch.tensor([[1, 0, 1]])), "padding_side"),
    ],
)
def test_what_are_no_texts_is_refused(arguments, named):
    with pytest.raises((TypeError, ValueError), match=f"`{named}`"):
        DropTextTokens(READER, PAD)(*arguments)


@pytest.mark.parametrize(
    ("option", "named"),
    [
        ({"model": 3}, "model"),
        ({"pad_id": -1}, "pad_id"),
        ({"how": "cut"}, "how"),
        ({"padding_side": "both"}, "padding_side"),
        ({"removed": 0}, "removed"),
    ],
)
def test_bad_options_are_refused(option, named):
    with pytest.raises((TypeError, ValueError), match=f"`{named}`"):
        DropTextTokens(**({"model": READER, "pad_id": PAD} | option))
