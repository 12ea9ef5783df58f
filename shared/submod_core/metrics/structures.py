"""Contents of the groups of a prediction, and other methods judged along the same groups."""

from typing import Any, NamedTuple

import numpy as np

from submod_core._checks import as_numbers, check_alike, check_number, check_type
from submod_core._types import FloatArray, IntArray
from submod_core.backends import backend_of
from submod_core.metrics.groups import cluster_alignment, void_alignment
from submod_core.regions import compact
from submod_core.results import RevealOrder
from submod_core.sop import GroupExplanation


class GroupStructures(NamedTuple):
    """Statistics of the groups that count for a prediction, over a map of mass.

    The weight of a structure is the sum of the scores of the groups that are one: scores of all
    groups sum to 1, so that it is a share of the prediction.

    Attributes
    ----------
    groups : ndarray of intp, (k,)
        The groups with a score above 0, the largest contribution first.
    scores, contributions : ndarray of float64, (k,)
    intensities : ndarray of float64, (k,)
        Mean of the map over each group, in standard deviations of the map (SOP v1, App. D).
    voids, clusters : ndarray of float64, (k,)
        `void_alignment` and `cluster_alignment` of each group (SOP v2, Eq. 51).

    Examples
    --------
    >>> one = np.ones(2)
    >>> found = GroupStructures(np.arange(2), one / 2, one, np.array([-1.0, 4.0]), one, 0 * one)
    >>> found.void_weight(), found.weight_below(0.0), found.weight_above(3.0)
    (1.0, 0.5, 0.5)
    """

    groups: IntArray
    scores: FloatArray
    contributions: FloatArray
    intensities: FloatArray
    voids: FloatArray
    clusters: FloatArray

    def void_weight(self, threshold: float = 0.6) -> float:
        """Weight of the groups whose void alignment is above a threshold (SOP v2, Eq. 52)."""
        check_number("threshold", threshold)
        return float(self.scores[self.voids > threshold].sum())

    def cluster_weight(self, threshold: float = 0.015) -> float:
        """Weight of the groups whose cluster alignment is above a threshold (SOP v2, Eq. 52)."""
        check_number("threshold", threshold)
        return float(self.scores[self.clusters > threshold].sum())

    def weight_below(self, intensity: float = 0.0) -> float:
        """Weight of the groups of a mean intensity below a number: v1's voids (App. D)."""
        check_number("intensity", intensity)
        return float(self.scores[self.intensities < intensity].sum())

    def weight_above(self, intensity: float = 3.0) -> float:
        """Weight of the groups of at least a mean intensity: v1's clusters (App. D)."""
        check_number("intensity", intensity)
        return float(self.scores[self.intensities >= intensity].sum())


def group_structures(explanation: GroupExplanation, target: int, values: Any) -> GroupStructures:
    """Voids and clusters among the groups of a prediction (SOP v1, §5 and App. D; v2, Eq. 51–52).

    Parameters
    ----------
    explanation : GroupExplanation
    target : int
        The output: a cosmological parameter.
    values : array_like
        A map of mass with mean 0, over the axes of the explanation's regions.

    Returns
    -------
    GroupStructures

    Raises
    ------
    TypeError, ValueError
        If the map is not shaped like the regions, is the same everywhere, or a group has no
        element.

    Examples
    --------
    >>> groups, c = np.array([[True, False], [False, True]]), np.array([[0.75], [0.25]])
    >>> one = GroupExplanation(np.array([0, 0, 1]), groups, c, c * 0 + 1, np.ones(1))
    >>> found = group_structures(one, 0, np.array([-2.0, -1.0, 3.0]))
    >>> found.void_weight(), found.intensities.round(2)
    (0.75, array([-0.69,  1.39]))
    """
    check_type("explanation", explanation, GroupExplanation, "a GroupExplanation")
    used = explanation.used(target)
    whole = as_numbers("values", values)
    check_alike("values", whole, "explanation.regions", explanation.regions.shape)
    spread = whole.std()
    if not spread:
        raise ValueError("`values` must not be the same everywhere")
    members = np.asarray(explanation.groups > 0)
    painted = [np.append(members[group], False)[explanation.regions] for group in used]
    return GroupStructures(
        used,
        explanation.scores[used, target],
        explanation.contributions[used, target],
        np.array([whole[group].mean() / spread for group in painted]),
        np.array([void_alignment(group, whole) for group in painted]),
        np.array([cluster_alignment(group, whole) for group in painted]),
    )


def grouped_order(explanation: GroupExplanation, target: int, attribution: Any) -> RevealOrder:
    """Order of the groups of a sum of parts by another method's map (SOP v1, App. C.2.2).

    The groups that count for the class come by the mean of the map over each, with the features
    that no group before it has; the rest is last. Insertion and deletion along it are the papers'
    Ins_G and Del_G of other methods; those of the sum of parts itself are along
    `explanation.reveal_order(target)`.

    Parameters
    ----------
    explanation : GroupExplanation
        Brings the groups.
    target : int
    attribution : array
        Of one input, over the axes of the explanation's regions; an axis of channels before or
        after them is summed.

    Returns
    -------
    RevealOrder

    Raises
    ------
    TypeError, ValueError
        If the attribution does not fit the regions, or is not finite.

    Examples
    --------
    >>> groups = np.array([[True, True, False], [False, True, True]])
    >>> one = np.array([[0.4], [0.6]])
    >>> explanation = GroupExplanation(np.arange(3), groups, one, one * 0 + 1, np.ones(1))
    >>> grouped_order(explanation, 0, np.array([3.0, 0.0, 1.0]))
    RevealOrder(regions=array([0, 0, 1]), order=array([0, 1]))
    """
    check_type("explanation", explanation, GroupExplanation, "a GroupExplanation")
    listed = isinstance(attribution, list | tuple)
    given = attribution if listed else backend_of(attribution, "attribution").to_numpy(attribution)
    scores = _without_channels(as_numbers("attribution", given), explanation.regions.shape)
    used = explanation.used(target)
    members = np.asarray(explanation.groups > 0)[used]
    painted = [np.append(group, False)[explanation.regions] for group in members]
    means = np.array([scores[group].mean() if group.any() else -np.inf for group in painted])
    ranked = members[np.argsort(-means, kind="stable")]
    # The number of the first group that holds each feature; the rest, and what always stays, last.
    first = np.where(ranked.any(axis=0), ranked.argmax(axis=0), len(ranked))
    regions = compact(np.append(first, len(ranked))[explanation.regions])
    return RevealOrder(regions, np.arange(int(regions.max()) + 1))


def _without_channels(scores: FloatArray, shape: tuple[int, ...]) -> FloatArray:
    """A map over the axes of regions, summed over the channels that it may have."""
    first, last = scores.shape[1:] == shape, scores.shape[:-1] == shape
    if scores.shape == shape:
        return scores
    if first and last:
        raise ValueError(
            f"`attribution` (of shape {scores.shape}) has channels before or after {shape}: sum "
            "them first"
        )
    if not (first or last):
        raise ValueError(
            f"`attribution` (of shape {scores.shape}) must be shaped like the regions, {shape}, "
            "with or without channels"
        )
    return np.asarray(scores.sum(0 if first else -1))
