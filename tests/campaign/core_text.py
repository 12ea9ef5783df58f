"""Good calls of the core: regions and figures of texts."""

import numpy as np

from submod_core import Explanation, regions
from submod_core.figures.text import plot_text
from submod_core.figures.text_html import text_html

from .calls import Case, choice, sequence, text
from .objects import curves

TOKENS = {
    "offsets": [(0, 1), (2, 4)],
    "word_ids": [0, 1],
    "sequence_ids": [0, 0],
    "special_tokens_mask": [0, 0],
    "attention_mask": [1, 1],
}
ROW = regions.TokenizedText(**TOKENS)
EACH = {"text": "ab", "a number": 3, "too long": [0, 0, 0], "fractions": [0.5, 0], "names": ["a"]}
ENCODINGS = {"None": None, "text": "ab", "empty": [], "of numbers": [3], "a number": 3}
TEXTS = {"a number": 3, "too many": ["a", "b"], "too short": ["a"], "of numbers": [3]}
TEXTS |= {"of bytes": [b"a bc"], "an object": object()}


def explained():
    order, importance = np.array([3, 1, 0, 2]), np.array([0.4, 0.6, 0.0, 1.0])
    return Explanation(np.arange(4), order, importance, curves(), np.ones(4, bool), 4, 9)


def explained_volume():
    order, importance = np.array([3, 1, 0, 2]), np.array([0.4, 0.6, 0.0, 1.0])
    labels = regions.tubes(np.zeros((4, 6, 6)), (2, 2))
    return Explanation(labels, order, importance, curves(), np.ones(4, bool), 4, 9)


def figure():
    given = {"explanation": explained(), "pieces": ["a", " b", " c", " d"], "signed": False}
    return given | {"title": None, "shown": "highest", "cmap": "viridis"}


CASES = [
    Case(
        regions.TokenizedText,
        lambda: dict(TOKENS),
        {"offsets": {"None": None, "text": "ab", "empty": [], "falling": [(1, 0), (0, 1)]}}
        | {name: EACH for name in TOKENS if name != "offsets"},
    ),
    Case(
        regions.text_regions,
        lambda: {"encodings": [ROW], "by": "sentences", "texts": ["a bc"], "side": 0},
        {
            "encodings": ENCODINGS,
            "by": choice() | {"no spans": lambda text: 3},
            "texts": TEXTS | {"None": None},
            "side": {"text": "left", "two": 2, "a bool": True, "a fraction": 0.5},
        },
    ),
    Case(
        regions.text_pieces,
        lambda: {"encodings": [ROW], "texts": ["a bc"]},
        {"encodings": ENCODINGS, "texts": TEXTS | {"None": None}},
    ),
    Case(
        regions.label_tokens,
        lambda: {"keys": [["a", "b"], ["c"]]},
        {"keys": sequence(**{"of strings": ["ab"], "no region": [[None]], "text": "ab"})},
    ),
    Case(
        regions.sentence_spans,
        lambda: {"text": "One. Two."},
        {"text": text()},
    ),
    Case(plot_text, figure),
    Case(text_html, figure),
]
