import numpy as np
import pytest
import torch

from captum_submod import visualization as captum_visualization
from submod_core.figures.explanations import as_picture, plot_explanation
from submod_core.regions import grid
from submod_core.results import Curves, Explanation
from xplique_submod import visualization as xplique_visualization


@pytest.fixture
def explanation():
    curves = Curves(np.array([0, 0.5, 1]), np.array([0.1, 0.9, 0.95]), np.array([0.2, 0.7, 0.9]))
    return Explanation(
        grid((8, 8), (1, 2)), np.array([1, 0]), np.array([0.0, 1.0]), curves, np.ones(2, bool), 3, 4
    )


def test_the_figure_belongs_to_neither_adapter():
    assert (
        captum_visualization.plot_explanation
        is xplique_visualization.plot_explanation
        is plot_explanation
    )


@pytest.mark.parametrize("shape", [(8, 8), (8, 8, 1), (8, 8, 3), (3, 8, 8), (1, 8, 8)])
@pytest.mark.parametrize("kind", ["uint8", "float32", "tensor", "normalised"])
def test_any_picture_can_be_drawn(explanation, shape, kind, tmp_path):
    image = np.random.default_rng(0).random(shape)
    image = {
        "uint8": (image * 255).astype("uint8"),
        "normalised": image * 4 - 2,
        "tensor": torch.from_numpy(image),
    }.get(kind, image.astype("float32"))
    picture = as_picture(image, (8, 8))
    assert picture.shape == (8, 8, 3)
    assert picture.min() >= 0
    assert picture.max() <= 1
    figure = plot_explanation(explanation, image, title="a title")
    figure.savefig(tmp_path / "figure.png")
    assert (tmp_path / "figure.png").stat().st_size > 5000


def test_the_panels_show_the_heatmap_the_best_prefix_and_the_curves(explanation):
    figure = plot_explanation(explanation, np.ones((8, 8, 3)), max_area=0.6)
    heatmap, evidence, curves = figure.axes[:3]
    assert np.array_equal(heatmap.images[1].get_array(), explanation.paint())
    shown = evidence.images[0].get_array()
    assert (shown[:, :3] == 0.2).all(), "what is not in the prefix is dimmed"
    assert (shown[:, 6:] == 1).all(), "the prefix is clear"
    assert [len(line.get_xdata()) for line in curves.lines[:2]] == [3, 3]
    assert curves.lines[3].get_xydata().tolist() == [[0.5, 0.9]]


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"image": np.ones((4, 4))}, "`image`"),
        ({"image": np.ones((8, 8, 2))}, "`image`"),
        ({"max_area": 0.1}, "`max_area`"),
    ],
)
def test_bad_arguments(explanation, change, named):
    with pytest.raises(ValueError, match=named):
        plot_explanation(**({"explanation": explanation, "image": np.ones((8, 8))} | change))


def test_only_images_have_this_figure(explanation):
    table = Explanation(
        np.arange(2),
        *(getattr(explanation, n) for n in ("order", "importance", "curves", "searched")),
        1,
        1,
    )
    with pytest.raises(ValueError, match="`explanation`"):
        plot_explanation(table, np.ones((8, 8)))
