"""Metrics of groups of features, from their explanations alone (SOP v2, App. C.4)."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import log_softmax

from submod_core._checks import as_numbers, check_alike, check_number, check_type
from submod_core._types import BoolArray, FloatArray
from submod_core.metrics.base import declared
from submod_core.metrics.maps import as_mask, jaccard
from submod_core.sop import GroupExplanation


@declared("kl_fidelity", False, "none: compares probabilities")
def kl_fidelity(logits: ArrayLike, summed: ArrayLike) -> FloatArray:
    """KL divergence of the model's probabilities and the summed attributions' (SOP, Eq. 53).

    KL(p̂ ‖ p̃); 0 is faithful.

    Parameters
    ----------
    logits : array_like, (N, C)
        Outputs of the model.
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
    given, found = as_numbers("logits", logits), as_numbers("summed", summed)
    if given.ndim != 2 or given.shape != found.shape:
        raise ValueError(
            f"`logits` and `summed` (of shapes {given.shape} and {found.shape}) must be (N, C) both"
        )
    wanted, reached = log_softmax(given, axis=1), log_softmax(found, axis=1)
    return np.asarray((np.exp(wanted) * (wanted - reached)).sum(axis=1))


@declared("group_iou", True, "none: compares groups with a mask")
def group_iou(explanation: GroupExplanation, target: int, mask: BoolArray) -> float:
    """Mean intersection over union, with a mask, of the groups that count for a class.

    |g ∩ φ| / |g ∪ φ| (SOP, App. C.4.1). The papers' Eq. 50 prints 1 minus this value; the released
    code computes the recall.

    Parameters
    ----------
    explanation : GroupExplanation
    target : int
    mask : array_like of bool
        Over the same axes as the explanation's regions.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If the mask is not shaped like the regions, or holds anything but True and False, or 1
        and 0.

    Examples
    --------
    >>> c = y = np.ones((1, 1))
    >>> one = GroupExplanation(np.array([0, 1]), np.array([[True, False]]), c, y, np.ones(1))
    >>> group_iou(one, 0, np.array([True, True]))
    0.5
    """
    return float(
        np.mean(
            [jaccard(group, _mask(explanation, mask)) for group in _painted(explanation, target)]
        )
    )


@declared("object_share", True, "none: compares groups with a mask")
def object_share(explanation: GroupExplanation, target: int, mask: BoolArray) -> float:
    """Mean share of a group's elements that lie in a mask (SOP, §4.4).

    The mean is over the groups that count for a class. Parameters and errors are those of
    `group_iou`.

    Examples
    --------
    >>> c = y = np.ones((1, 1))
    >>> one = GroupExplanation(np.array([0, 1]), np.array([[True, False]]), c, y, np.ones(1))
    >>> object_share(one, 0, np.array([True, True]))
    1.0
    """
    groups = _painted(explanation, target)
    inside = _mask(explanation, mask)
    return float(np.mean([inside[group].mean() for group in groups]))


@declared("void_alignment", None, "none: looks at a group and a map")
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
    inside = _inside(group, values)
    return float((inside < 0).mean()) if inside.sum() < 0 else 0.0


@declared("cluster_alignment", None, "none: looks at a group and a map")
def cluster_alignment(group: BoolArray, values: FloatArray) -> float:
    """Share of a group's elements above three standard deviations of the map (SOP, Eq. 51).

    Parameters are those of `void_alignment`.

    Examples
    --------
    >>> cluster_alignment(np.array([True] * 2 + [False] * 18), np.array([10.0] + [0.0] * 19))
    0.5
    """
    whole, inside = as_numbers("values", values), _inside(group, values)
    return float((inside > 3 * whole.std()).mean())


@declared("structure_purity", None, "none: looks at a group and a map")
def structure_purity(
    group: BoolArray,
    values: FloatArray,
    void_threshold: float = 0.6,
    cluster_threshold: float = 0.015,
) -> int:
    """Number of structures that a group is, of two: a void, a cluster (SOP, Eq. 52).

    Parameters
    ----------
    group, values
        As in `void_alignment`.
    void_threshold, cluster_threshold : float
        Alignments above which a group is a void or a cluster; the defaults are the papers'.

    Examples
    --------
    >>> structure_purity(np.array([True, True, False]), np.array([-3.0, -1.0, 4.0]))
    1
    """
    check_number("void_threshold", void_threshold)
    check_number("cluster_threshold", cluster_threshold)
    void = void_alignment(group, values) > void_threshold
    return int(void) + int(cluster_alignment(group, values) > cluster_threshold)


def _inside(group: Any, values: Any) -> FloatArray:
    """The values of a group's elements."""
    members, whole = as_mask("group", group), as_numbers("values", values)
    check_alike("group", members, "values", whole.shape)
    if not members.any():
        raise ValueError("`group` must hold at least one element")
    return whole[members]


def _painted(explanation: GroupExplanation, target: int) -> list[BoolArray]:
    """Masks of the groups that count for a class; elements of region −1 are in none."""
    check_type("explanation", explanation, GroupExplanation, "a GroupExplanation")
    groups = np.asarray(explanation.groups > 0)[explanation.used(target)]
    return [np.append(group, False)[explanation.regions] for group in groups]


def _mask(explanation: GroupExplanation, mask: Any) -> BoolArray:
    """A mask as a boolean array, checked against the regions."""
    array = as_mask("mask", mask)
    if array.shape != explanation.regions.shape:
        raise ValueError(
            f"`mask` (of shape {array.shape}) must be shaped like the regions, "
            f"{explanation.regions.shape}"
        )
    return array
