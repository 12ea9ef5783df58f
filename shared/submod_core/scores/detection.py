"""Detection score: whether a detector still finds one box of one class."""

from typing import Any

import numpy as np

from submod_core._checks import check_choice, is_number
from submod_core._types import AnyArray
from submod_core.backends import Array, backend_of
from submod_core.scores.proposals import Proposals, as_reader, proposals_of

MODES = ("both", "box", "class")


def box_iou(boxes: Array, others: Array) -> Array:
    """Intersection over union of boxes and others.

    Parameters
    ----------
    boxes, others : array, (…, 4)
        Left, top, right, bottom; the leading axes broadcast. One of the two has an area.

    Returns
    -------
    array, (…)
        Values in [0, 1].

    Examples
    --------
    >>> box_iou(np.array([[0.0, 0.0, 2.0, 2.0]]), np.array([1.0, 0.0, 3.0, 2.0]))
    array([0.33333333])
    """
    xp = backend_of(boxes, "boxes")
    low = xp.maximum(boxes[..., :2], others[..., :2])
    high = xp.minimum(boxes[..., 2:], others[..., 2:])
    sides = xp.relu(high - low)
    common = sides[..., 0] * sides[..., 1]
    return common / (_area(boxes) + _area(others) - common)


def _area(boxes: Array) -> Array:
    sides = boxes[..., 2:] - boxes[..., :2]
    return sides[..., 0] * sides[..., 1]


def detection_score(
    proposals: Proposals,
    boxes: Array,
    labels: Array | None = None,
    mode: str = "both",
    threshold: float = 0.0,
) -> Array:
    """Score of one box of one class among a detector's proposals (VPS, its consistency score).

    Parameters
    ----------
    proposals : Proposals, (…, P)
    boxes : array, (…, 4)
        The box to explain of each image: left, top, right, bottom in pixels.
    labels : array of int, (…), optional
        Its class; not needed for ``mode="box"``.
    mode : {"both", "box", "class"}
        The largest product of a proposal's overlap with the box (intersection over union) and its
        score of the class; the largest overlap alone; the largest score of the class alone,
        wherever the proposal is.
    threshold : float in [0, 1)
        Proposals whose highest class score is lower count for nothing. Detectors that always give
        as many boxes need one for ``mode="box"``: some box overlaps with anything.

    Returns
    -------
    array, (…)
        Values in [0, 1], 0 where there are no proposals.

    Raises
    ------
    ValueError
        If the mode is unknown, or `labels` are missing.

    References
    ----------
    .. [1] Chen et al., "Interpreting Object-level Foundation Models via Visual Precision Search"
       (VPS), CVPR 2025.

    Examples
    --------
    >>> found = Proposals(np.array([[0.0, 0, 2, 2], [0, 0, 2, 1]]), np.array([[0.2], [0.8]]))
    >>> box, label = np.array([0.0, 0, 2, 2]), np.array(0)
    >>> [float(detection_score(found, box, label, mode)) for mode in ("both", "box", "class")]
    [0.4, 1.0, 0.8]
    """
    check_choice("mode", mode, MODES)
    _check_threshold(threshold)
    if mode != "box" and labels is None:
        raise ValueError(f"`labels` are needed for `mode` (={mode!r}): the class of each box")
    xp = backend_of(proposals.boxes)
    boxes = xp.asarray_like(boxes, proposals.boxes)
    found = proposals.scores
    highest = found if proposals.labels is not None else xp.max(found, -1)
    value = xp.astype(highest >= threshold, _name(highest))
    if mode != "class":
        value = value * box_iou(proposals.boxes, boxes[..., None, :])
    if mode != "box":
        value = value * _of_class(proposals, labels)
    # A proposal of nothing, so that there is one.
    return xp.max(xp.concat([value, 0 * boxes[..., :1]], -1), -1)


def _of_class(proposals: Proposals, labels: Array) -> Array:
    """Each proposal's score of the class, (…, P)."""
    xp, scores = backend_of(proposals.boxes), proposals.scores
    if proposals.labels is not None:
        numbers = xp.asarray_like(proposals.labels, scores)
        same = numbers == xp.asarray_like(labels, scores)[..., None]
        return scores * xp.astype(same, _name(scores))
    chosen = xp.arange_like(scores) == xp.asarray_like(labels, scores)[..., None]
    return xp.sum(scores * xp.astype(chosen, _name(scores))[..., None, :], -1)


