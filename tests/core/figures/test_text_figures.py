import html.parser
import io
import itertools
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from captum_submod import visualization as captum_visualization
from submod_core.figures._runs import STAYS, Run, ink_on, runs_of
from submod_core.figures.text import _COLUMNS, _segments, plot_text
from submod_core.figures.text_html import text_html
from submod_core.results import Curves, Explanation, SufficientSet
from xplique_submod import visualization as xplique_visualization


def explained(labels, order=None, score=None):
    labels = np.asarray(labels)
    n = int(labels.max()) + 1
    order = np.arange(n)[::-1].copy() if order is None else np.asarray(order)
    rising = np.linspace(0, 1, n + 1)
    curves = Curves(rising, rising**0.2 if score is None else np.asarray(score), np.zeros(n + 1))
    importance = np.empty(n)
    importance[order] = np.linspace(1, 0, n)
    return Explanation(labels, order, importance, curves, np.ones(n, bool), 3, 4)


PIECES = ["", "a", " <b>mov", "ie", " & $x^2$", "", ""]
EXPLANATION = explained([-1, 0, 1, 1, 2, -1, -1])


def test_the_figures_belong_to_neither_adapter():
    assert captum_visualization.plot_text is xplique_visualization.plot_text is plot_text
    assert captum_visualization.text_html is xplique_visualization.text_html is text_html


def test_runs_join_the_tokens_of_a_region_and_leave_space_out():
    assert runs_of(EXPLANATION, PIECES) == [
        Run("a", 0),
        Run(" ", STAYS),
        Run("<b>movie", 1),
        Run(" ", STAYS),
        Run("& $x^2$", 2),
    ]
    words = runs_of(explained([0, 1, 2]), ["no", "good", "film"])
    assert "".join(run.text for run in words) == "no good film"


@settings(max_examples=10)
@given(st.lists(st.text("ab日 \n", min_size=1, max_size=120).map("x".__add__), min_size=1))
def test_no_line_is_too_long_and_nothing_is_lost(texts):
    runs = [Run(text, i % 3) for i, text in enumerate(texts)]
    segments = _segments(runs)
    for text, _, _, column, _ in segments:
        assert column + len(text) <= _COLUMNS
    joined = "".join(segment.text for segment in segments)
    assert re.sub(r"\s", "", joined) == re.sub(r"\s", "", "".join(texts))
    for one, other in itertools.pairwise(segments):
        assert (other.line, other.column) > (one.line, one.column)


@pytest.mark.parametrize("signed", [False, True])
def test_words_have_their_colours_numbers_and_frames(signed):
    figure = plot_text(EXPLANATION, PIECES, signed=signed, title="which words?", shown="smallest")
    axes, curves, bar = figure.axes
    said = [text.get_text() for text in axes.texts]
    assert [one for one in said if one.strip()] == ["a", "3", "<b>movie", "2", "& $x^2$", "1"]
    boxes = axes.patches
    assert len(boxes) == 3
    # The first two regions of the order reach 95 % of the highest score.
    framed = [box.get_edgecolor()[3] > 0 for box in boxes]
    n_shown = EXPLANATION.smallest_prefix().n_regions
    assert framed == [rank <= n_shown for rank in (3, 2, 1)]
    assert len({box.get_facecolor() for box in boxes}) == 3
    assert [len(line.get_xdata()) for line in curves.lines[:2]] == [4, 4]
    assert ("gain" if signed else "importance") in bar.get_ylabel()
    stream = io.BytesIO()
    figure.savefig(stream)
    assert stream.tell() > 5000


def test_a_long_text_takes_more_lines_and_a_set_may_be_shown():
    labels = np.arange(60)
    one, words = explained(labels), [" wonderful"] * 60
    figure = plot_text(one, words, shown=SufficientSet((3,), 0.9, 1 / 60))
    assert figure.get_figheight() > plot_text(EXPLANATION, PIECES).get_figheight() + 2
    assert sum(box.get_edgecolor()[3] > 0 for box in figure.axes[0].patches) == 1


