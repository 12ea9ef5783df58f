"""How-to pages made for this library's own calls: each block runs, page by page."""

import re
from pathlib import Path

import numpy as np
import pytest

DOCS = Path(__file__).parent.parent / "docs"
# A page, and what must hold of its names after the last block.
PAGES = {
    "explain.md": lambda names: np.array_equal(
        names["evidence"][0].order, names["explanation"].order
    ),
    "regions.md": lambda names: names["lima"].attribute is not None,
    "choose_a_search.md": lambda names: names["better"].curves.insertion_auc > 0,
    "speed.md": lambda names: names["channels_last"].shape == names["images"].shape,
    "mistakes.md": lambda names: names["mistake"].predicted != names["mistake"].truth,
    "measure.md": lambda names: names["ours"].shape == names["images"].shape,
    "ensembles.md": lambda names: names["sea"].shape == names["mean"].shape,
    "smdl.md": lambda names: names["smdl"] is not None,
    "fits_in.md": lambda names: (
        names["few"].score(names["digits"], names["names"])
        > names["by_chance"].score(names["digits"], names["names"]) + 0.03
        and names["maps"].shape == (2, 1, 64, 64)
        and len(list(Path("figures").rglob("*.png"))) == 2
        and all(list(Path(folder).rglob("*tfevents*")) for folder in ("board", "runs"))
    ),
    "set_functions.md": lambda names: np.array_equal(names["ranking"].order, [1, 3, 0, 2]),
}
FILES = {"explain.md": ["explanation.png", "explanation.html"], "mistakes.md": ["mistake.png"]}

pytestmark = [
    pytest.mark.slow,
    # Of Lightning's trainer.
    pytest.mark.filterwarnings("ignore:.*does not have many workers"),
    pytest.mark.filterwarnings("ignore:The number of training batches"),
    pytest.mark.filterwarnings("ignore:.*treespec.*"),
]


@pytest.mark.parametrize("page", PAGES)
def test_every_block_runs(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    blocks = re.findall(r"```python\n(.*?)```", (DOCS / page).read_text(), re.DOTALL)
    assert blocks
    for block in blocks:
        exec(compile(block, page, "exec"), names)
    assert PAGES[page](names)
    for file in FILES.get(page, []):
        assert (tmp_path / file).stat().st_size > 10_000
