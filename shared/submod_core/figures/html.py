"""Explanations of an image as HTML that needs nothing else and can be touched."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from submod_core._checks import check_text, check_type
from submod_core._pictures import as_picture
from submod_core.figures.boxes import as_box
from submod_core.results import Explanation
from submod_core.results._page import fragment, map_shape
from submod_core.results._views import View


def explanation_html(
    explanation: Explanation, image: Any, *, title: str | None = None, box: Any = None
) -> str:
    """HTML of an explained image, with a slider over the regions in their order.

    The slider brings in one region after the other: as a heatmap, or the image with these regions
    kept or removed. A cursor moves along insertion and deletion. A region that is pointed at or
    chosen tells its rank, gain and importance and the score with and without it. All of it works
    with the keyboard, and the state is told to screen readers; colours are light or dark as the
    system's. For notebooks (``IPython.display.HTML(…)``) and pages, also several on one page;
    `Explanation.to_html` writes a file. Images are drawn with at most 512 pixels a side.

    Parameters
    ----------
    explanation : Explanation
        Of one image; its regions are an (H, W) label map.
    image : array_like or Tensor, (H, W), (H, W, C) or (C, H, W) with C of 1 or 3
        As in `plot_explanation`.
    title : str, optional
    box : sequence of 4 numbers, optional
        A box to outline, such as the one that a detector found: left, top, right, bottom in pixels
        of the image.

    Returns
    -------
    str
        One element, of ASCII characters. Equal inputs give equal text.

    Raises
    ------
    TypeError, ValueError
        If the explanation is not of one image, or the image is not as large as its regions.

    Examples
    --------
    >>> from submod_core import Curves, grid
    >>> curves = Curves(np.array([0, 0.5, 1]), np.array([0.1, 0.9, 0.92]), np.array([0.2, 0.7, 1]))
    >>> regions, order, importance = grid((8, 8), (1, 2)), np.array([1, 0]), np.array([0.0, 1.0])
    >>> one = Explanation(regions, order, importance, curves, np.ones(2, bool), 3, 4)
    >>> page = explanation_html(one, np.ones((8, 8)), title="left <or> right?")
    >>> "left &lt;or&gt; right?" in page, "<or>" in page, "http" in page
    (True, False, False)
    """
    check_type("explanation", explanation, Explanation, "an Explanation")
    check_text("title", title)
    shape, corners = map_shape(explanation), as_box(box)
    shares = None if corners is None else (corners / np.tile(shape[::-1], 2)).tolist()
    view = View(np.asarray(explanation.regions), as_picture(image, shape), box=shares)
    return fragment({"": explanation}, [view], title=title)


def compare_html(
    explanations: Mapping[str, Explanation], image: Any, *, title: str | None = None
) -> str:
    """HTML of several explanations of one image, with one slider by share of the image.

    Each shows the longest prefix of its order that covers at most this share, so that methods with
    other regions are compared at equal areas. Otherwise as `explanation_html`.

    Parameters
    ----------
    explanations : mapping of str to Explanation
        By the names of their methods.
    image, title
        As in `explanation_html`.

    Returns
    -------
    str

    Raises
    ------
    TypeError, ValueError
        If there is no explanation, or one is not of an image of this size.

    Examples
    --------
    >>> from submod_core import Curves, grid
    >>> curves = Curves(np.array([0, 0.5, 1]), np.array([0.1, 0.9, 0.92]), np.array([0.2, 0.7, 1]))
    >>> regions, order, importance = grid((8, 8), (1, 2)), np.array([1, 0]), np.array([0.0, 1.0])
    >>> one = Explanation(regions, order, importance, curves, np.ones(2, bool), 3, 4)
    >>> page = compare_html({"LiMA": one, "by rank": one.by_rank()}, np.ones((8, 8)))
    >>> page.count("<canvas"), page.count('type="range"')
    (2, 1)
    """
    check_type("explanations", explanations, Mapping, "a mapping of names to explanations")
    check_text("title", title)
    if not explanations:
        raise ValueError("`explanations` must name at least one explanation")
    views = []
    for name, one in explanations.items():
        check_type("explanations", name, str, "a mapping with names as keys")
        check_type("explanations", one, Explanation, "a mapping of names to explanations")
        views.append(View(np.asarray(one.regions), as_picture(image, map_shape(one))))
    return fragment(explanations, views, title=title, by="share")