class Reader(html.parser.HTMLParser):
    """Reads a page: its text, its marks, and whether its tags close."""

    def __init__(self):
        super().__init__()
        self.text, self.marks, self.open = "", [], []

    def handle_starttag(self, tag, attrs):
        if tag not in ("input", "img", "br"):
            self.open.append(tag)
        if tag == "mark":
            self.marks.append(dict(attrs))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_startendtag(self, tag, attrs):
        pass

    def handle_data(self, data):
        if not {"style", "script", "svg", "sub"} & set(self.open):
            self.text += data


@settings(max_examples=10)
@given(st.lists(st.text(min_size=1, max_size=8), min_size=2, max_size=6), st.booleans())
def test_html_is_ascii_escapes_the_text_and_shows_all_of_it(pieces, signed):
    pieces = [re.sub(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]", "x", one) for one in pieces]
    pieces = [one if one.strip() else "x" for one in pieces]
    one = explained(np.arange(len(pieces)))
    page = text_html(one, pieces, signed=signed, title='"<i>" & more')
    assert page.isascii()
    assert "<i>" not in page
    reader = Reader()
    reader.feed(page)
    assert not reader.open
    assert len(reader.marks) == len(pieces)
    assert sorted(int(mark["data-region"]) for mark in reader.marks) == sorted(one.order)
    for piece in pieces:
        assert piece.strip() in reader.text
    assert all(mark["style"].startswith("background:#") for mark in reader.marks)


def test_html_names_rank_and_score_and_marks_what_is_enough():
    page = text_html(EXPLANATION, PIECES)
    assert "&lt;b&gt;movie<sub>2</sub>" in page
    assert 'title="1 of 3, importance 1"' in page
    assert page.count('class="enough shown"') == EXPLANATION.smallest_prefix().n_regions
    assert "color-scheme: light dark" in page
    assert "http" not in page, "nothing is fetched"


def test_ink_is_read_on_every_colour():
    """By the definition of contrast (WCAG 2), the other ink is never better by much."""

    def luminance(colour):
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    for colour in np.random.default_rng(0).random((50, 3)):
        black, white = (luminance(colour) + 0.05) / 0.05, 1.05 / (luminance(colour) + 0.05)
        chosen = black if ink_on(colour) == "#000000" else white
        assert chosen > 0.99 * max(black, white)


@pytest.mark.parametrize("draw", [plot_text, text_html])
@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"pieces": ["a"]}, "pieces"),
        ({"pieces": "abcdefg"}, "pieces"),
        ({"pieces": [1] * 7}, "pieces"),
        ({"explanation": explained([[0, 1], [2, 2]])}, "explanation"),
        ({"explanation": 3}, "explanation"),
        ({"shown": "some"}, "shown"),
        ({"shown": SufficientSet((9,), 0.9, 0.1)}, "shown"),
        ({"cmap": "none"}, "cmap"),
        ({"title": 3}, "title"),
        ({"signed": 2}, "signed"),
    ],
)
def test_what_does_not_fit_is_refused(draw, arguments, named):
    given = {"explanation": EXPLANATION, "pieces": PIECES} | arguments
    with pytest.raises((TypeError, ValueError), match=f"`{named}`"):
        draw(given.pop("explanation"), given.pop("pieces"), **given)


def test_captum_shows_the_record(monkeypatch):
    from captum.attr import visualization

    one = explained([-1, 0, 1, 1, 2, -1, -1], score=[0.1, 0.9, 0.5, 0.6])
    record = captum_visualization.text_record(
        one, PIECES, target="kind", predicted="kind", probability=0.6, truth="unkind"
    )
    drawn = []
    monkeypatch.setattr(visualization, "HAS_IPYTHON", True)
    for name in ("HTML", "display"):
        monkeypatch.setattr(visualization, name, drawn.append, raising=False)
    visualization.visualize_text([record])
    assert "&lt;b&gt;movie" in drawn[0]
    assert "<b>movie" not in drawn[0]
    # Gains of the regions in their order 2, 1, 0: 0.8, −0.4 and 0.1; shares of the largest.
    np.testing.assert_allclose(record.word_attributions.numpy(), [0.125, -0.5, 1])
    assert record.attr_score == pytest.approx(0.5)
    assert record.raw_input_ids == ["a", "&lt;b&gt;movie", "&amp; $x^2$"]
