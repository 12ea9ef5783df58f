"""The documentation's table is the one that the tests' problems make."""

from pathlib import Path

from matrix.table import MARKS, table


def test_the_page_holds_the_table():
    page = (Path(__file__).parents[2] / "docs" / "inputs.md").read_text(encoding="utf-8")
    begin, end = (page.index(mark) for mark in MARKS)
    assert page[begin + len(MARKS[0]) : end].strip() == table()
