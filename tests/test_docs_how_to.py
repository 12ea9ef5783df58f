"""README and how-to pages: each block runs from the wheel in an empty folder, page by page.

One process runs all of them: most take less time than to import both frameworks.
"""

import re
from pathlib import Path

import pytest
from pages import ROOT, Page, blocks, ran

DOCS = ROOT / "docs"
HOSTS = ("captum", "xplique")
# A page, and what must hold of its names after the last block.
JOBS = {
    "explain.md": "np.array_equal(evidence[0].order, explanation.order)",
    "regions.md": "lima.attribute is not None",
    "choose_a_search.md": "better.curves.insertion_auc > 0",
    "speed.md": "channels_last.shape == images.shape",
    "mistakes.md": "mistake.predicted != mistake.truth",
    "measure.md": "ours.shape == images.shape",
    "ensembles.md": "sea.shape == mean.shape",
    "smdl.md": "smdl is not None",
    "fits_in.md": (
        "few.score(digits, names) > by_chance.score(digits, names) + 0.03"
        " and maps.shape == (2, 1, 64, 64)"
        " and len(list(Path('figures').rglob('*.png'))) == 2"
        " and all(list(Path(f).rglob('*tfevents*')) for f in ('board', 'runs'))"
    ),
    "set_functions.md": "np.array_equal(ranking.order, [1, 3, 0, 2])",
}
# Kinds of inputs and of models, with the files that each writes.
INPUTS = {
    "text.md": ["words.png"],
    "audio.md": ["spectrogram.png", "waveform.png"],
    "series_and_tables.md": ["series.png", "columns.png"],
    "sums_of_parts.md": [],
    "detection.md": ["detection.png", "missed.png"],
    "segmentation.md": ["segmentation.png"],
    "volumes_and_video.md": ["volume.png", "video.png"],
}
FILES = INPUTS | {
    "README captum": ["explanation.png"],
    "explain.md": ["explanation.png", "explanation.html"],
    "mistakes.md": ["mistake.png"],
}


def readme(host: str) -> Page:
    """The README's blocks for a host, which then tell what they ran with and what came of it."""
    found = [block for block in blocks(ROOT / "README.md") if f"{host}_submod" in block]
    told = f"import {host}_submod; print({host}_submod.__file__, explanation, sep='\\n')"
    return Page([*found, told], alone=True)


@pytest.mark.slow
def test_every_block_of_every_page_runs(installed, tmp_path):
    pages = {f"README {host}": readme(host) for host in HOSTS}
    pages |= {page: Page(blocks(DOCS / page), check) for page, check in JOBS.items()}
    pages |= {page: Page(blocks(DOCS / page)) for page in INPUTS}
    found = ran(installed, tmp_path, pages)
    assert not "".join(one["error"] for one in found.values())
    for page, files in FILES.items():
        for file in files:
            assert (tmp_path / page / file).stat().st_size > 10_000
    for host in HOSTS:
        file, explanation = found[f"README {host}"]["printed"].strip().splitlines()[-2:]
        assert Path(file).is_relative_to(installed)
        # Both hosts say the same of the same network.
        assert explanation.startswith("Explanation(48 regions, insertion 0.917, deletion 0.632")
    for page in INPUTS:
        # What is printed are numbers of model inputs, and whether both hosts agree.
        printed, text = found[page]["printed"], (DOCS / page).read_text()
        assert all(f"{int(count):,}" in text for count in re.findall(r"\d+", printed)), printed
        assert "False" not in printed


@pytest.mark.parametrize("page", INPUTS)
def test_the_jobs_are_short_and_the_links_exist(page):
    text = (DOCS / page).read_text()
    for target in re.findall(r"\]\(([^)#:]+)[^)]*\)", text):
        assert (DOCS / target).exists(), target
        if target.endswith(".png"):
            assert (DOCS / target).stat().st_size < 60_000
    for block in blocks(DOCS / page):
        lines = [line for line in block.splitlines() if line.strip() and "import " not in line]
        if ".explain(" in block:
            assert len(lines) <= 8, block
