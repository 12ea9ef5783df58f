import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from submod_core.regions import (
    TokenizedText,
    label_tokens,
    sentence_spans,
    text_pieces,
    text_regions,
)

QUESTION, PASSAGE = "Who ran?", "Dr. Ann ran far. Bob slept! He did"


def tokenized(*texts, pad=0, left=False):
    """Texts as a fast tokenizer gives them: words in pieces of three letters, marks around them."""
    offsets, words, sides, special = [(0, 0)], [None], [None], [1]
    for side, text in enumerate(texts):
        for number, word in enumerate(re.finditer(r"\w+|[^\w\s]", text)):
            for start in range(word.start(), word.end(), 3):
                offsets.append((start, min(start + 3, word.end())))
                words.append(number)
                sides.append(side)
                special.append(0)
        for listed, value in ((offsets, (0, 0)), (words, None), (sides, None), (special, 1)):
            listed.append(value)
    attended = [1] * len(words)
    for listed, value in (
        (offsets, (0, 0)),
        (words, None),
        (sides, None),
        (special, 1),
        (attended, 0),
    ):
        listed[:] = [value] * pad * left + listed + [value] * pad * (not left)
    return TokenizedText(offsets, words, sides, special, attended)


def shown(labels, row, text):
    """The text of each region, its tokens joined."""
    return [
        "".join(text[a:b] for (a, b), k in zip(row.offsets, labels, strict=True) if k == region)
        for region in range(labels.max() + 1)
    ]


@pytest.mark.parametrize("left", [False, True])
def test_regions_are_tokens_words_and_sentences_and_the_rest_stays(left):
    row = tokenized(PASSAGE, pad=3, left=left)
    by = {name: text_regions([row], name, [PASSAGE])[0] for name in ("tokens", "words")}
    sentences = text_regions([row], "sentences", [PASSAGE])[0]
    assert shown(by["words"], row, PASSAGE) == re.findall(r"\w+|[^\w\s]", PASSAGE)
    assert "".join(shown(by["tokens"], row, PASSAGE)) == PASSAGE.replace(" ", "")
    assert shown(sentences, row, PASSAGE) == ["Dr.Annranfar.", "Bobslept!", "Hedid"]
    outside = np.array([one is None for one in row.sequence_ids])
    for labels in (*by.values(), sentences):
        assert np.array_equal(labels == -1, outside)


def test_words_of_a_question_and_of_its_passage_are_never_one_region():
    row = tokenized(QUESTION, PASSAGE)
    both = text_regions([row])[0]
    first, second = (text_regions([row], side=side)[0] for side in (0, 1))
    assert not set(both[first >= 0]) & set(both[second >= 0])
    assert (first >= 0).sum() + (second >= 0).sum() == (both >= 0).sum()
    assert shown(second, row, PASSAGE) == re.findall(r"\w+|[^\w\s]", PASSAGE)
    sentences = text_regions([row], "sentences", [(QUESTION, PASSAGE)], side=1)[0]
    assert sentences.max() == 2
    assert (sentences[first >= 0] == -1).all()


@given(st.lists(st.text("ab .", min_size=1, max_size=20), min_size=1, max_size=4))
def test_a_text_has_in_a_batch_the_regions_that_it_has_alone(texts):
    texts = [text + "a" for text in texts]
    rows = [tokenized(text) for text in texts]
    length = max(len(row.offsets) for row in rows)
    padded = [tokenized(t, pad=length - len(r.offsets)) for t, r in zip(texts, rows, strict=True)]
    for by in ("tokens", "words", "sentences"):
        together = text_regions(padded, by, texts)
        assert together.shape == (len(texts), length)
        for labels, row, text in zip(together, rows, texts, strict=True):
            alone = text_regions([row], by, [text])[0]
            assert np.array_equal(labels[: len(alone)], alone)
            assert (labels[len(alone) :] == -1).all()
            # Ids from 0 without gaps, in reading order.
            ids = labels[labels >= 0].tolist()
            assert list(dict.fromkeys(ids)) == list(range(max(ids) + 1))


