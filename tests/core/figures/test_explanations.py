import numpy as np
import pytest
import torch
from matplotlib.backends.backend_agg import FigureCanvasAgg
from soak.amounts import combined

from captum_submod import visualization as captum_visualization
from submod_core._pictures import as_picture
from submod_core.figures.explanations import plot_explanation
from submod_core.figures.groups import plot_groups
from submod_core.figures.mistakes import plot_mistake
from submod_core.methods import Mistake
from submod_core.regions import grid
from submod_core.results import Curves, Explanation, SufficientSet
from submod_core.sop import GroupExplanation
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


def test_a_box_is_outlined_in_the_panels_with_the_picture(explanation):
    figure = plot_explanation(explanation, np.ones((8, 8)), box=torch.tensor([1, 2, 5, 8]))
    for panel in figure.axes[:2]:
        # Pixel 1 begins at 0.5; pixel 7 is the last inside.
        corners = [patch.get_bbox().extents.tolist() for patch in panel.patches]
        assert corners == [[0.5, 1.5, 4.5, 7.5]] * 2, "light on dark"
    assert not plot_explanation(explanation, np.ones((8, 8))).axes[0].patches
    for box in ((5, 2, 1, 8), (1, 2, 5), "all"):
        with pytest.raises((TypeError, ValueError), match="`box`"):
            plot_explanation(explanation, np.ones((8, 8)), box=box)


@pytest.mark.parametrize(
    ("shape", "kind"),
    combined(
        [(8, 8), (8, 8, 1), (8, 8, 3), (3, 8, 8), (1, 8, 8)],
        ["uint8", "float32", "tensor", "normalised"],
    ),
)
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
    assert [line.get_xydata().tolist() for line in curves.lines[2:4]] == [[[0.5, 0.9]]] * 2


@pytest.fixture
def flat_topped():
    """An explanation whose second region adds little, and whose third adds nearly nothing."""
    p = np.array([0.1, 0.9, 0.95, 0.96])
    curves = Curves(np.array([0, 0.25, 0.5, 1]), p, p)
    regions, order = np.array([[0, 1, 2, 2]]), np.array([1, 0, 2])
    return Explanation(regions, order, np.array([0.5, 1.0, 0]), curves, np.ones(3, bool), 3, 4)


@pytest.mark.parametrize(
    ("shown", "kept", "mark", "title"),
    [
        ("smallest", [0, 1], [0.5, 0.95], "0.950 with 2 of 3 regions,\n50 %"),
        ("highest", [0, 1, 2, 3], [1, 0.96], "0.960 with 3 of 3 regions,\n100 %"),
        (SufficientSet((0,), 0.93, 0.25), [0], [0.25, 0.93], "0.930 with 1 of 3 regions,\n25 %"),
    ],
    ids=["smallest", "highest", "a set"],
)
def test_the_middle_panel_shows_what_is_asked_for(flat_topped, shown, kept, mark, title):
    figure = plot_explanation(flat_topped, np.full((1, 4), 0.5), shown=shown)
    row = figure.axes[1].images[0].get_array()[0, :, 0]
    assert np.flatnonzero(row > 0.2).tolist() == kept, "the rest is dimmed"
    assert title in figure.axes[1].get_title()
    highest, here = (line.get_xydata().tolist() for line in figure.axes[2].lines[2:4])
    assert highest == [[1, 0.96]], "the curve marks the highest confidence as well"
    assert here == [mark]


def test_the_colours_are_even_unless_the_papers_are_asked_for(explanation):
    names = [
        plot_explanation(explanation, np.ones((8, 8)), **given).axes[0].images[1].get_cmap().name
        for given in ({}, {"cmap": "jet"})
    ]
    assert names == ["viridis", "jet"]


def test_a_score_below_0_has_a_figure(explanation):
    explanation.curves.consistency[:] = [-3, -2, -1]
    figure = plot_explanation(explanation, np.ones((8, 8)))
    assert "-1.000 with 2 of 2" in figure.axes[1].get_title()


LONG = [
    "black widow, Latrodectus mactans, a spider of many names",
    "Donaudampfschifffahrtsgesellschaftskapitän",
]


def titles(figure):
    """The places of all titles, in pixels, once the figure is drawn."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    renderer = canvas.get_renderer()
    texts = [axes.title for axes in figure.axes] + [figure._suptitle]
    return [t.get_window_extent(renderer) for t in texts if t is not None and t.get_text()]


def drawn(name, explanation):
    image = np.ones((8, 8, 3))
    if name == "explanation":
        return plot_explanation(explanation, image, title=" or ".join(LONG * 3))
    if name == "mistake":
        chances = np.array([0.9, 0.1]), np.array([0.3, 0.7])
        found = Mistake(explanation, 1, np.array([1]), np.array([0]), *chances)
        return plot_mistake(found, image, classes=LONG)
    groups, scores = np.eye(2, dtype=bool), np.ones((2, 2)) / 2
    sums = GroupExplanation(explanation.regions, groups, scores, 100 * scores, np.full(2, 50.0))
    return plot_groups(sums, image, 0, classes=LONG, title=" or ".join(LONG))


@pytest.mark.parametrize("name", ["explanation", "mistake", "groups"])
def test_no_title_runs_into_another_or_out_of_the_figure(explanation, name):
    figure = drawn(name, explanation)
    places = titles(figure)
    for k, one in enumerate(places):
        assert one.x0 >= 0
        assert one.x1 <= figure.bbox.x1
        assert not any(one.overlaps(other) for other in places[:k])


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"image": np.ones((4, 4))}, "`image`"),
        ({"image": np.ones((8, 8, 2))}, "`image`"),
        ({"max_area": 0.1}, "`max_area`"),
        ({"shown": "best"}, "`shown`"),
        ({"shown": SufficientSet((7,), 0.9, 0.1)}, "`shown`"),
        ({"cmap": "rainbows"}, "`cmap`"),
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
