"""Figure of a sum of parts (SOP v2, Fig. 5). Needs matplotlib."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from submod_core._checks import check_count, check_index, check_type
from submod_core._pictures import as_picture
from submod_core.figures.pictures import check_classes, class_name, write_title
from submod_core.sop import GroupExplanation


def plot_groups(
    explanation: GroupExplanation,
    image: Any,
    target: int,
    *,
    most: int = 5,
    classes: Sequence[str] | None = None,
    title: str | None = None,
) -> Figure:
    """Draw an image and the groups that count most for a class.

    Features of a group are clear, the rest is dimmed and hatched.

    Parameters
    ----------
    explanation : GroupExplanation
        Of one image.
    image : array_like or Tensor
        As in `plot_explanation`.
    target : int
    most : int
        Largest number of groups drawn.
    classes : sequence of str, optional
        Names of the classes.
    title : str, optional

    Returns
    -------
    matplotlib.figure.Figure
        Not registered with pyplot.

    Raises
    ------
    ValueError
        If the image is not as large as the explanation's regions.

    Examples
    --------
    >>> one = np.ones((1, 1))
    >>> regions, groups = np.array([[0, 1], [0, 1]]), np.array([[True, False]])
    >>> explanation = GroupExplanation(regions, groups, one, one, one[0])
    >>> plot_groups(explanation, np.zeros((2, 2, 3)), 0).axes[1].get_title()
    '1.00 of 1.00'
    """
    check_type("explanation", explanation, GroupExplanation, "a GroupExplanation")
    check_index("target", target, len(explanation.logits), "classes")
    check_count("most", most)
    check_classes(classes, len(explanation.logits))
    picture = as_picture(image, explanation.regions.shape)
    used = explanation.used(target)[:most]
    figure = Figure(figsize=(2.6 * (len(used) + 1), 3.2), layout="constrained")
    write_title(figure, title)
    panels = np.atleast_1d(figure.subplots(1, len(used) + 1))
    name = class_name(target, classes, width=24)
    panels[0].imshow(picture)
    panels[0].set_title(f"{name}\n{explanation.logits[target]:.2f}")
    for axes, group in zip(panels[1:], used, strict=True):
        # Elements of region −1, which always stay, take the entry appended at the end.
        kept = np.append(explanation.groups[group] > 0, True)[explanation.regions]
        axes.imshow(np.where(kept[..., None], picture, 0.35 * picture + 0.15))
        axes.contourf(~kept, levels=[0.5, 1.5], colors="none", hatches=["////"])
        amount = explanation.contributions[group, target]
        axes.set_title(f"{amount:.2f} of {explanation.logits[target]:.2f}")
    for axes in panels:
        axes.set_axis_off()
    return figure
