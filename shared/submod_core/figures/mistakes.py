"""Figure of a mistake (LiMA, §6.4). Needs matplotlib."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from submod_core._checks import check_type
from submod_core._pictures import as_picture
from submod_core._types import FloatArray
from submod_core.figures.boxes import as_box
from submod_core.figures.pictures import (
    check_classes,
    class_name,
    draw_box,
    draw_kept,
    image_shape,
)
from submod_core.methods import Mistake


def plot_mistake(
    mistake: Mistake, image: Any, *, classes: Sequence[str] | None = None, box: Any = None
) -> Figure:
    r"""Draw a mistake: the causes of the error, the support of the truth, the probabilities.

    The first panel shows the whole image with the causes tinted, the last of the order most; the
    second the regions that support the truth, with the rest dimmed; the third the probabilities of
    the classes concerned, for the whole image and without the causes.

    Parameters
    ----------
    mistake : Mistake
        Of one image.
    image : array_like or Tensor
        As in `plot_explanation`.
    classes : sequence of str, optional
        Names of the classes.
    box : sequence of 4 numbers, optional
        A box to outline, such as the one that a detector found: left, top, right, bottom in pixels
        of the regions.

    Returns
    -------
    matplotlib.figure.Figure
        Not registered with pyplot.

    Raises
    ------
    ValueError
        If the explanation is not of one image, or the image is not as large as its regions.

    Examples
    --------
    >>> from submod_core import Curves, Explanation
    >>> curves = Curves(np.array([0, 0.5, 1]), np.array([0.5, 0.7, 0.1]), np.array([0.9, 0.2, 0.3]))
    >>> regions, order, importance = np.array([[0, 1]]), np.array([0, 1]), np.array([1.0, 0.0])
    >>> one = Explanation(regions, order, importance, curves, np.ones(2, bool), 3, 4)
    >>> before, after = np.array([0.9, 0.1]), np.array([0.3, 0.7])
    >>> mistake = Mistake(one, 1, np.array([0]), np.array([1]), before, after)
    >>> figure = plot_mistake(mistake, np.zeros((1, 2, 3)), classes=["dog", "cat"])
    >>> figure.axes[2].get_yticklabels()[0].get_text()
    'cat\n(the truth)'
    """
    check_type("mistake", mistake, Mistake, "a Mistake")
    check_classes(classes, len(mistake.before))
    explanation = mistake.explanation
    picture, corners = as_picture(image, image_shape(explanation)), as_box(box)
    figure = Figure(figsize=(12, 4), layout="constrained")
    causes, supports, bars = figure.subplots(1, 3)
    _draw_causes(causes, mistake, picture, class_name(mistake.predicted, classes))
    kept = explanation.prefix(len(mistake.supports))
    draw_kept(supports, kept, picture)
    supports.set_title(f"Without them\n{class_name(int(mistake.after.argmax()), classes)}")
    for panel in (causes, supports):
        draw_box(panel, corners)
    _draw_probabilities(bars, mistake, classes)
    return figure


def _draw_causes(axes: Axes, mistake: Mistake, picture: FloatArray, taken_for: str) -> None:
    n = len(mistake.causes)
    # Tint from full strength for the first cause to 15 % for the last; other regions stay clear.
    strength = np.zeros(len(mistake.explanation.order))
    strength[mistake.causes] = np.linspace(1, 0.15, n) if n else 0
    tint = 0.65 * strength[np.asarray(mistake.explanation.regions)][..., None]
    axes.imshow((1 - tint) * picture + tint * np.array([0.84, 0.15, 0.16]))
    axes.set_title(f"Taken for\n{taken_for}\nbecause of the red")
    axes.set_axis_off()


def _draw_probabilities(axes: Axes, mistake: Mistake, classes: Sequence[str] | None) -> None:
    shown = list(dict.fromkeys([mistake.truth, mistake.predicted, int(mistake.after.argmax())]))
    names = [
        class_name(i, classes) + ("\n(the truth)" if i == mistake.truth else "") for i in shown
    ]
    places = np.arange(len(shown))
    axes.barh(places - 0.2, mistake.before[shown], height=0.4, color="#7f7f7f", label="whole image")
    axes.barh(
        places + 0.2, mistake.after[shown], height=0.4, color="#1f77b4", label="without the causes"
    )
    axes.set(
        yticks=places,
        yticklabels=names,
        xlim=(0, 1),
        xlabel="probability",
        title="What the model says",
    )
    axes.invert_yaxis()
    axes.legend(loc="best", fontsize="small")