@given(st.text("ab.!? \nB。", max_size=30))
def test_sentences_are_the_whole_text_and_overlap_nowhere(text):
    spans = sentence_spans(text)
    assert "".join(text[a:b] for a, b in spans) == text
    assert all(text[a:b].strip() for a, b in spans) or len(spans) == 1


@pytest.mark.parametrize(
    ("text", "n"),
    [
        ("J. Smith met Mrs. May at 3.30 p.m. today. She left.", 2),
        ('"Why?" he said. "No."', 2),
        ("それは。いい。", 2),
        ("one line\nand another", 2),
        ("no end", 1),
        ("  ", 1),
    ],
)
def test_sentences_of(text, n):
    assert len(sentence_spans(text)) == n


def test_spans_of_ones_own_take_tokens_by_most_of_their_characters():
    row = TokenizedText([(0, 3), (3, 6), (6, 9), (9, 9)])
    labels = text_regions([row], lambda text: [(0, 4), (4, 8), (9, 10)], ["abcdefghij"])
    assert labels.tolist() == [[0, 1, 1, 2]]
    assert text_regions([row], lambda text: [(0, 3)], ["abcdefghij"]).tolist() == [[0, -1, -1, -1]]


@given(st.lists(st.text("ab .,", min_size=1, max_size=12).map("x".__add__), min_size=1, max_size=2))
def test_pieces_are_the_text_as_it_was_written(texts):
    row = tokenized(*texts, pad=2)
    pieces = text_pieces([row], [tuple(texts)])[0]
    assert len(pieces) == len(row.offsets)
    # Space after the last token belongs to none.
    assert "".join(pieces) == "\n".join(text.rstrip() for text in texts)


def test_a_character_of_several_tokens_is_shown_once():
    row = TokenizedText([(0, 1), (0, 1), (1, 3)])
    assert text_pieces([row], ["🙂 a"]) == [["🙂", "�", " a"]]


def test_padding_without_a_template_is_no_text():
    """`sequence_ids` of a tokenizer without a template count padding as text."""
    row = TokenizedText([(0, 1), (0, 0)], [0, None], [0, 0], [0, 1], [1, 0])
    assert text_regions([row], "tokens").tolist() == [[0, -1]]


def test_keys_of_tokens():
    assert label_tokens([["a", None, "b", "a"], ["a"]]).tolist() == [[0, -1, 1, 0], [0, -1, -1, -1]]


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"by": "letters"}, "by"),
        ({"by": "sentences"}, "texts"),
        ({"by": "sentences", "texts": ["a", "b"]}, "texts"),
        ({"by": "sentences", "texts": ["a"]}, "texts"),
        ({"by": "sentences", "texts": [3]}, "texts"),
        ({"by": lambda text: [(0, 3), (2, 4)], "texts": [PASSAGE]}, "by"),
        ({"by": lambda text: [(0, 300)], "texts": [PASSAGE]}, "by"),
        ({"by": lambda text: [], "texts": [PASSAGE]}, "by"),
        ({"by": lambda text: 3, "texts": [PASSAGE]}, "by"),
        ({"side": 2}, "side"),
        ({"side": 1}, "encodings"),
        ({"encodings": []}, "encodings"),
        ({"encodings": [3]}, "encodings"),
        ({"encodings": "text"}, "encodings"),
        ({"encodings": [TokenizedText([(0, 1)])]}, "encodings"),
    ],
)
def test_what_does_not_fit_is_refused(arguments, named):
    with pytest.raises((TypeError, ValueError), match=f"`{named}`"):
        text_regions(**({"encodings": [tokenized(PASSAGE)]} | arguments))


def test_a_slow_tokenizer_is_refused():
    class Slow:
        encodings = None

    with pytest.raises(ValueError, match="slow"):
        text_regions(Slow())


@pytest.mark.parametrize(
    "bad",
    [
        {"offsets": [(1, 0)]},
        {"offsets": []},
        {"word_ids": [0, 1, 2]},
        {"word_ids": 3},
        {"word_ids": ["a"]},
        {"attention_mask": [0.5]},
    ],
)
def test_tokens_that_do_not_fit_are_refused(bad):
    with pytest.raises((TypeError, ValueError), match=f"`{next(iter(bad))}`"):
        TokenizedText(**({"offsets": [(0, 1)]} | bad))
