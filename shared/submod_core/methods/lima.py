"""LiMA and SMDL on any model behind an oracle: the part that the hosts share."""

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from submod_core._checks import check_type
from submod_core._types import FloatArray, IntArray
from submod_core.engine import Oracle, Overlap, Procedure, drive
from submod_core.engine._queue import REMEMBERED
from submod_core.methods._evidence import warn_of_weak_evidence
from submod_core.methods._searching import Asked, among, joined, ranked
from submod_core.methods.coarse_to_fine import divided, within_images
from submod_core.methods.settings import LiMASettings
from submod_core.regions import GroundSet, merged
from submod_core.results import Curves, Diagnostics, Explanation, areas, diagnose, importance
from submod_core.scores import Collaboration, Consistency
from submod_core.scores.weights import features_from
from submod_core.search import Ranking, prefixes


def explain(
    oracle: Oracle,
    sets: Sequence[GroundSet],
    settings: LiMASettings,
    *,
    batch_size: int | str,
    overlap: Overlap = None,
    on_batch: Callable[[int], object] | None = None,
    sources: Mapping[str, str] | None = None,
) -> list[Explanation]:
    """Explain inputs by LiMA (§4).

    Parameters
    ----------
    oracle : Oracle
        Answers for all inputs.
    sets : sequence of GroundSet
        One per input. Where they have groups, these are searched first, and divided as far as
        `max_model_inputs`, by default 8 for each region, pays for: the explanation's regions are
        groups and single regions.
    settings : LiMASettings
    batch_size : int or "auto"
        Most images per call of the oracle; "auto" finds the fastest size by timing.
    overlap : {"thread", "device"}, optional
        Overlap of searches with the model's work: see `submod_core.engine.drive`.
    on_batch : callable, optional
        Called with the number of images after each batch.
    sources : mapping of str to str, optional
        The arguments of the adapter that errors name: see `submod_core.engine.drive`.

    Returns
    -------
    list of Explanation
        The result does not depend on the batch size, nor on the inputs explained together.

    Raises
    ------
    ValueError
        If `k` exceeds the number of regions; `max_evaluations`, `k` or a search that does not plan
        is given with groups; or the model's answers are not finite or do not allow
        any score in use.
    OutOfMemoryError
        If a single image does not fit.

    Examples
    --------
    An adapter for numpy models is an oracle of a few lines. Here the model is a logistic function
    of three features, each a region of its own, and the baseline is 0:

    >>> import numpy as np
    >>> from submod_core.engine import Responses
    >>> x, weights = np.array([[1.0, 2.0, 1.0]]), np.array([1.0, -1.0, 3.0])
    >>> def oracle(examples, keep, features):
    ...     p = 1 / (1 + np.exp(-np.where(keep, x[examples], 0) @ weights))
    ...     return Responses(target=p)
    >>> settings = LiMASettings.of("greedy", weights={"consistency": 1})
    >>> ground_set = GroundSet(regions=np.arange(3), sizes=np.ones(3), inert=np.zeros(3, bool))
    >>> (explanation,) = explain(oracle, [ground_set], settings, batch_size=8)
    >>> explanation.order, explanation.curves.insertion.round(2)
    (array([2, 0, 1]), array([0.5 , 0.95, 0.98, 0.88]))
    """
    check_type("settings", settings, LiMASettings, "LiMASettings")
    check_type("sets", sets, Sequence, "a sequence of GroundSet")
    for ground_set in sets:
        check_type("sets", ground_set, GroundSet, "a sequence of GroundSet")
    images = list(map(settings.images_for, sets))
    outcomes = drive(
        [_explain(ground_set, settings) for ground_set in sets],
        oracle,
        inert=[ground_set.inert for ground_set in sets],
        batch_size=batch_size,
        overlap=overlap,
        on_batch=on_batch,
        sources=sources,
        checked=True,
        # A budget counts each image once, so that none of its answers may be forgotten.
        remembered=max([REMEMBERED, *filter(None, images)]),
    )
    budgets = [settings.max_evaluations, *images]
    found = [(one.ranking, one.curves) for one, _ in outcomes]
    warn_of_weak_evidence(found, settings.weights, budgets.count(None) < len(budgets))
    return [
        Explanation(
            regions=one.ground_set.regions,
            order=one.ranking.order,
            importance=_importance(one.ranking, one.curves, settings),
            curves=one.curves,
            searched=one.ranking.searched,
            evaluations=one.ranking.evaluations,
            model_inputs=model_inputs,
            diagnostics=one.diagnostics,
        )
        for one, model_inputs in outcomes
    ]


class _Explained(NamedTuple):
    """Parts of an explanation: the ground set that was searched, and what was found in it."""

    ground_set: GroundSet
    ranking: Ranking
    curves: Curves
    diagnostics: Diagnostics | None


