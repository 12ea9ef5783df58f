"""Coarse to fine: groups of regions are searched first, then divided where they come first."""

from dataclasses import replace
from typing import Any

import numpy as np

from submod_core._checks import check_type
from submod_core._types import IntArray
from submod_core.engine import Procedure
from submod_core.methods._searching import Asked, among, joined, ranked
from submod_core.methods.settings import LiMASettings
from submod_core.regions import GroundSet, merged, unions_of
from submod_core.results import Explanation
from submod_core.scores.budget import least_images

# Images for each group that the search among groups may take, and the divisor of all images that it
# takes at most.
_FOR_GROUP, _SHARE = 6, 4
# Images that a region of the search that follows takes.
_FOR_REGION = 7.5


def within_images(settings: LiMASettings, ground_set: GroundSet) -> LiMASettings:
    """The settings with a budget of images, where the regions have groups.

    Raises
    ------
    ValueError
        If an option has no meaning for groups.
    """
    if ground_set.groups is None:
        return settings
    for name in ("max_evaluations", "k"):
        if (value := getattr(settings, name)) is not None:
            raise ValueError(f"`{name}` (={value}) must be None with `coarse`: give images")
    if not settings.search.plans:
        raise ValueError(
            f"`search` (={settings.search!r}) must plan by a budget with `coarse`, as Guided does"
        )
    return replace(settings, max_model_inputs=settings.images_for(ground_set))


def places_of(ground_set: GroundSet, explanation: Explanation) -> IntArray:
    """The explanation's region (n,) that holds each region of the ground set that was explained.

    Examples
    --------
    >>> from submod_core.results import Curves
    >>> curves = Curves(np.array([0, 0.4, 1]), np.array([0.1, 0.8, 0.9]), np.array([0.9, 0.2, 0]))
    >>> groups, order = np.array([1, 0, 1]), np.array([0, 1])
    >>> one = Explanation(groups, order, np.array([1.0, 0.0]), curves, np.ones(2, bool), 3, 4)
    >>> cells = GroundSet(np.arange(3), np.ones(3), np.zeros(3, dtype=bool), groups)
    >>> one.importance[places_of(cells, one)]
    array([0., 1., 0.])
    """
    check_type("ground_set", ground_set, GroundSet, "a GroundSet")
    check_type("explanation", explanation, Explanation, "an Explanation")
    if ground_set.groups is None:
        return np.arange(len(ground_set.sizes))
    return unions_of(ground_set, explanation.regions)


def divided(
    ground_set: GroundSet, settings: LiMASettings
) -> Procedure[tuple[IntArray, Asked | None]]:
    """Search among the groups, and divide those that come first into their regions.

    As many are divided as images pay for; the others stay whole. What comes last makes little
    difference, whatever its order.

    Parameters
    ----------
    ground_set : GroundSet
        With groups.
    settings : LiMASettings
        See `within_images`.

    Returns
    -------
    parts : ndarray of intp, (n,)
        The union of each region, numbered without gaps: a group, or a region of its own.
    asked : Asked or None
        What was asked, by the unions; None where nothing was.
    """
    groups, most = ground_set.groups, settings.max_model_inputs
    assert groups is not None, "there are groups"
    assert most is not None, "there is a budget"
    whole = merged(ground_set, groups)
    active = np.flatnonzero(~whole.inert)
    k, room = len(active), int(most / _FOR_REGION) - len(active)
    first = min(_FOR_GROUP * k, most // _SHARE)
    needs = settings.weights.needs
    features = settings.feature_target or "features" in needs
    least = least_images(k, features, "region_features" in needs)
    if room < 1 or first < least:
        return _numbered(groups)[0], None
    stage = replace(settings, max_model_inputs=first)
    search = among(active, len(whole.sizes), ranked(whole.sizes[active], stage))
    ranking, objective = yield from joined(groups, search)
    opened = _opened(active[ranking.order], np.bincount(groups[~ground_set.inert]), room)
    # Names of unions: groups, and after these regions of divided ones.
    n = len(groups)
    names = np.where(np.isin(groups, opened), len(whole.sizes) + np.arange(n), groups)
    parts, places = _numbered(names)
    budget = objective.budget
    assert budget is not None, "the stage has one"
    keep = np.zeros((len(budget.asked), len(whole.sizes)), dtype=bool)
    keep[:, active] = budget.asked
    return parts, Asked(keep[:, groups[places]], first - budget.left)


def _opened(order: IntArray, n_regions: Any, room: int) -> list[int]:
    """The first groups of an order that may be divided by `room` more regions."""
    opened = []
    for group in order:
        if (more := n_regions[group] - 1) <= room:
            opened.append(int(group))
            room -= more
    return opened


def _numbered(names: IntArray) -> tuple[IntArray, IntArray]:
    """Names (n,) as numbers 0 … k−1 in the order of first places, and these places (k,).

    n different names keep the numbers of the regions.
    """
    _, places, found = np.unique(names, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(places))[found].astype(np.intp), np.sort(places)
