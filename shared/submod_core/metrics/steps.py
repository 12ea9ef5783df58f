"""What an attribution reveals or removes, and in which order."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from submod_core._types import AnyArray, FloatArray, IntArray
from submod_core.curves import rank_groups
from submod_core.explanation import Explanation


class Steps(NamedTuple):
    """Along which regions an attribution is judged.

    Attributes
    ----------
    regions : ndarray of intp
        Label map over the pixels (H, W) of an image, or over the elements of another input.
    order : ndarray of intp, (n,)
        The regions, the most important first.
    """

    regions: IntArray
    order: IntArray


def steps_of(attribution: Any, shape: tuple[int, ...], regions: Any = None, steps: int = 50) -> Steps:
    """The steps in which an attribution reveals or removes its input.

    Parameters
    ----------
    attribution : Explanation, Steps or array_like
        An explanation brings its regions and its order, as do the steps of feature groups (`GroupExplanation.steps`).
        Scores shaped like `shape` step pixel by pixel, or with `regions` region by region, by their mean in each; a
        vector of n scores is one for each of n `regions`.
    shape : tuple of int
        (H, W) of an image, or the shape of another input.
    regions : array_like of int, optional
        Label map that broadcasts to `shape`, with ids 0 … n−1.
    steps : int
        Number of pixel-wise steps, of nearly equal size; equal scores are taken in reading order.

    Raises
    ------
    ValueError
        If the attribution does not fit, or is not finite.

    Examples
    --------
    >>> steps_of([[0.1, 0.9]], (1, 2)).regions, steps_of([[0.1, 0.9]], (1, 2), [[0, 1]]).order
    (array([[1, 0]]), array([1, 0]))
    """
    if isinstance(attribution, Explanation):
        if isinstance(attribution.regions, tuple) or not _broadcasts(attribution.regions.shape, shape):
            raise ValueError(f"`attributions` holds an explanation that is not one of an input of shape {shape}")
        return Steps(attribution.regions, attribution.order)
    if isinstance(attribution, Steps):
        if attribution.regions.shape != shape:
            raise ValueError(f"`attributions` holds steps over {attribution.regions.shape}, for an input of {shape}")
        return attribution
    scores = np.asarray(attribution, dtype=np.float64)
    if not np.isfinite(scores).all():
        raise ValueError("`attributions` holds NaN or infinite values")
    labels = None if regions is None else np.asarray(regions)
    if labels is not None and scores.shape == (int(labels.max()) + 1,) and scores.shape != shape:
        return Steps(labels, np.argsort(-scores, kind="stable"))
    if scores.shape != shape:
        each = "" if labels is None else f" or, per region, ({int(labels.max()) + 1},)"
        raise ValueError(f"`attributions` (of shape {scores.shape} per example) must be {shape}{each}")
    if labels is None:
        groups = rank_groups(scores, steps)
        return Steps(groups, np.arange(int(groups.max()) + 1))
    return Steps(labels, np.argsort(-region_means(scores, labels), kind="stable"))


def painted(attribution: Any, shape: tuple[int, ...], regions: Any = None) -> FloatArray:
    """The score of each pixel or element, whatever form the attribution has; arguments and errors as in `steps_of`.

    Examples
    --------
    >>> painted([0.5, 2.0], (1, 3), [[0, 0, 1]])
    array([[0.5, 0.5, 2. ]])
    """
    steps = steps_of(attribution, shape, regions, steps=1)
    if isinstance(attribution, Explanation):
        return np.broadcast_to(attribution.importance[steps.regions], shape)
    if isinstance(attribution, Steps):
        return np.argsort(steps.order)[::-1].astype(np.float64)[steps.regions]
    scores = np.asarray(attribution, dtype=np.float64)
    return scores if scores.shape == shape else np.broadcast_to(scores[steps.regions], shape)


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
    each = [attributions] if isinstance(attributions, Explanation) else attributions
    if len(each) != n:
        raise ValueError(f"`attributions` (of length {len(each)}) must have one entry for each of the {n} examples")
    return list(each)


def are_explanations(attributions: Any) -> bool:
    """Whether attributions came as one `Explanation`, or as a sequence of them or of `Steps`."""
    listed = isinstance(attributions, list | tuple) and len(attributions) > 0
    kinds = (Explanation, Steps)
    return isinstance(attributions, Explanation) or (listed and all(isinstance(a, kinds) for a in attributions))


def _broadcasts(shape: tuple[int, ...], target: tuple[int, ...]) -> bool:
    return len(shape) == len(target) and all(a in (1, b) for a, b in zip(shape, target, strict=True))


def region_means(scores: FloatArray, labels: AnyArray) -> FloatArray:
    """The mean score of each region, (n,), of a label map that broadcasts to the scores.

    Examples
    --------
    >>> region_means(np.array([1.0, 3.0, 5.0]), np.array([0, 0, 1]))
    array([2., 5.])
    """
    flat = np.broadcast_to(labels, scores.shape).ravel()
    return np.asarray(region_sums(scores, labels) / np.bincount(flat))


def region_sums(scores: FloatArray, labels: AnyArray) -> FloatArray:
    """The summed score of each region, (n,), of a label map that broadcasts to the scores.

    Examples
    --------
    >>> region_sums(np.array([1.0, 3.0, 5.0]), np.array([0, 0, 1]))
    array([4., 5.])
    """
    return np.bincount(np.broadcast_to(labels, scores.shape).ravel(), weights=scores.ravel()).astype(np.float64)