def _importance(ranking: Ranking, curves: Curves, settings: LiMASettings) -> FloatArray:
    """Eq. 11; regions of which nothing is known count as one, the last."""
    n = len(ranking.order)
    # SMDL ranks k regions, by intent; a budget may end before all regions were looked at.
    ranked = np.flatnonzero(ranking.known if settings.k is None else ranking.searched)
    # The order of the ranked regions, and the lengths of its prefixes in the whole order.
    ends = np.array([0, *(ranked + 1)] + [n] * (len(ranked) < n))
    by_place = importance(
        np.arange(len(ends) - 1), curves.consistency[ends], curves.collaboration[ends]
    )
    scores = np.zeros(n)
    scores[ranking.order[ranked]] = by_place[: len(ranked)]
    return scores


def _explain(ground_set: GroundSet, settings: LiMASettings) -> Procedure[_Explained]:
    """The procedure of one input: search, curves along the order, diagnostics."""
    n, k = len(ground_set.sizes), settings.k
    if k is not None and k > n:
        raise ValueError(f"`k` (={k}) must be at most the number of regions, {n}")
    settings = _affordable(n, within_images(settings, ground_set))
    if ground_set.groups is None or ground_set.inert.all():
        return (yield from _ordered(ground_set, settings))
    # Coarse to fine: the regions are what the groups were divided into.
    parts, asked = yield from divided(ground_set, settings)
    procedure = _ordered(merged(ground_set, parts), settings, asked)
    return (yield from joined(parts, procedure))


def _affordable(n: int, settings: LiMASettings) -> LiMASettings:
    """The settings without effectiveness where images do not pay for it."""
    most, weights = settings.max_model_inputs, settings.weights
    if (lighter := weights.within(most, n)) == weights:
        return settings
    if not settings.quiet:
        warnings.warn(
            f"`max_model_inputs` (={most}) leaves no images for the features of {n} regions: "
            f"effectiveness is left out below {features_from(n)}",
            stacklevel=2,
        )
    return replace(settings, weights=lighter)


def _ordered(
    ground_set: GroundSet, settings: LiMASettings, asked: Asked | None = None
) -> Procedure[_Explained]:
    """Order the regions of one input, given what was asked before."""
    n = len(ground_set.sizes)
    # Regions that equal the baseline make no difference: search among the others, or, where the
    # whole input is the baseline, among one.
    active, inert = np.flatnonzero(~ground_set.inert), np.flatnonzero(ground_set.inert)
    if not len(active):
        active, inert = inert[:1], inert[1:]
    sizes = np.asarray(ground_set.sizes)[active]
    if asked is not None:
        asked = asked._replace(keep=asked.keep[:, active])
    found = yield from among(active, n, _searched(sizes, settings, asked))
    order = np.concatenate([active[found.ranking.order], inert])
    area = areas(order, ground_set.sizes)
    curves = Curves.of(area[: len(active) + 1], found.scores, objective=found.objective)
    diagnostics = diagnose(found.ranking, curves)
    curves = Curves.of(
        area,
        {name: _extended(curve, n + 1) for name, curve in found.scores.items()},
        objective=_extended(found.objective, n + 1),
    )
    return _Explained(
        ground_set,
        _with_last(found.ranking, order),
        curves,
        None if diagnostics is None else diagnostics.padded(len(inert)),
    )


class _Found(NamedTuple):
    """A search's ranking, and each score and F over the prefixes of its order."""

    ranking: Ranking
    scores: dict[str, FloatArray]
    objective: FloatArray


def _searched(sizes: FloatArray, settings: LiMASettings, asked: Asked | None) -> Procedure[_Found]:
    """Search among regions of some sizes (n,), and ask for the curves along the order."""
    ranking, objective = yield from ranked(sizes, settings, asked)
    if not ranking.known.any():
        option = "max_model_inputs" if settings.max_evaluations is None else "max_evaluations"
        raise ValueError(
            f"`{option}` (={getattr(settings, option)}) ended the search of {len(sizes)} regions "
            "before its first questions were answered, so that no region is known"
        )
    # Eq. 11 and the curves need v over all prefixes; most of them are known from the search.
    also = (Consistency(), Collaboration())
    scores = yield from objective.scores(prefixes(ranking.order), also)
    return _Found(ranking, scores, settings.weights.total(scores))


def _with_last(ranking: Ranking, order: IntArray) -> Ranking:
    """The ranking with further regions at the end of its order, placed there for good."""
    extra = (0, len(order) - len(ranking.order))
    return replace(
        ranking,
        order=order,
        values=np.pad(ranking.values, extra, mode="edge"),
        searched=np.pad(ranking.searched, extra, constant_values=True),
        known=np.pad(ranking.known, extra, constant_values=True),
        # The rounds grow with n²: free them now, rather than when all inputs are explained.
        rounds=(),
    )


def _extended(curve: FloatArray, length: int) -> FloatArray:
    """A curve over more prefixes: regions that make no difference repeat the last value."""
    return np.pad(curve, (0, length - len(curve)), mode="edge")
