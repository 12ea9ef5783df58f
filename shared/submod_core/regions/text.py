"""Regions of texts: tokens, words, sentences or spans of a batch; what is special always stays."""

import re
from collections.abc import Callable, Hashable, Sequence
from typing import Any

import numpy as np

from submod_core._checks import check_choice, check_type, is_whole
from submod_core._types import IntArray
from submod_core.regions.tokenized import Spans, as_spans, rows_of, sides_of, texts_of

_BY = ("tokens", "words", "sentences")
# An end of a sentence with its quotes and brackets, then space and no small letter; an end in
# scripts without spaces; an empty line or a break.
_END = re.compile(
    r"(?:[.!?…]+[\"'”’)\]]*\s+(?=[^\sa-zß-öø-ÿ])|[。！？]+[」』”’]*\s*|\s*\n\s*)", re.UNICODE
)
# A full stop after one of these, or after a single capital, ends no sentence.
_ABBREVIATIONS = re.compile(
    r"(?:\b(?:Mr|Mrs|Ms|Dr|Prof|St|Jr|Sr|vs|cf|al|Fig|Eq|No|e\.g|i\.e)|\b[A-Z])\.\s+$"
)


def text_regions(
    encodings: Any,
    by: str | Callable[[str], Spans] = "words",
    texts: str | Sequence[str | tuple[str, str]] | None = None,
    side: int | None = None,
) -> IntArray:
    """Label map of a batch of tokenised texts, of any lengths; −1 for what always stays.

    Special tokens, padding and, with `side`, the other text of a pair have −1: they are kept in
    every masked text, so that a text has the same explanation in any batch.

    Parameters
    ----------
    encodings : BatchEncoding or sequence of TokenizedText, N
        What a fast tokenizer of Hugging Face returns, `tokenizers.Encoding` objects, or our own.
    by : {"words", "tokens", "sentences"} or callable
        "words" joins the tokens that the tokenizer made of a word, whose notion of one counts
        (punctuation is apart under BERT); "sentences" uses `sentence_spans`. A function takes a
        text to its regions as spans of characters; tokens in none of the spans always stay.
    texts : str or sequence of str or (str, str), N, optional
        The texts themselves, pairs of texts as tuples. Needed for sentences and functions.
    side : {0, 1}, optional
        Make regions of the first or second text of pairs alone: the passage under a question.

    Returns
    -------
    ndarray of intp, (N, T)
        T is the length of the longest encoding. Ids of each row are 0 … n−1 in reading order.

    Raises
    ------
    TypeError, ValueError
        If the encodings are of a slow tokenizer or of no words, the texts are missing or too few,
        spans overlap, or a text has no region.

    Examples
    --------
    >>> from submod_core.regions import TokenizedText
    >>> short = TokenizedText([(0, 4), (5, 8), (0, 0)], word_ids=[0, 1, None])
    >>> long = TokenizedText([(0, 2), (2, 5), (6, 9), (9, 10)], word_ids=[0, 0, 1, 2])
    >>> text_regions([short, long])
    array([[ 0,  1, -1, -1],
           [ 0,  0,  1,  2]])
    >>> text_regions([long], by="sentences", texts=["Hello you."])
    array([[0, 0, 0, 0]])
    """
    rows = rows_of(encodings)
    if not callable(by):
        check_choice("by", by, _BY)
    if side is not None and (not is_whole(side) or side not in (0, 1)):
        raise ValueError(f"`side` (={side!r}) must be 0, 1 or None")
    needs = callable(by) or by == "sentences"
    if needs and texts is None:
        raise ValueError(f"`texts` must be given, since `by` (={by!r}) divides them")
    pairs = texts_of(texts, rows) if needs else [()] * len(rows)
    keys = [_keys(row, by, pair, side) for row, pair in zip(rows, pairs, strict=True)]
    for i, row in enumerate(keys):
        if all(key is None for key in row):
            where = "" if side is None else f" of `side` {side}"
            raise ValueError(f"`encodings` of text {i} have no token{where} that could be removed")
    return label_tokens(keys)


def label_tokens(keys: Sequence[Sequence[Hashable]]) -> IntArray:
    """Label map from a key for each token: those of equal keys are one region, None always stays.

    Parameters
    ----------
    keys : sequence of sequences of hashable, N
        Rows may differ in length. Word ids are such keys, and the tokens themselves where all
        occurrences of one belong together.

    Returns
    -------
    ndarray of intp, (N, T)
        −1 where a row is shorter than the longest. Ids count from 0 in each row, in order of
        their first token.

    Raises
    ------
    TypeError, ValueError
        If `keys` is of another form, or a row has no region.

    Examples
    --------
    >>> label_tokens([[None, "to", "be", "or", "to", "be"], [3, None]])
    array([[-1,  0,  1,  2,  0,  1],
           [ 0, -1, -1, -1, -1, -1]])
    """
    check_type("keys", keys, Sequence, "a sequence of rows of keys")
    if not keys or isinstance(keys, str):
        raise ValueError(f"`keys` (={keys!r}) must hold a row of keys for one text or more")
    for row in keys:
        if not isinstance(row, Sequence | np.ndarray) or isinstance(row, str):
            raise TypeError(f"`keys` (with {row!r}) must hold rows of keys")
    labels = np.full((len(keys), max(map(len, keys))), -1, dtype=np.intp)
    for i, row in enumerate(keys):
        numbers: dict[Hashable, int] = {}
        for place, key in enumerate(row):
            if key is not None:
                labels[i, place] = numbers.setdefault(key, len(numbers))
        if not numbers:
            raise ValueError(f"`keys` of text {i} are all None: it must have a region")
    return labels


