"""Sufficient regions of explained inputs, on any model behind an oracle."""

from collections.abc import Callable, Mapping, Sequence

from submod_core._checks import check_count
from submod_core.engine import Oracle, Overlap, drive
from submod_core.regions import GroundSet
from submod_core.results import (
    Explanation,
    Sufficient,
    check_explanations,
    score_to_reach,
    sufficient_sets,
)


def find_sufficient(
    oracle: Oracle,
    sets: Sequence[GroundSet],
    explanations: Explanation | Sequence[Explanation],
    *,
    share: float = 0.95,
    value: float | None = None,
    n: int = 1,
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
    each = check_explanations(explanations, len(sets))
    scores = [score_to_reach(one.highest_confidence, share, value) for one in each]
    outcomes = drive(
        [sufficient_sets(one, to, n) for one, to in zip(each, scores, strict=True)],
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
