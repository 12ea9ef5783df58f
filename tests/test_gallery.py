"""The gallery's functions, read and not run: the build of the docs makes the pictures."""

import ast
import importlib.util
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SPEC = importlib.util.spec_from_file_location("gallery_make", ROOT / "gallery" / "make.py")
make = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(make)
MODULES = [name for names in make.MODULES.values() for name in names]


def pictures(module):
    """The public functions of a module's text."""
    tree = ast.parse((ROOT / "gallery" / f"{module}.py").read_text("utf-8"))
    found = [one for one in tree.body if isinstance(one, ast.FunctionDef)]
    return [one for one in found if not one.name.startswith("_")]


PICTURES = [(module, one) for module in MODULES for one in pictures(module)]


def test_there_are_forty_pictures_of_both_hosts_on_the_page():
    assert len(PICTURES) >= 40
    assert all(pictures(name) for names in make.MODULES.values() for name in names)
    page = (ROOT / "docs" / "gallery.md").read_text("utf-8")
    assert re.findall(r"^<!-- gallery: (\w+) -->$", page, re.MULTILINE) == MODULES


@pytest.mark.parametrize(("module", "one"), PICTURES, ids=lambda one: getattr(one, "name", one))
def test_a_picture_is_a_few_lines_that_say_what_is_seen(module, one):
    title, _, text = ast.get_docstring(one).partition("\n\n")
    assert 3 < len(title) < 50
    assert text.strip().endswith(".")
    assert one.end_lineno - one.body[1].lineno < 22
    assert any(isinstance(node, ast.Assert) for node in ast.walk(one))


def test_every_figure_of_the_library_is_shown():
    from captum_submod import visualization

    text = "".join((ROOT / "gallery" / f"{name}.py").read_text("utf-8") for name in MODULES)
    # Records for Captum's own figure, and where figures go.
    shown = set(visualization.__all__) - {"text_record", "figure_logger"}
    assert not {name for name in shown if not re.search(rf"\b{name}\(", text)}


def test_code_and_words_of_a_function():
    assert make.said(make.png) == ("A figure as a PNG, of as many colours as fit.", "")
    assert make.code(make.said).startswith("title, _, rest = ")
