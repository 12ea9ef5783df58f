"""The README is short and its links lead somewhere; test_docs_how_to.py runs its examples."""

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()


def test_it_is_short_and_its_links_exist():
    assert len(README.splitlines()) <= 120
    for target in re.findall(r"\]\(([^)#:]+)", README):
        assert (ROOT / target).exists(), target
    for page, anchor in re.findall(r"\]\(([^)#:]+)#([^)]+)\)", README):
        titles = re.findall(r"^#+ (.*)$", (ROOT / page).read_text(), re.MULTILINE)
        slugs = {re.sub(r"[^\w -]", "", title).lower().replace(" ", "-") for title in titles}
        assert anchor in slugs, f"{page}#{anchor}"
