"""Numbers that judge groups of features and the models that sum them (SOP v2, App. C.4)."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import log_softmax

from submod_core._types import BoolArray, FloatArray, IntArray
from submod_core.curves import auc
from submod_core.metrics.maps import jaccard
from submod_core.sop.explanation import GroupExplanation

TOPS = tuple(k / 10 for k in range(1, 11))
"""The shares of the features that grown groups hold, one after the other."""


def kl_fidelity(logits: ArrayLike, summed: ArrayLike) -> FloatArray:
    """KL(p̂ ‖ p̃) of the model's probabilities and those of the summed attributions (SOP, Eq. 53); 0 is faithful.

    Parameters
    ----------
    logits : array_like, (N, C)
        What the model returns.
    summed : array_like, (N, C)
        For each class the sum of all attribution scores.

    Returns
    -------
    ndarray of float64, (N,)
        In nats.

    Raises
    ------
    ValueError
        If the shapes differ.

    Examples
    --------
    >>> kl_fidelity([[0.0, 0.0]], [[0.0, 0.0]]), kl_fidelity([[0.0, 0.0]], [[1.0, 0.0]]).round(3)
    (array([0.]), array([0.12]))
    """
    given, found = np.asarray(logits, dtype=np.float64), np.asarray(summed, dtype=np.float64)
    if given.ndim != 2 or given.shape != found.shape:
        raise ValueError(f"`logits` and `summed` (of shapes {given.shape} and {found.shape}) must be (N, C) both")
    wanted, reached = log_softmax(given, axis=1), log_softmax(found, axis=1)
    return np.asarray((np.exp(wanted) * (wanted - reached)).sum(axis=1))


def group_iou(explanation: GroupExplanation, target: int, mask: BoolArray) -> float:
    """Mean overlap |g ∩ φ| / |g ∪ φ| of the groups that count for a class with a mask (SOP, App. C.4.1).

    The papers' Eq. 50 prints 1 less this; the released code computes the recall.

    Parameters
    ----------
    explanation : GroupExplanation
    target : int
    mask : array_like of bool
        Over the same axes as the explanation's regions.

    Examples
    --------
    >>> c = y = np.ones((1, 1))
    >>> one = GroupExplanation(np.array([0, 1]), np.array([[True, False]]), c, y, np.ones(1))
    >>> group_iou(one, 0, np.array([True, True]))
    0.5
    """
    return float(np.mean([jaccard(group, _mask(explanation, mask)) for group in _painted(explanation, target)]))


def object_share(explanation: GroupExplanation, target: int, mask: BoolArray) -> float:
    """Mean share of a group's elements that lie in a mask, over the groups that count for a class (SOP, §4.4).

    Parameters are those of `group_iou`.

    Examples
    --------
    >>> c = y = np.ones((1, 1))
    >>> one = GroupExplanation(np.array([0, 1]), np.array([[True, False]]), c, y, np.ones(1))
    >>> object_share(one, 0, np.array([True, True]))
    1.0
    """
    inside = _mask(explanation, mask)
    return float(np.mean([inside[group].mean() for group in _painted(explanation, target)]))


def void_alignment(group: BoolArray, values: FloatArray) -> float:
    """Share of a group's elements below 0, if they sum to less than 0, else 0 (SOP, Eq. 51).

    Parameters
    ----------
    group : ndarray of bool
        Elements of one group, not empty.
    values : ndarray of float64, same shape
        A map of mass, with mean 0.

    Examples
    --------
    >>> void_alignment(np.array([True, True, False]), np.array([-3.0, 1.0, 9.0]))
    0.5
    """
    inside = np.asarray(values, dtype=np.float64)[group]
    return float((inside < 0).mean()) if inside.sum() < 0 else 0.0


def cluster_alignment(group: BoolArray, values: FloatArray) -> float:
    """Share of a group's elements above three standard deviations of the map (SOP, Eq. 51).

    Parameters are those of `void_alignment`.

    Examples
    --------
    >>> cluster_alignment(np.array([True] * 2 + [False] * 18), np.array([10.0] + [0.0] * 19))
    0.5
    """
    whole = np.asarray(values, dtype=np.float64)
    return float((whole[group] > 3 * whole.std()).mean())


def structure_purity(
    group: BoolArray, values: FloatArray, void_threshold: float = 0.6, cluster_threshold: float = 0.015
) -> int:
    """How many of the two structures a group is: a void, a cluster (SOP, Eq. 52).

    Parameters
    ----------
    group, values
        As in `void_alignment`.
    void_threshold, cluster_threshold : float
        The alignments that make a group one; the papers' are the defaults.

    Examples
    --------
    >>> structure_purity(np.array([True, True, False]), np.array([-3.0, -1.0, 4.0]))
    1
    """
    void = void_alignment(group, values) > void_threshold
    return int(void) + int(cluster_alignment(group, values) > cluster_threshold)


def grown_area(probabilities: ArrayLike, full: ArrayLike, tops: ArrayLike = TOPS) -> FloatArray:
    """Area under the probability that groups reach as they grow, relative to the full input's (SOP, App. C.4.4).

    Parameters
    ----------
    probabilities : array_like, (K, N)
        Of the predicted class, with groups of each size.
    full : array_like, (N,)
        Of the same class, with all features.
    tops : array_like, (K,)
        The sizes, rising; the area is taken from the first to the last and divided by their distance.

    Returns
    -------
    ndarray of float64, (N,)
        1 where no size changes anything; more where less than the whole input is more convincing.

    Raises
    ------
    ValueError
        If the shapes do not fit.

    Examples
    --------
    >>> grown_area([[0.2], [0.4]], [0.4], tops=[0.5, 1.0])
    array([0.75])
    """
    values, whole, sizes = (np.asarray(v, dtype=np.float64) for v in (probabilities, full, tops))
    if values.shape != (len(sizes), len(whole)) or len(sizes) < 2:
        raise ValueError(
            f"`probabilities` (of shape {values.shape}) must have a row for each of two `tops` or more ({len(sizes)}), "
            f"as long as `full` ({len(whole)})"
        )
    relative = values / whole
    return np.array([auc(column, sizes) for column in relative.T]) / (sizes[-1] - sizes[0])


def outlines(explanations: Sequence[GroupExplanation], labels: Any) -> tuple[BoolArray, IntArray]:
    """What a probe sees and what it must say: the groups used for each predicted class, and classes 0 … k−1.

    Parameters
    ----------
    explanations : sequence of GroupExplanation, N
    labels : array_like, (N,)

    Raises
    ------
    ValueError
        If there is not one label for each explanation.
    """
    masks = np.stack([explanation.mask(int(explanation.logits.argmax())) for explanation in explanations])
    classes = np.unique(np.asarray(labels), return_inverse=True)[1]
    if len(classes) != len(masks):
        raise ValueError(f"`labels` (of length {len(classes)}) must be one for each of {len(masks)} explanations")
    return masks, classes.astype(np.intp)


def _painted(explanation: GroupExplanation, target: int) -> list[BoolArray]:
    groups = np.asarray(explanation.groups > 0)[explanation.used(target)]
    return [np.append(group, False)[explanation.regions] for group in groups]


def _mask(explanation: GroupExplanation, mask: Any) -> BoolArray:
    array = np.asarray(mask, dtype=bool)
    if array.shape != explanation.regions.shape:
        raise ValueError(
            f"`mask` (of shape {array.shape}) must be shaped like the regions, {explanation.regions.shape}"
        )
    return array
