"""How-to pages: each block runs from the wheel in an empty folder, page by page."""

import pytest
from pages import ran

# A page, and what must hold of its names after the last block.
PAGES = {
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
FILES = {"explain.md": ["explanation.png", "explanation.html"], "mistakes.md": ["mistake.png"]}

pytestmark = pytest.mark.slow


def test_every_block_of_every_page_runs(installed, tmp_path):
    found = ran(installed, tmp_path, PAGES)
    assert not "".join(one["error"] for one in found.values())
    for page, files in FILES.items():
        for file in files:
            assert (tmp_path / page / file).stat().st_size > 10_000
