"""Reveal order: the steps in which an attribution of any form reveals or removes its input."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from submod_core._checks import (
    as_numbers,
    as_order,
    as_whole_numbers,
    check_count,
    check_counts,
    check_type,
)
from submod_core._types import FloatArray, IntArray
from submod_core.regions import painted_regions, region_means
from submod_core.results.explanation import Explanation


class RevealOrder(NamedTuple):
    """Regions along which an attribution is judged, in their order.

    Attributes
    ----------
    regions : ndarray of intp
        Label map over the pixels (H, W) of an image, or over the elements of another input.
    order : ndarray of intp, (n,)
        The regions, the most important first.

    Examples
    --------
    >>> RevealOrder(np.array([[0, 1]]), np.array([1, 0])).order
    array([1, 0])
    """

    regions: IntArray
    order: IntArray


def reveal_order(
    attribution: Any, shape: tuple[int, ...], regions: Any = None, steps: int = 50
) -> RevealOrder:
    """Order of the regions in which an attribution reveals or removes its input.

    Parameters
    ----------
    attribution : Explanation, RevealOrder or array_like
        An explanation brings its regions and its order, as do feature groups
        (`GroupExplanation.reveal_order`). Scores shaped like `shape` step pixel by pixel; with
        `regions` they step region by region, by their mean in each. A vector of n scores has one
        for each of n `regions`.
    shape : tuple of int
        (H, W) of an image, or the shape of another input.
    regions : array_like of int, optional
        Label map that broadcasts to `shape`, with ids 0 … n−1; −1 for what always stays.
    steps : int
        Number of pixel-wise steps, of nearly equal size; equal scores are taken in reading order.

    Returns
    -------
    RevealOrder

    Raises
    ------
    ValueError
        If the attribution does not fit, or is not finite.

    Examples
    --------
    >>> reveal_order([[0.1, 0.9]], (1, 2)).regions
    array([[1, 0]])
    >>> reveal_order([[0.1, 0.9]], (1, 2), regions=[[0, 1]]).order
    array([1, 0])
    """
    if isinstance(attribution, Explanation):
        if isinstance(attribution.regions, tuple) or not _broadcasts(
            attribution.regions.shape, shape
        ):
            raise ValueError(
                f"`attributions` holds an explanation that is not one of an input of shape {shape}"
            )
        return RevealOrder(attribution.regions, attribution.order)
    if isinstance(attribution, RevealOrder):
        check_type("attributions", attribution.regions, np.ndarray, "steps over a label map")
        if attribution.regions.shape != shape:
            raise ValueError(
                f"`attributions` holds steps over {attribution.regions.shape}, for an input of "
                f"{shape}"
            )
        _check_steps(attribution)
        return attribution
    check_counts("shape", shape, empty=True)
    scores = as_numbers("attributions", attribution)
    labels = None if regions is None else _label_map(regions, shape)
    # A vector of one score per region, unless its shape is the input's own.
    if labels is not None and scores.shape == (int(labels.max()) + 1,) and scores.shape != shape:
        return RevealOrder(labels, np.argsort(-scores, kind="stable"))
    if scores.shape != shape:
        each = "" if labels is None else f" or, per region, ({int(labels.max()) + 1},)"
        raise ValueError(
            f"`attributions` (of shape {scores.shape} per example) must be {shape}{each}"
        )
    if labels is None:
        groups = rank_groups(scores, steps)
        return RevealOrder(groups, np.arange(int(groups.max()) + 1))
    return RevealOrder(labels, np.argsort(-region_means(scores, labels), kind="stable"))


def painted(attribution: Any, shape: tuple[int, ...], regions: Any = None) -> FloatArray:
    """Score of each pixel or element, from an attribution of any form.

    Arguments and errors are those of `reveal_order`. The regions of a `RevealOrder` have no scores:
    the last has 0, each one before it 1 more.

    Examples
    --------
    >>> painted([0.5, 2.0], (1, 3), [[0, 0, 1]])
    array([[0.5, 0.5, 2. ]])
    """
    steps = reveal_order(attribution, shape, regions, steps=1)
    if isinstance(attribution, Explanation):
        return np.broadcast_to(painted_regions(attribution.importance, steps.regions), shape)
    if isinstance(attribution, RevealOrder):
        ranks = np.argsort(steps.order)
        return painted_regions((len(ranks) - 1 - ranks).astype(np.float64), steps.regions)
    scores = as_numbers("attributions", attribution)
    if scores.shape == shape:
        return scores
    return np.broadcast_to(painted_regions(scores, steps.regions), shape)


def each_attribution(attributions: Any, n: int) -> Sequence[Any]:
    """One attribution per example: an `Explanation` each, or rows of an array.

    Raises
    ------
    ValueError
        If there are not n of them.

    Examples
    --------
    >>> len(each_attribution(np.zeros((3, 4)), 3))
    3
    """
    check_count("n", n, least=0)
    each = [attributions] if isinstance(attributions, Explanation) else attributions
    try:
        length = -1 if isinstance(each, str | Mapping) else len(each)
    except TypeError:
        length = -1
    if length < 0:
        raise TypeError(
            f"`attributions` (a {type(each).__name__}) must be an array, or a sequence with an "
            "entry for each example"
        )
    if length != n:
        raise ValueError(
            f"`attributions` (of length {length}) must have one entry for each of the {n} examples"
        )
    return list(each)


def are_explanations(attributions: Any) -> bool:
    """Whether attributions are one `Explanation`, or a sequence of `Explanation`, `RevealOrder`.

    Examples
    --------
    >>> are_explanations([RevealOrder(np.array([[0]]), np.array([0]))])
    True
    """
    listed = isinstance(attributions, list | tuple) and len(attributions) > 0
    kinds = (Explanation, RevealOrder)
    return isinstance(attributions, Explanation) or (
        listed and all(isinstance(a, kinds) for a in attributions)
    )


def _check_steps(steps: RevealOrder) -> None:
    """Raise TypeError or ValueError unless the regions of steps are those of their order."""
    order = as_order("attributions", steps.order)
    labels = as_whole_numbers("attributions", steps.regions)
    if labels.min() < -1 or labels.max() != len(order) - 1:
        raise ValueError(
            f"`attributions` holds steps over ids up to {labels.max()}, in an order of {len(order)}"
        )


def _label_map(regions: Any, shape: tuple[int, ...]) -> IntArray:
    labels = as_whole_numbers("regions", regions)
    if not _broadcasts(labels.shape, shape) and labels.ndim >= len(shape):
        raise ValueError(f"`regions` (of shape {labels.shape}) must broadcast to {shape}")
    if labels.size == 0 or labels.min() < -1 or labels.max() < 0:
        raise ValueError("`regions` must hold ids from 0 on, and −1 for what always stays")
    return labels


def _broadcasts(shape: tuple[int, ...], target: tuple[int, ...]) -> bool:
    """Whether a shape of as many axes broadcasts to another."""
    return len(shape) == len(target) and all(
        a in (1, b) for a, b in zip(shape, target, strict=True)
    )


def rank_groups(saliency: ArrayLike, steps: int) -> IntArray:
    """Cut the elements into groups of nearly equal size by descending saliency.

    Equal scores are taken in reading order. The prefixes of the order 0 … steps−1 of this label map
    are the steps of a pixel-wise insertion or deletion.

    Parameters
    ----------
    saliency : array_like, any shape
        One finite score per element.
    steps : int
        Number of groups, capped at the number of elements.

    Returns
    -------
    ndarray of intp, same shape

    Raises
    ------
    ValueError
        If `steps` < 1, or `saliency` is empty or not finite.

    Examples
    --------
    >>> rank_groups([[0.1, 0.9], [0.5, 0.2]], 2)
    array([[1, 0],
           [0, 1]])
    """
    scores = as_numbers("saliency", saliency)
    check_count("steps", steps)
    if scores.size == 0:
        raise ValueError(f"`saliency` (of shape {scores.shape}) must hold one score per element")
    # The element of rank r, from 0, goes into group ⌊r · steps / size⌋.
    labels = np.empty(scores.size, dtype=np.intp)
    labels[np.argsort(-scores, axis=None, kind="stable")] = (
        np.arange(scores.size) * min(steps, scores.size) // scores.size
    )
    return labels.reshape(scores.shape)
