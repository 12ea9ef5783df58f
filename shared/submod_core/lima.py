"""LiMA and SMDL on any model behind an oracle: what both adapters run."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from submod_core._types import FloatArray
from submod_core.curves import Curves, areas
from submod_core.diagnostics import Diagnostics, diagnose
from submod_core.dialogue import Dialogue
from submod_core.explanation import Explanation
from submod_core.ground_set import GroundSet
from submod_core.importance import importance
from submod_core.objective import Objective, count_inputs
from submod_core.scheduler import Oracle, Overlap, drive
from submod_core.scores import DISTANCES, Distance, Weights, prefixes
from submod_core.search import Ranking, Search, check_budget, guided, limited, make_search


@dataclass(frozen=True, eq=False)
class LiMASettings:
    """What LiMA or SMDL does, apart from the model: the search, the objective and the budget.

    Attributes
    ----------
    search : callable
        Starts a search on n elements (`submod_core.make_search`).
    weights : Weights
    distance : callable
        Distance between features, for effectiveness.
    max_evaluations : int or None
        Most subsets that the search may ask for, per input.
    k : int or None
        SMDL's: rank only that many regions; the others share the lowest importance.
    feature_target : bool
        SMDL's: the target is the feature vector of the whole input.
    """

    search: Callable[[int], Search]
    weights: Weights
    distance: Distance
    max_evaluations: int | None = None
    k: int | None = None
    feature_target: bool = False

    @classmethod
    def of(
        cls,
        search: str | Callable[..., Search] = "guided",
        n_pending: int | float = 8,
        weights: Mapping[str, float] | Weights | None = None,
        distance: str | Distance = "cosine",
        max_evaluations: int | None = None,
    ) -> "LiMASettings":
        """The settings that an adapter's arguments of the same names ask for.

        Raises
        ------
        ValueError, TypeError
            If one is unknown or out of range.

        Examples
        --------
        >>> LiMASettings.of(weights={"consistency": 1}).weights.used
        frozenset({'consistency'})
        """
        if not callable(distance) and distance not in DISTANCES:
            raise ValueError(f"`distance` (={distance!r}) must be one of {sorted(DISTANCES)} or a callable")
        check_budget(max_evaluations)
        chosen = Weights.of(weights)
        algorithm_1 = make_search("bidirectional", n_pending=n_pending)
        if search == "guided" and not chosen.both_parts:
            search = partial(guided, remainder=0)  # what a subset leaves would cost images of its own
        return cls(
            search=algorithm_1 if search == "bidirectional" else make_search(search),
            weights=chosen,
            distance=distance if callable(distance) else DISTANCES[distance],
            max_evaluations=max_evaluations,
        )

    def start(self, n: int) -> Search:
        """The search on n regions, within the budget; ValueError if that is fewer than `k`."""
        if self.k is not None and self.k > n:
            raise ValueError(f"`k` (={self.k}) must be at most the number of regions, {n}")
        return limited(self.search(n), self.max_evaluations)

    def expected_model_inputs(self, sets: Sequence[GroundSet]) -> int:
        """About how many images will go through the model, for progress bars."""
        # A search is walked through once: guided's regression takes seconds where there are hundreds of regions.
        sizes = np.array([len(ground_set.sizes) for ground_set in sets])
        counted = count_inputs(self.start(int(sizes.max())), self.weights.both_parts)
        return round(counted * float(((sizes / sizes.max()) ** 2).sum()))


def explain(
    oracle: Oracle,
    sets: Sequence[GroundSet],
    settings: LiMASettings,
    *,
    batch_size: int | str,
    overlap: Overlap = None,
    on_batch: Callable[[int], object] | None = None,
    model_name: str = "model",
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
        Most images per call of the oracle; "auto" finds by timing where it is fastest.
    overlap : {"thread", "device"}, optional
        How to search for some inputs while the model works for others: see `submod_core.scheduler.drive`.
    on_batch : callable, optional
        Called with the number of images after each batch.
    model_name : str
        What errors call the model: the adapter's argument.

    Returns
    -------
    list of Explanation
        They do not depend on the batch size, nor on which inputs are explained together.

    Examples
    --------
    An adapter for numpy models is an oracle of a few lines. Here the model is a logistic function of three features,
    each a region of its own, and the baseline is 0:

    >>> import numpy as np
    >>> from submod_core import Responses
    >>> x, weights = np.array([[1.0, 2.0, 1.0]]), np.array([1.0, -1.0, 3.0])
    >>> def oracle(examples, keep, features):
    ...     p = 1 / (1 + np.exp(-np.where(keep, x[examples], 0) @ weights))
    ...     return Responses(target=p)
    >>> settings = LiMASettings.of("greedy", weights={"consistency": 1})
    >>> ground_set = GroundSet(regions=np.arange(3), sizes=np.ones(3), inert=np.zeros(3, dtype=bool))
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
        model_name=model_name,
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
        for ground_set, ((ranking, curves, diagnostics), model_inputs) in zip(sets, outcomes, strict=True)
    ]


def _importance(ranking: Ranking, curves: Curves, settings: LiMASettings) -> FloatArray:
    if settings.k is None:
        return importance(ranking.order, curves.consistency, curves.collaboration)
    # What was not ranked counts as one region, the last.
    ranked = ranking.order[ranking.searched]
    ends = [*range(len(ranked) + 1), len(ranking.order)][: len(ranking.order) + 1]
    scores = np.zeros(len(ranking.order))
    by_place = importance(np.arange(len(ends) - 1), curves.consistency[ends], curves.collaboration[ends])
    scores[ranked] = by_place[: len(ranked)]
    return scores


def _explain(ground_set: GroundSet, settings: LiMASettings) -> Dialogue[tuple[Ranking, Curves, Diagnostics | None]]:
    n = len(ground_set.sizes)
    objective = Objective(n, settings.weights, settings.distance, settings.feature_target)
    yield from objective.prepare()
    ranking = yield from objective.answer(settings.start(n))
    # Eq. 11 and the curves need v over all prefixes; most of them are known from the search.
    names = settings.weights.used | {"consistency", "collaboration"}
    scores = yield from objective.scores(prefixes(ranking.order), names)
    total = settings.weights.total(scores)
    curves = Curves(areas(ranking.order, ground_set.sizes), objective=total, **scores)
    # What the rounds hold grows with n²: it is not kept until the other inputs are explained.
    return replace(ranking, rounds=()), curves, diagnose(ranking, curves)
