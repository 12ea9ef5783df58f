"""Sufficient regions of explained inputs, on any model behind an oracle."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

import numpy as np

from submod_core._checks import check_count, check_flag, check_type
from submod_core._types import FloatArray
from submod_core.engine import Oracle, Overlap, Procedure, Query, Responses, drive
from submod_core.regions import GroundSet
from submod_core.results import (
    Explanation,
    Sufficient,
    check_explanations,
    score_to_reach,
    sufficient_sets,
)
from submod_core.scores.distances import cosine_to

T = TypeVar("T")


def find_sufficient(
    oracle: Oracle,
    sets: Sequence[GroundSet],
    explanations: Explanation | Sequence[Explanation],
    *,
    share: float = 0.95,
    value: float | None = None,
    n: int = 1,
    feature_target: bool = False,
    batch_size: int | str,
    overlap: Overlap = None,
    on_batch: Callable[[int], object] | None = None,
    sources: Mapping[str, str] | None = None,
) -> list[Sufficient]:
    """Find small sets of regions that are enough for a score of the target.

    Parameters
    ----------
    oracle, sets, batch_size, overlap, on_batch, sources
        As in `submod_core.explain`.
    explanations : Explanation or sequence of Explanation
        One per input, of the regions of `sets`.
    share : float in (0, 1]
        Of each explanation's highest confidence.
    value : float, optional
        The score to reach, in place of a share.
    n : int
        Most sets of an input.
    feature_target : bool
        The target is the feature vector of the whole input, as in `LiMASettings`.

    Returns
    -------
    list of Sufficient

    Raises
    ------
    ValueError
        If an option is out of range, or an explanation is not of its input.

    Examples
    --------
    The model of `submod_core.explain`, where the third feature alone is enough:

    >>> import numpy as np
    >>> from submod_core import LiMASettings, explain
    >>> from submod_core.engine import Responses
    >>> x, weights = np.array([[1.0, 2.0, 1.0]]), np.array([1.0, -1.0, 3.0])
    >>> def oracle(examples, keep, features):
    ...     p = 1 / (1 + np.exp(-np.where(keep, x[examples], 0) @ weights))
    ...     return Responses(target=p)
    >>> settings = LiMASettings.of("greedy", weights={"consistency": 1})
    >>> sets = [GroundSet(regions=np.arange(3), sizes=np.ones(3), inert=np.zeros(3, bool))]
    >>> explanations = explain(oracle, sets, settings, batch_size=8)
    >>> (found,) = find_sufficient(oracle, sets, explanations, value=0.9, batch_size=8)
    >>> found.sets[0].regions, round(found.sets[0].value, 2)
    ((2,), 0.95)
    """
    check_count("n", n)
    check_flag("feature_target", feature_target)
    check_type("sets", sets, Sequence, "a sequence of GroundSet")
    for ground_set in sets:
        check_type("sets", ground_set, GroundSet, "a sequence of GroundSet")
    each = check_explanations(explanations, len(sets))
    scores = [score_to_reach(one.highest_confidence, share, value) for one in each]
    procedures = [sufficient_sets(one, to, n) for one, to in zip(each, scores, strict=True)]
    if feature_target:
        procedures = [
            _by_features(len(one.order), procedure)
            for one, procedure in zip(each, procedures, strict=True)
        ]
    outcomes = drive(
        procedures,
        oracle,
        inert=[ground_set.inert for ground_set in sets],
        batch_size=batch_size,
        overlap=overlap,
        on_batch=on_batch,
        sources=sources,
        checked=True,
    )
    return [
        Sufficient(result, to, model_inputs)
        for (result, model_inputs), to in zip(outcomes, scores, strict=True)
    ]


def _by_features(n: int, procedure: Procedure[T]) -> Procedure[T]:
    """Run a procedure about n regions whose scores are cosines to the whole input's features."""
    whole = _features((yield Query(np.ones((1, n), dtype=bool), features=True)))[0]
    try:
        query = next(procedure)
        while True:
            responses = yield Query(query.keep, features=True)
            near = cosine_to(whole, _features(responses))
            query = procedure.send(replace(responses, target=near))
    except StopIteration as stop:
        result: T = stop.value
        return result
    finally:
        procedure.close()


def _features(responses: Responses) -> FloatArray:
    assert responses.features is not None, "the oracle was asked for features"
    return responses.features
