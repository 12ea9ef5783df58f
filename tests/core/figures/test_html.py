"""The page of an explanation: all that is in it."""

import re

import numpy as np
import pytest
from explained_images import PHOTOGRAPH, explained, picture_of, read
from matplotlib import colormaps
from skimage.segmentation import slic

from captum_submod import visualization as captum_visualization
from submod_core import grid
from submod_core.figures.html import compare_html, explanation_html
from submod_core.results._page import viridis
from xplique_submod import visualization as xplique_visualization


def test_the_page_holds_the_explanation_and_the_image():
    regions = slic(PHOTOGRAPH, 49, start_label=0)
    regions[:20, :20] = -1
    regions = np.unique(regions, return_inverse=True)[1].reshape(regions.shape) - 1
    one = explained(regions)
    page = explanation_html(one, PHOTOGRAPH)
    data, labels = read(page)
    (panel,) = data["panels"]
    np.testing.assert_array_equal(labels, regions)
    np.testing.assert_array_equal(panel["order"], one.order)
    for name in ("area", "insertion", "deletion"):
        np.testing.assert_allclose(panel[name], getattr(one.curves, name), rtol=1e-5)
    np.testing.assert_allclose(panel["gains"], one.gains, rtol=1e-5)
    np.testing.assert_allclose(panel["importance"], one.importance, rtol=1e-5)
    np.testing.assert_array_equal(picture_of(page), np.rint(255 * PHOTOGRAPH).astype(np.uint8))
    assert len(page) < 300_000
    assert page.isascii()
    assert not re.search(r"https?:|src=.(?!data:)|url\(|\bid=", page)
    assert page == explanation_html(one, np.moveaxis(PHOTOGRAPH, -1, 0))


def test_noise_is_the_largest_photograph():
    noise = np.random.default_rng(0).integers(0, 256, (224, 224, 3))
    assert len(explanation_html(explained(grid((224, 224), (14, 14))), noise)) < 300_000


def test_large_images_are_drawn_smaller_with_their_regions():
    regions = grid((600, 1200), (3, 4))
    page = explanation_html(explained(regions), np.broadcast_to(0.5, (600, 1200)))
    data, labels = read(page)
    assert (data["height"], data["width"]) == (256, 512) == picture_of(page).shape[:2]
    shares = [np.bincount(one.ravel()) / one.size for one in (labels, regions)]
    np.testing.assert_allclose(*shares, atol=0.01)
    np.testing.assert_array_equal(labels[[0, 0, -1, -1], [0, -1, 0, -1]], [0, 3, 8, 11])


def test_colours_are_those_of_the_figures():
    scores = np.linspace(0, 1, 500)
    theirs = 255 * colormaps["viridis"](scores)[:, :3]
    assert abs(viridis(scores) - theirs).max() < 4


def test_text_is_escaped():
    attack = """</script><script>alert(1)</script>"'><img src=x onerror=alert(1)>"""
    one = explained(grid((4, 4), (2, 2)))
    for page in (
        explanation_html(one, np.ones((4, 4)), title=attack),
        compare_html({attack: one}, np.ones((4, 4)), title=attack),
    ):
        assert "alert" in page
        assert "<script>alert" not in page
        assert "<img src=x" not in page
        assert page.count("</script>") == 1


def test_a_file_is_a_whole_document_and_a_notebook_has_no_picture(tmp_path):
    one = explained(grid((300, 300), (2, 2)))
    one.to_html(tmp_path / "one.html", np.ones((300, 300)), title="<i>")
    text = (tmp_path / "one.html").read_text()
    assert text.startswith("<!doctype html>")
    assert "<title>&lt;i&gt;</title>" in text
    assert explanation_html(one, np.ones((300, 300)), title="<i>") in text
    with pytest.raises(ValueError, match="`image`"):
        one.to_html(tmp_path / "one.html", np.ones((3, 4)))
    assert (tmp_path / "one.html").read_text() == text
    shown = one._repr_html_()
    assert "<img" not in shown
    assert len(shown) < 30_000
    assert read(shown)[1].shape == (256, 256)


def test_other_inputs_and_sizes_are_refused():
    row = explained(np.arange(4))
    with pytest.raises(ValueError, match="`explanation`"):
        explanation_html(row, np.ones((2, 2)))
    small, large = explained(grid((4, 4), (2, 2))), explained(grid((8, 8), (2, 2)))
    with pytest.raises(ValueError, match="`image`"):
        compare_html({"a": small, "b": large}, np.ones((4, 4)))


def test_both_hosts_have_it():
    for host in (captum_visualization, xplique_visualization):
        assert host.explanation_html is explanation_html
        assert host.compare_html is compare_html
