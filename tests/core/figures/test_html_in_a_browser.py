"""The page of an explanation, touched and looked at in a real browser."""

import base64
import io
import json
import os
import re
import shutil
import subprocess

import numpy as np
import pytest
from explained_images import PHOTOGRAPH, explained
from matplotlib import colormaps
from skimage.io import imread
from skimage.segmentation import slic

from submod_core import grid
from submod_core.figures.html import compare_html, explanation_html
from submod_core.figures.text_html import text_html

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(BROWSER is None, reason="no chromium on this machine"),
]


@pytest.fixture
def browse(tmp_path):
    """Open a page in chromium: its document, or where `shot` is a file, its picture."""

    def browse(page, *options, fragment="", shot=None, script=""):
        file = tmp_path / "page.html"
        file.write_text(page + script)
        quiet = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        quiet += ["--disable-component-update", "--disable-sync"]
        quiet += [f"--user-data-dir={tmp_path / 'user'}", "--window-size=1000,800"]
        what = f"--screenshot={shot}" if shot else "--dump-dom"
        place = file.as_uri() + fragment
        environment = os.environ | {"HOME": str(tmp_path)}
        ran = subprocess.run(
            [BROWSER, *quiet, *options, what, place],
            check=True,
            capture_output=True,
            text=True,
            env=environment,
        )
        return imread(shot)[..., :3] if shot else ran.stdout

    return browse


def told(dom, name):
    return re.findall(f'<p class="{name}"[^>]*>([^<]*)</p>', dom)


SLIDE = """<script>
const [first, second] = document.querySelectorAll(".submod-explanation");
const slider = first.querySelector("input[type=range]");
slider.value = 3; slider.dispatchEvent(new Event("input", {bubbles: true}));
first.querySelector("input[value=removed]").click();
const canvas = second.querySelector("canvas");
onload = () => setTimeout(() => {
  const box = canvas.getBoundingClientRect();
  const at = {clientX: box.left + box.width * .9, clientY: box.top + box.height * .1};
  canvas.dispatchEvent(new PointerEvent("pointermove", at));
  const select = first.querySelector("select");
  select.selectedIndex = 2; select.dispatchEvent(new Event("change"));
});
</script>"""


def test_two_explanations_on_a_page_are_touched_apart(browse):
    searched = np.array([True, True, False, False])
    one, other = (explained(grid((28, 28), (2, 2)), s, searched) for s in (1, 2))
    image = np.random.default_rng(0).random((28, 28))
    page = explanation_html(one, image) + explanation_html(other, image)
    dom = browse(page, fragment="#prefix=2", script=SLIDE)

    states = [
        f"{k} of 4 regions, {100 * e.curves.area[k]:.0f} % of the image. Score with these alone "
        f"{e.curves.insertion[k]:.3f}, without them {e.curves.deletion[k]:.3f}."
        for e, k in ((one, 3), (other, 2))
    ]
    assert told(dom, "state") == states
    assert re.findall('aria-valuetext="([^"]*)"', dom) == ["3 of 4 regions", "2 of 4 regions"]

    second, corner = one.order[1], 1  # chosen in the first, pointed at in the second
    for found, e, region in zip(told(dom, "region"), (one, other), (second, corner), strict=True):
        rank = list(e.order).index(region) + 1
        sure = e.curves.insertion
        assert f"Region {region}: rank {rank} of 4, gain {e.gains[region]:+.3f}, " in found
        assert f"importance {e.importance[region]:.3f}. " in found
        assert (
            f"first {rank} regions {sure[rank]:.3f}, without this one {sure[rank - 1]:.3f}" in found
        )
        assert ("The search ended" in found) == (rank > 2)
    cursors = re.findall(r'<line x1="([\d.]*)" x2="([\d.]*)"', dom)
    assert all(left == right for left, right in cursors)
    areas = [(float(x) - 46) / 420 for x, _ in cursors]
    np.testing.assert_allclose(areas, [one.curves.area[3], other.curves.area[2]], atol=1e-3)


# Notebooks write the element first and run its script then: JupyterLab in its place, others apart.
NOTEBOOK = """<script>
const box = document.createElement("div");
document.body.append(box);
box.innerHTML = %s;
const inert = box.querySelector("script"), live = document.createElement("script");
live.textContent = inert.textContent;
%s;
</script>"""


@pytest.mark.parametrize("run", ["inert.replaceWith(live)", "document.head.append(live)"])
def test_it_runs_in_the_cell_of_a_notebook(browse, run):
    one = explained(grid((300, 300), (2, 2)))
    cell = json.dumps(one._repr_html_()).replace("</", "<\\/")
    dom = browse("<!doctype html><body>", fragment="#prefix=1", script=NOTEBOOK % (cell, run))
    (state,) = told(dom.split("<script>const box")[-1], "state")[-1:]
    assert state.startswith("1 of 4 regions, ")
    assert dom.count("<option") == 5


SHOOT = """<script>onload = () => setTimeout(() => {
  const canvas = document.querySelector("canvas");
  document.body.dataset.shot = canvas.toDataURL("image/png");
});</script>"""


