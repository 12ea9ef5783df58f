"""The site as a reader walks it: twenty questions, two clicks each; links; tables; tutorials."""

import importlib.util
import posixpath
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
LINK = re.compile(r"(?<!!)\[([^\]]+)\]\(([^)\s]+)\)")
FENCED = re.compile(r"^(```+).*?^\1$", re.DOTALL | re.MULTILINE)

# A question, the texts of the links from the first page on, and words of the section reached.
QUESTIONS = [
    ("How do I explain text?", ["Text"], "`text_regions` makes a label map"),
    ("How do I explain audio?", ["audio"], "Which times and frequencies"),
    ("How do I explain a table?", ["series and tables"], "Which columns of a row"),
    ("How do I explain a detector?", ["Detection"], "DetectionScore"),
    ("How do I explain a prompt?", ["Language models"], "LLMAttribution"),
    ("How do I explain a Hugging Face model?", ["Hugging Face, timm, CLIP"], "from_processor"),
    ("How do I make it faster?", ["Speed"], 'perturbations_per_eval="auto"'),
    ("How do I stay within a budget?", ["Speed"], "max_model_inputs"),
    ("Which search do I take?", ["which search"], "the default"),
    ("What does insertion mean?", ["Glossary"], "### Insertion"),
    ("What is a submodular function?", ["Glossary"], "Diminishing returns"),
    ("How do I measure another method?", ["Measure"], "Captum's own included"),
    (
        "How do I write a search?",
        ["how-to", "Write a search"],
        "derived from `submod_core.search.Search`",
    ),
    ("How do I write a score?", ["how-to", "Write a score"], "one term of F"),
    ("How do I write a metric?", ["how-to", "Write a metric"], "declared once for all hosts"),
    ("Is my model supported?", ["Inputs and outputs"], "the model gives"),
    ("Which regions are enough?", ["how-to", "Which regions are enough?"], "`sufficient`"),
    ("How do I use Segment Anything?", ["Regions"], "from_masks"),
    ("Why was the model wrong?", ["Mistakes"], "explain_mistakes"),
    ("How do I explain a dataset on several GPUs?", ["Whole datasets"], "engine="),
    ("How do I log explanations while training?", ["Other tools"], "every_n_epochs"),
    ("How do I evaluate it with Quantus?", ["how-to", "Quantus"], "explain_func"),
    ("How do I choose training rows?", ["how-to", "Choose rows of data"], "SubmodularSelector"),
    ("What does a map not say?", ["what a map means"], "Not the only explanation"),
    ("Where is it unlike the paper?", ["The papers and their code"], "released code"),
    ("Which arguments has LiMA?", ["reference", "Captum"], "::: captum_submod.LiMA"),
    ("How faithful is it?", ["Results", "faithfulness"], "LiMA's insertion is"),
]
PAGES = sorted(DOCS.rglob("*.md"))
OTHERS = [ROOT / name for name in ("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md")]


def links(page: Path) -> list[tuple[str, str]]:
    """Texts and targets of a page's links, code left out."""
    text = FENCED.sub("", page.read_text(encoding="utf-8"))
    return [(text.strip("`*"), target) for text, target in LINK.findall(text)]


def slug(title: str) -> str:
    """Anchor of a heading, as Python-Markdown and forges make it."""
    return re.sub(r"[^\w -]", "", title.replace("`", "")).strip().lower().replace(" ", "-")


def section(page: Path, anchor: str) -> str:
    """Text of a page from an anchor on, to the next heading of the same level."""
    text = page.read_text(encoding="utf-8")
    if not anchor:
        return text
    for found in re.finditer(r"^(#+) (.*)$", text, re.MULTILINE):
        if slug(found[2]) == anchor:
            rest = text[found.end() :]
            after = re.search(rf"^#{{1,{len(found[1])}}} ", rest, re.MULTILINE)
            return rest[: after.start()] if after else rest
    raise AssertionError(f"{page} has no anchor {anchor}")


@pytest.mark.parametrize(("question", "path", "words"), QUESTIONS, ids=[q for q, *_ in QUESTIONS])
def test_a_reader_finds_the_answer_in_two_clicks(question, path, words):
    assert len(path) <= 2
    page, anchor = DOCS / "index.md", ""
    for text in path:
        targets = [target for said, target in links(page) if said == text]
        assert targets, f"{page.name} has no link {text!r}"
        relative, _, anchor = targets[0].partition("#")
        page = page.parent / relative if relative else page
    assert words in section(page, anchor)


@pytest.mark.parametrize("page", PAGES + OTHERS, ids=lambda p: str(p.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    for _, target in links(page):
        if re.match(r"\w+:", target):
            continue
        relative, _, anchor = target.partition("#")
        there = page.parent / relative if relative else page
        assert there.exists(), target
        if anchor and there.suffix == ".md":
            section(there, anchor)
    text = FENCED.sub("", page.read_text(encoding="utf-8"))
    for alt, picture in re.findall(r"!\[([^\]]*)\]\(([^)\s]+)\)", text):
        assert (page.parent / picture).exists(), picture
        assert len(alt) > 10, "a picture needs a description"


def test_the_navigation_has_every_page_once():
    named = re.findall(r"(\S+\.md)$", (ROOT / "mkdocs.yml").read_text(), re.MULTILINE)
    assert sorted(named) == sorted(page.relative_to(DOCS).as_posix() for page in PAGES)


def test_pages_of_results_open_with_a_figure_or_a_table():
    for page in (DOCS / "results").glob("*.md"):
        top = page.read_text(encoding="utf-8").split("\n## ")[0]
        if page.stem != "search_tables":
            assert "\n| " in top or "![" in top, page.name
            assert len(top.splitlines()) < 30, page.name


def test_tables_are_those_of_the_stored_scores():
    spec = importlib.util.spec_from_file_location("tables", ROOT / "benchmarks" / "tables.py")
    tables = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tables)
    pages = [page for page in PAGES if tables.MARKED.search(page.read_text(encoding="utf-8"))]
    assert len(pages) == 3
    for page in pages:
        text = page.read_text(encoding="utf-8")
        assert tables.filled(text) == text, f"run `make results`: {page.name}"


# The build of the docs runs the tutorials; see docs/hooks.py.
TUTORIALS = [page for page in (DOCS / "tutorials").glob("*.md") if page.stem != "index"]


@pytest.mark.parametrize("page", TUTORIALS, ids=lambda page: page.stem)
def test_a_tutorial_uses_the_installed_package_alone(page):
    text = page.read_text(encoding="utf-8")
    blocks = re.findall(r"^```python\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    assert len(blocks) >= 3
    assert "pip install" in text
    own = {path.stem for path in (ROOT / "examples").glob("*.py")}
    for block in blocks:
        compile(block, page.name, "exec")
        assert not own & set(re.findall(r"^(?:from|import) (\w+)", block, re.MULTILINE))
    assert posixpath.join("tutorials", page.name) in (ROOT / "mkdocs.yml").read_text()
