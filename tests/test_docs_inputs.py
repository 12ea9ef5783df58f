"""Pages on kinds of input and of models: every block runs and prints the page's numbers."""

import re
from pathlib import Path

import pytest
from pages import ran

DOCS = Path(__file__).parent.parent / "docs"
PICTURES = {
    "text.md": ["words.png"],
    "audio.md": ["spectrogram.png", "waveform.png"],
    "series_and_tables.md": ["series.png", "columns.png"],
    "sums_of_parts.md": [],
    "detection.md": ["detection.png", "missed.png"],
    "segmentation.md": ["segmentation.png"],
    "volumes_and_video.md": ["volume.png", "video.png"],
}

pytestmark = pytest.mark.slow


def test_every_block_of_every_page_runs_and_says_what_it_costs(installed, tmp_path):
    pytest.importorskip("transformers")
    found = ran(installed, tmp_path, dict.fromkeys(PICTURES, "True"))
    assert not "".join(one["error"] for one in found.values())
    for page, pictures in PICTURES.items():
        for picture in pictures:
            assert (tmp_path / page / picture).stat().st_size > 10_000
        # What is printed are numbers of model inputs, and whether both hosts agree.
        printed, text = found[page]["printed"], (DOCS / page).read_text()
        assert all(f"{int(count):,}" in text for count in re.findall(r"\d+", printed)), printed
        assert "False" not in printed


@pytest.mark.parametrize("page", PICTURES)
def test_the_jobs_are_short_and_the_links_exist(page):
    text = (DOCS / page).read_text()
    for target in re.findall(r"\]\(([^)#:]+)[^)]*\)", text):
        assert (DOCS / target).exists(), target
        if target.endswith(".png"):
            assert (DOCS / target).stat().st_size < 60_000
    for block in re.findall(r"```python\n(.*?)```", text, re.DOTALL):
        lines = [line for line in block.splitlines() if line.strip() and "import " not in line]
        if ".explain(" in block:
            assert len(lines) <= 8, block
