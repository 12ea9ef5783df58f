"""Regions of what real tokenizers return: pairs, truncation, bytes, padding without a template."""

import re

import numpy as np
import pytest
import torch

tokenizers = pytest.importorskip("tokenizers")
pytest.importorskip("transformers")

from small_bert import load_model, load_tokenizer  # noqa: E402
from transformers import PreTrainedTokenizerFast  # noqa: E402

from captum_submod import DropTextTokens, LiMA, text_pieces, text_regions  # noqa: E402

TEXTS = ["The plot was wonderful!", "No. The first hour was too long, so why wonder?", "Good"]
TOKENIZER = load_tokenizer()


def byte_level():
    """A tokenizer of bytes without a template, as GPT's: special tokens are never added."""
    made = tokenizers.Tokenizer(tokenizers.models.BPE())
    made.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = tokenizers.trainers.BpeTrainer(
        vocab_size=300,
        initial_alphabet=tokenizers.pre_tokenizers.ByteLevel.alphabet(),
        special_tokens=["<pad>"],
        show_progress=False,
    )
    made.train_from_iterator(TEXTS, trainer)
    return PreTrainedTokenizerFast(tokenizer_object=made, pad_token="<pad>")


def words_of(labels, pieces):
    regions = range(labels.max() + 1)
    return ["".join(p for p, k in zip(pieces, labels, strict=True) if k == r) for r in regions]


@pytest.mark.parametrize("side", ["right", "left"])
@pytest.mark.parametrize("make", [load_tokenizer, byte_level], ids=["template", "no template"])
def test_words_are_those_of_the_text_and_padding_is_none(make, side):
    tokenizer = make()
    tokenizer.padding_side = side
    found = tokenizer(TEXTS, padding=True, return_tensors="pt")
    labels, pieces = text_regions(found), text_pieces(found, TEXTS)
    assert labels.shape == found["input_ids"].shape
    special = (found["attention_mask"] == 0).numpy()
    if make is load_tokenizer:
        special = np.isin(found["input_ids"].numpy(), tokenizer.all_special_ids)
    assert np.array_equal(labels < 0, special)
    for text, row, parts in zip(TEXTS, labels, pieces, strict=True):
        assert "".join(parts) == text
        words = [word.strip() for word in words_of(row, parts)]
        assert words == re.findall(r"\w+|[^\w\s]", text)


def test_bytes_of_one_character_are_one_word_and_shown_once():
    tokenizer = byte_level()
    text = "no 🙂 é"
    found = tokenizer([text])
    assert len(found["input_ids"][0]) > 7
    pieces = text_pieces(found, [text])[0]
    assert "".join(pieces).replace("�", "") == text
    assert text_regions(found).max() == 2


def test_pairs_and_texts_cut_short():
    pairs = [(TEXTS[0], TEXTS[1]), (TEXTS[2], TEXTS[0])]
    found = TOKENIZER(pairs, padding=True, truncation="only_second", max_length=14)
    labels, pieces = text_regions(found, side=1), text_pieces(found, pairs)
    for i, (first, second) in enumerate(pairs):
        shown = "".join(pieces[i])
        assert shown.startswith(first + "\n")
        assert second.startswith(shown.split("\n")[1])
        asked = np.array([one == 1 for one in found.sequence_ids(i)])
        assert np.array_equal(labels[i] >= 0, asked)


def test_one_text_and_slow_tokenizers():
    assert text_regions(TOKENIZER(TEXTS[0])).shape[0] == 1

    class Slow(dict):
        encodings = None

    with pytest.raises(ValueError, match="slow"):
        text_regions(Slow(input_ids=[[1]]))


@pytest.mark.parametrize("how", ["pad", "mask", "delete", "hide"])
def test_bert_explains_a_batch_as_one_by_one(how):
    bert = load_model().double()

    def model(ids, mask):
        return bert(input_ids=ids, attention_mask=mask).logits

    baseline = {"pad": TOKENIZER.pad_token_id, "mask": TOKENIZER.mask_token_id}.get(how, -1)
    if baseline == -1:
        model = DropTextTokens(model, TOKENIZER.pad_token_id, how)
    lima = LiMA(model, search="greedy")

    def explain(texts):
        found = TOKENIZER(texts, padding=True, return_tensors="pt")
        words = torch.from_numpy(text_regions(found))
        return lima.explain(found["input_ids"], baseline, 1, found["attention_mask"], words, 16)

    texts = [TEXTS[0], TEXTS[2], "No, we wonder."]
    for text, one in zip(texts, explain(texts), strict=True):
        (alone,) = explain([text])
        assert np.array_equal(one.order, alone.order)
        np.testing.assert_allclose(one.curves.consistency, alone.curves.consistency, atol=1e-9)