@pytest.mark.parametrize("view", ["heatmap", "kept", "removed"])
def test_each_view_is_painted_by_its_formula(browse, view):
    regions = grid((28, 28), (4, 4))
    regions = np.where(regions == 15, -1, regions)
    one = explained(regions)
    image = np.random.default_rng(3).integers(0, 256, (28, 28, 3))
    page = f"<!doctype html><body>{explanation_html(one, image)}"
    dom = browse(page, fragment=f"#prefix=6&view={view}", script=SHOOT)
    (shot,) = re.findall('data-shot="data:image/png;base64,([^"]*)"', dom)
    drawn = imread(io.BytesIO(base64.b64decode(shot)))[8::16, 8::16, :3]

    expected = np.empty((28, 28, 3))
    for y, x in np.ndindex(28, 28):
        region = regions[y, x]
        inside = region in one.order[:6]
        colour = image[y, x].astype(float)
        if view == "heatmap":
            grey = 0.35 * 255 + 0.65 * (colour @ [0.2125, 0.7154, 0.0721])
            painted = 255 * np.array(colormaps["viridis"](one.importance[region])[:3])
            expected[y, x] = 0.4 * grey + 0.6 * painted if inside else grey
        else:
            clear = region < 0 or inside == (view == "kept")
            expected[y, x] = colour if clear else 0.2 * colour
    np.testing.assert_allclose(drawn.astype(float), expected, atol=3)


def test_one_slider_moves_methods_by_area(browse):
    uneven = np.repeat(np.array([[0, 0, 1, 2, 2, 2, 3, 3]]), 8, axis=0)
    both = {"grid": explained(grid((8, 8), (4, 2)), 1), "columns": explained(uneven, 2)}
    page = compare_html(both, np.ones((8, 8)))
    script = SLIDE.split("first.")[0].replace("[first, second]", "[first]") + (
        'first.querySelector("input[type=range]").value = 50;'
        'first.querySelector("form").dispatchEvent(new Event("input"));</script>'
    )
    dom = browse(page, script=script)
    for state, one in zip(told(dom, "state"), both.values(), strict=True):
        covered = np.flatnonzero(one.curves.area <= 0.5)[-1]
        assert state.startswith(f"{covered} of {len(one.order)} regions, ")


def test_it_is_drawn_light_and_dark(browse, tmp_path):
    one = explained(slic(PHOTOGRAPH, 49, start_label=0))
    page = f"<!doctype html><body>{explanation_html(one, PHOTOGRAPH, title='Astronaut')}</body>"
    light = browse(page, shot=str(tmp_path / "light.png"))
    dark = browse(page, "--blink-settings=preferredColorScheme=0", shot=str(tmp_path / "dark.png"))
    assert np.median(light) > 250
    assert np.median(dark) < 40
    # The canvas is the largest thing of many colours: the same on both.
    kept = browse(page, fragment="#prefix=10&view=kept", shot=str(tmp_path / "kept.png"))
    assert len(np.unique(light.reshape(-1, 3), axis=0)) > 1000
    assert (light != kept).any(axis=-1).mean() > 0.05


TOUCH = """<script>
const root = document.querySelector(".submod-explanation");
const slider = root.querySelector("input[type=range]");
slider.value = 1; slider.dispatchEvent(new Event("input", {bubbles: true}));
root.querySelector("input[value=kept]").click();
root.querySelectorAll("mark")[1].dispatchEvent(new PointerEvent("pointerenter"));
</script>"""


def test_words_of_a_text_are_shown_by_the_slider_and_pointed_at(browse):
    one = explained(np.array([-1, 0, 1, 2]))
    page = text_html(one, ["[CLS]", "a", " <fine>", " film"])
    dom = browse(page, script=TOUCH)
    marks = re.findall(r'<mark class="([^"]*)" data-region="(\d)"', dom)
    assert len(marks) == 3
    for classes, region in marks:
        assert ("shown" in classes) == (int(region) == one.order[0])
        assert ("gone" in classes) == (int(region) != one.order[0])
        assert ("pointed" in classes) == (region == "1")
    (state,), (about,) = told(dom, "state"), told(dom, "region")
    assert state.startswith("1 of 3 regions, ")
    assert " of the text." in state
    assert about.startswith("Region 1: rank ")


def test_a_box_lies_over_every_view(browse):
    one = explained(grid((40, 40), (2, 2)))
    page = explanation_html(one, np.ones((40, 40)), box=(10, 10, 30, 30))
    for view in ("heatmap", "kept"):
        dom = browse(page, fragment=f"#prefix=2&view={view}", script=SHOOT)
        (shot,) = re.findall('data-shot="data:image/png;base64,([^"]*)"', dom)
        drawn = imread(io.BytesIO(base64.b64decode(shot)))
        scale = len(drawn) // 40
        assert drawn[20 * scale, 10 * scale, :3].tolist() == [0x56, 0xB4, 0xE9]
