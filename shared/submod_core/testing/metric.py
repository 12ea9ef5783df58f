"""Conformance of a metric, for whoever writes one."""

from typing import Any

import numpy as np

from submod_core._checks import check_count, check_type
from submod_core._types import BoolArray
from submod_core.engine import Responses, drive
from submod_core.metrics import MapMetric, ModelMetric


def check_metric(metric: Any, n: int = 9, seed: int = 0) -> None:
    """Assert all that a metric must hold, on random additive models and maps.

    It names itself, its direction and its steps; its number is a finite float, and the same when
    computed again; if a direction is better, the map that is the truth itself is judged no worse
    than its negative.

    Parameters
    ----------
    metric : ModelMetric or MapMetric
    n : int
        Side of the square images.
    seed : int
        Of the model and the maps.

    Raises
    ------
    AssertionError
        If one of these does not hold.
    TypeError, ValueError
        If it is no metric, or another argument is of the wrong type.

    Examples
    --------
    >>> from submod_core.metrics import Insertion
    >>> check_metric(Insertion(steps=20))
    """
    check_type("metric", metric, ModelMetric | MapMetric, "a ModelMetric or a MapMetric")
    check_count("n", n, least=2)
    check_count("seed", seed, least=0)
    kind = type(metric)
    assert str(kind.name).isidentifier(), "`name` must be an identifier"
    assert kind.higher_is_better in (True, False, None), "`higher_is_better` must be declared"
    assert kind.steps_by, "`steps_by` must be declared"

    truth = np.random.default_rng(seed).random((n, n))
    judged, again, opposite = (_number(metric, map_, truth) for map_ in (truth, truth, -truth))
    assert np.isfinite(judged), "the number must be finite"
    assert judged == again, "the number must be the same when computed again"
    if kind.higher_is_better is not None:
        better = judged >= opposite if kind.higher_is_better else judged <= opposite
        assert better, "the truth must not be judged worse than its negative"


def _number(metric: Any, scores: Any, truth: Any) -> float:
    """The number of a map; masks are the upper half of the truth."""
    if isinstance(metric, MapMetric):
        mask = truth > np.median(truth)
        found = metric.number(scores, mask) if metric.needs_masks else metric.number(scores)
        return float(np.mean(found))
    order = metric.order(scores, truth.shape, None, image=True)
    n = int(order.regions.max()) + 1
    # The model's score is the share of the truth that it sees.
    parts = np.bincount(order.regions.ravel(), weights=truth.ravel(), minlength=n) / truth.sum()

    def oracle(examples: Any, keep: BoolArray, features: bool) -> Responses:
        return Responses(target=keep @ parts)

    sizes = np.bincount(order.regions.ravel(), minlength=n).astype(np.float64)
    (outcome,) = drive(
        [metric.ask(scores, order, sizes)], oracle, inert=[np.zeros(n, dtype=bool)], batch_size=64
    )
    return float(metric.number(outcome.result))
