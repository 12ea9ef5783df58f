"""LiMA and SMDL on any model behind an oracle: the part that the hosts share."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from submod_core._repr import differing
from submod_core._types import FloatArray
from submod_core.engine import Oracle, Overlap, Procedure, drive
from submod_core.regions import GroundSet, Regions, check_regions
from submod_core.results import Curves, Diagnostics, Explanation, areas, diagnose, importance
from submod_core.scores import (
    Collaboration,
    Consistency,
    Distance,
    Objective,
    Readout,
    Weights,
    as_distance,
    count_inputs,
)
from submod_core.search import Ranking, Search, SearchRun, as_search, prefixes
from submod_core.search.base import check_budget


@dataclass(frozen=True)
class LiMASettings:
    """Settings of LiMA and SMDL apart from the model: search, objective and budget.

    Attributes
    ----------
    search : Search
    weights : Weights
    distance : str or callable
        Distance between features, for effectiveness.
    max_evaluations : int or None
        Most subsets that the search may ask for, per input.
    k : int or None
        For SMDL: rank only that many regions; the others share the lowest importance.
    feature_target : bool
        For SMDL: the target is the feature vector of the whole input.
    """

    search: Search
    weights: Weights
    distance: str | Distance = "cosine"
    max_evaluations: int | None = None
    k: int | None = None
    feature_target: bool = False

    @classmethod
    def of(
        cls,
        search: str | Search = "guided",
        weights: Mapping[Any, float] | Weights | None = None,
        distance: str | Distance = "cosine",
        max_evaluations: int | None = None,
    ) -> "LiMASettings":
        """Settings from an adapter's arguments of the same names, validated.

        Raises
        ------
        ValueError, TypeError
            If an argument is unknown or out of range.

        Examples
        --------
        >>> LiMASettings.of(weights={"consistency": 1}).search
        Guided(admitted=0.04, window=None, polish=6, complement_weight=None)
        """
        as_distance(distance)
        check_budget(max_evaluations)
        return cls(as_search(search), Weights.of(weights), distance, max_evaluations)

    def start(self, n: int) -> SearchRun:
        """Start the search on n regions, within the budget; ValueError if n is less than `k`."""
        if self.k is not None and self.k > n:
            raise ValueError(f"`k` (={self.k}) must be at most the number of regions, {n}")
        return self.search.start(
            n,
            sees_complements=self.weights.sees_complements,
            max_evaluations=self.max_evaluations,
        )

    def expected_model_inputs(self, sets: Sequence[GroundSet]) -> int:
        """Estimate the number of images that will go through the model, for progress bars."""
        # Count for the largest input alone, and scale by n² for the others: with hundreds of
        # regions the regression of `Guided` takes seconds per input.
        sizes = np.array([len(ground_set.sizes) for ground_set in sets])
        counted = count_inputs(self.start(int(sizes.max())), self.weights.sees_complements)
        return round(counted * float(((sizes / sizes.max()) ** 2).sum()))


class RegionMethod:
    """A method that is defined by its attributes, under any host."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}({differing(self, type(self).__init__)})"

    def _settings(self) -> LiMASettings:
        """The search and the objective that the attributes ask for."""
        raise NotImplementedError

    def _readout(self) -> Readout:
        """The way to read the model that the attributes ask for."""
        raise NotImplementedError


class LiMAOptions(RegionMethod):
    """Options of LiMA as attributes, with their checks: the base of each host's class."""

    regions: Regions
    search: str | Search
    weights: Mapping[Any, float] | Weights | None
    activation: str | Callable[..., Any]
    features: Any
    distance: str | Distance
    class_embeddings: Any
    scale: float
    max_evaluations: int | None
    class_axis: int | None = None

    def _check(self) -> None:
        """Raise TypeError or ValueError if an option is of the wrong type or out of range."""
        check_regions(self.regions)
        self._settings(), self._readout()

    def _settings(self) -> LiMASettings:
        return LiMASettings.of(self.search, self.weights, self.distance, self.max_evaluations)

    def _readout(self) -> Readout:
        return Readout(
            self.activation,
            self.features,
            self.class_embeddings,
            self.scale,
            class_axis=self.class_axis,
        )


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
        One per input.
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
        If `k` exceeds the number of regions, or the model's answers are not finite or do not allow
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
    outcomes = drive(
        [_explain(ground_set, settings) for ground_set in sets],
        oracle,
        inert=[ground_set.inert for ground_set in sets],
        batch_size=batch_size,
        overlap=overlap,
        on_batch=on_batch,
        sources=sources,
    )
    return [
        Explanation(
            regions=ground_set.regions,
            order=ranking.order,
            importance=_importance(ranking, curves, settings),
            curves=curves,
            searched=ranking.searched,
            evaluations=ranking.evaluations,
            model_inputs=model_inputs,
            diagnostics=diagnostics,
        )
        for ground_set, ((ranking, curves, diagnostics), model_inputs) in zip(
            sets, outcomes, strict=True
        )
    ]


def _importance(ranking: Ranking, curves: Curves, settings: LiMASettings) -> FloatArray:
    if settings.k is None:
        return importance(ranking.order, curves.consistency, curves.collaboration)
    # SMDL ranks k regions: all regions without a rank count as one, the last. `ends` are the
    # lengths of the prefixes of this shorter order.
    ranked = ranking.order[ranking.searched]
    ends = [*range(len(ranked) + 1), len(ranking.order)][: len(ranking.order) + 1]
    scores = np.zeros(len(ranking.order))
    by_place = importance(
        np.arange(len(ends) - 1), curves.consistency[ends], curves.collaboration[ends]
    )
    scores[ranked] = by_place[: len(ranked)]
    return scores


def _explain(
    ground_set: GroundSet, settings: LiMASettings
) -> Procedure[tuple[Ranking, Curves, Diagnostics | None]]:
    """The procedure of one input: search, curves along the order, diagnostics."""
    n = len(ground_set.sizes)
    objective = Objective(n, settings.weights, settings.distance, settings.feature_target)
    yield from objective.prepare()
    ranking = yield from objective.answer(settings.start(n))
    # Eq. 11 and the curves need v over all prefixes; most of them are known from the search.
    also = (Consistency(), Collaboration())
    scores = yield from objective.scores(prefixes(ranking.order), also)
    total = settings.weights.total(scores)
    curves = Curves.of(areas(ranking.order, ground_set.sizes), scores, objective=total)
    # The rounds grow with n²: free them now, rather than when all inputs are explained.
    return replace(ranking, rounds=()), curves, diagnose(ranking, curves)