def _name(array: Array) -> str:
    return "float64" if "float64" in str(array.dtype) else "float32"


def check_detection(
    boxes: AnyArray, scores: AnyArray, explained: AnyArray, labels: Any, n_classes: int | None
) -> None:
    """Raise ValueError unless proposals and the boxes to explain can be what they are read as.

    Parameters
    ----------
    boxes : ndarray, (…, 4)
    scores : ndarray, any shape
    explained : ndarray, (…, 4)
        The boxes to explain.
    labels : ndarray of int or None
        Their classes.
    n_classes : int or None
        The number of the detector's classes, where it is known.

    Examples
    --------
    >>> check_detection(np.zeros(4), np.ones(1), np.array([5, 0, 1, 1]), None, None)
    Traceback (most recent call last):
    ValueError: `boxes` (=[5, 0, 1, 1]) must be left, top, right, bottom in pixels, with left <
    right and top < bottom
    """
    bad = ~(boxes[..., 2:] >= boxes[..., :2]).all(-1) | ~np.isfinite(boxes).all(-1)
    if bad.any():
        raise ValueError(
            f"`detector` gave the box {boxes[bad][0].tolist()}; they must be finite, with left ≤ "
            "right and top ≤ bottom: is their format another one?"
        )
    # Of many boxes some are larger than a pixel.
    relative = boxes.size >= 40 and 0 < boxes.max() <= 1 and explained.max(initial=0) > 2
    if relative:
        raise ValueError(
            f"`detector` gave boxes up to {boxes.max():.3g}; they must be in pixels: give "
            "`proposals` as a function that multiplies relative ones by the image's sides"
        )
    bad = ~((scores >= -1e-3) & (scores <= 1 + 1e-3))
    if bad.any():
        raise ValueError(
            f"`detector` gave the score {scores[bad][0]:.3g}; scores must be in [0, 1]: give "
            "`proposals` as a function that makes probabilities of logits"
        )
    bad = ~(explained[..., 2:] > explained[..., :2]).all(-1) | ~np.isfinite(explained).all(-1)
    if bad.any():
        raise ValueError(
            f"`boxes` (={explained[bad][0].tolist()}) must be left, top, right, bottom in pixels, "
            "with left < right and top < bottom"
        )
    if labels is None:
        return
    if (labels < 0).any() or (n_classes is not None and (labels >= n_classes).any()):
        known = "" if n_classes is None else f", {n_classes} of the detector"
        raise ValueError(f"`labels` (={labels.tolist()}) must be classes from 0 on{known}")


def _check_threshold(threshold: Any) -> None:
    if not is_number(threshold) or not 0 <= threshold < 1:
        raise ValueError(f"`threshold` (={threshold!r}) must be in [0, 1)")


class DetectionOptions:
    """Options of a detection score, with their checks: the base of each host's class."""

    is_quantity = True
    """Methods read the value itself: consistency and collaboration alone."""

    def __init__(self, proposals: Any, mode: str, threshold: float) -> None:
        self.reader = as_reader(proposals)
        check_choice("mode", mode, MODES)
        _check_threshold(threshold)
        self.proposals, self.mode, self.threshold = proposals, mode, threshold

    def _found(self, outputs: Any, size: tuple[int, int], n: int) -> Proposals | list[Proposals]:
        return proposals_of(self.reader, outputs, size, n)

    def _of(self, found: Proposals | list[Proposals], boxes: Array, labels: Array | None) -> Array:
        """The score (N,) of each image's box."""
        labels = None if self.mode == "box" else labels
        if isinstance(found, Proposals):
            return detection_score(found, boxes, labels, self.mode, self.threshold)
        scores = [
            detection_score(
                one, boxes[i], None if labels is None else labels[i], self.mode, self.threshold
            )
            for i, one in enumerate(found)
        ]
        return backend_of(boxes).stack(scores, 0)