def sentence_spans(text: str) -> list[tuple[int, int]]:
    """Sentences of a text by its punctuation, each up to the beginning of the next.

    A sentence ends at a full stop, a mark of question or exclamation or an ellipsis before a space
    that no small letter follows, at those of scripts without spaces, and at a line break. Titles,
    initials and a few abbreviations end none. Other rules are a function of your own.

    Raises
    ------
    TypeError
        If `text` is no string.

    Examples
    --------
    >>> text = "Dr. Wu came. Why? No one knows"
    >>> [text[start:stop] for start, stop in sentence_spans(text)]
    ['Dr. Wu came. ', 'Why? ', 'No one knows']
    """
    check_type("text", text, str, "a string")
    ends = [
        found.end()
        for found in _END.finditer(text)
        if not _ABBREVIATIONS.search(text[: found.end()])
    ]
    stops = [stop for stop in ends if stop < len(text) and text[:stop].strip()]
    return list(zip([0, *stops], [*stops, len(text)], strict=True)) if text else []


def text_pieces(encodings: Any, texts: str | Sequence[str | tuple[str, str]]) -> list[list[str]]:
    """The characters that each token stands for, with the space before it, for figures.

    The pieces of a row, one after the other, are its text as it was written; the second text of a
    pair begins on a line of its own.

    Parameters
    ----------
    encodings, texts
        As in `text_regions`.

    Returns
    -------
    list of list of str, N
        "" for special tokens and padding; "�" for further tokens of a character that several
        tokens share.

    Examples
    --------
    >>> from submod_core.regions import TokenizedText
    >>> text_pieces([TokenizedText([(0, 2), (2, 5), (6, 9), (9, 10)])], ["Hello you."])
    [['He', 'llo', ' you', '.']]
    """
    rows = rows_of(encodings)
    return [_pieces(row, pair) for row, pair in zip(rows, texts_of(texts, rows), strict=True)]


def _pieces(row: Any, pair: tuple[str, ...]) -> list[str]:
    sides, pieces = sides_of(row), [""] * len(row.offsets)
    shown: dict[int, int] = {}  # the characters of each text that have been shown
    for place, ((start, stop), side) in enumerate(zip(row.offsets, sides, strict=True)):
        if side is None:
            continue
        if side not in shown and shown:  # the second text, on a line of its own
            pieces[place] = "\n"
        first = shown.get(side, start)
        piece = pair[side][first:stop]
        pieces[place] += piece or ("�" if stop > start else "")
        shown[side] = max(first, stop)
    return pieces


def _keys(row: Any, by: Any, pair: tuple[str, ...], side: int | None) -> list[Hashable]:
    """A key for each token. Words count from 0 in each text of a pair: the text is in the key."""
    sides = [one if side is None or one == side else None for one in sides_of(row)]
    if by == "tokens":
        return [None if one is None else place for place, one in enumerate(sides)]
    if by == "words":
        if row.word_ids is None:
            raise ValueError("`encodings` must have `word_ids` to be divided `by` words")
        words = zip(sides, row.word_ids, strict=True)
        return [None if one is None or word is None else (one, word) for one, word in words]
    find = by if callable(by) else sentence_spans
    keys: list[Hashable] = [None] * len(sides)
    for number, text in enumerate(pair):
        inside = np.array([one == number for one in sides])
        if inside.any():
            spans = _spans_in(find(text), text)
            for place in np.flatnonzero(inside):
                found = _span_of(row.offsets[place], spans)
                keys[place] = None if found is None else (number, found)
    return keys


def _spans_in(spans: Any, text: str) -> IntArray:
    """The spans that a function found in a text, (n, 2); ValueError where they overlap."""
    if not isinstance(spans, Sequence | np.ndarray) or not len(spans):
        raise ValueError(f"`by` found no spans (={spans!r}) in the text {text[:40]!r}")
    array = as_spans("by", spans)
    if (array[1:, 0] < array[:-1, 1]).any() or array[-1, 1] > len(text):
        raise ValueError(
            f"`by` found spans that overlap, are not in order or go beyond the text {text[:40]!r}"
        )
    return array


def _span_of(token: Any, spans: IntArray) -> int | None:
    """The span that most characters of a token are in, the first of several; None for none."""
    start, stop = int(token[0]), int(token[1])
    # A token without characters lies where it begins.
    stop = max(stop, start + 1)
    common = np.minimum(spans[:, 1], stop) - np.maximum(spans[:, 0], start)
    best = int(common.argmax())
    return best if common[best] > 0 else None
