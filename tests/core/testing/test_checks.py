"""The checks for extensions find what is wrong, and pass what is right."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest

from submod_core import metrics
from submod_core.metrics import MapMetric
from submod_core.search import Search
from submod_core.testing import check_metric, check_search


class Faulty(Search):
    """Greedy, with a fault."""

    runs: ClassVar[int] = 0

    def order_of(self, values):
        return np.argsort(-values, kind="stable")

    def steps(self, order):
        type(self).runs += 1
        candidates = order.candidates
        values = yield from order.join_front(candidates)
        for place, i in enumerate(self.order_of(values)):
            order.admit(candidates[i], np.nan if place else values[i])


@dataclass(frozen=True)
class Right(Faulty):
    """No fault: singletons."""


@dataclass(frozen=True)
class ReversedLater(Faulty):
    """The first two orders are right, all later ones are from their end."""

    def order_of(self, values):
        found = super().order_of(values)
        return found if self.runs <= 2 else found[::-1]


@dataclass(frozen=True)
class LastOfEquals(Faulty):
    """Ties break to the highest index."""

    def order_of(self, values):
        return np.argsort(values, kind="stable")[::-1]


@dataclass(frozen=True)
class WrongValues(Faulty):
    """The values are not those of the prefixes."""

    def steps(self, order):
        for element in range(order.n):
            values = yield from order.ask(np.ones((1, order.n), bool))
            order.admit(element, values[0])


@dataclass(frozen=True)
class AsksNothingInVain(Faulty):
    """It asks for the empty set."""

    def steps(self, order):
        yield from order.ask(np.zeros((1, order.n), bool))
        yield from super().steps(order)


@dataclass(frozen=True)
class WithinAnAbsoluteLimit(Faulty):
    """Values nearer than 1e-9 are taken for equal: the unit matters."""

    def order_of(self, values):
        return super().order_of(np.rint(values * 1e9))


@dataclass(frozen=True)
class GainsFromZero(Faulty):
    """F of the empty set is taken for 0: a constant matters."""

    def order_of(self, values):
        return super().order_of(values / (1 + abs(values[0])) * np.sign(values[-1]))


@pytest.mark.parametrize("kind", [WithinAnAbsoluteLimit, GainsFromZero])
def test_a_search_that_depends_on_unit_or_constant_is_found(kind):
    found = 0
    for seed in range(8):
        try:
            check_search(kind(), 12, seed)
        except AssertionError:
            found += 1
    assert found


@pytest.mark.parametrize("n", range(1, 40))
def test_a_right_search_passes(n):
    check_search(Right(), n)


@pytest.mark.parametrize("n", range(2, 40))
@pytest.mark.parametrize("kind", [ReversedLater, LastOfEquals, WrongValues, AsksNothingInVain])
def test_a_faulty_search_is_found_at_every_size(kind, n):
    kind.runs = 0
    with pytest.raises(AssertionError):
        check_search(kind(), n)


METRICS = [
    metrics.Insertion(),
    metrics.Insertion(steps=7),
    metrics.Deletion(),
    metrics.HighestConfidence(max_area=0.5),
    metrics.StrongInteractions(threshold=0.05),
    metrics.MuFidelity(cells=3),
    metrics.MuFidelity(cells=4, correlation="pearson"),
    metrics.AUPC(patch_size=3, n_patches=4),
    metrics.PointingGame(),
    metrics.HumanAgreement(k=5),
    metrics.HumanAgreement(k=[3, 9]),
    metrics.Sparsity(),
]


@pytest.mark.parametrize("metric", METRICS, ids=repr)
def test_every_metric_conforms(metric):
    check_metric(metric)


@dataclass(frozen=True, kw_only=True)
class Upside(MapMetric):
    """Declared the wrong way round."""

    name = "upside"
    higher_is_better = False
    steps_by = "none"
    needs_masks = True

    def number(self, scores, mask=None):
        return metrics.PointingGame().number(scores, mask)


@dataclass(frozen=True, kw_only=True)
class Nameless(MapMetric):
    """Without a declaration."""

    name = "no name"
    higher_is_better = None
    steps_by = "none"

    def number(self, scores, mask=None):
        return 0.0


@pytest.mark.parametrize("metric", [Upside(), Nameless(), "insertion", np.mean])
def test_a_faulty_metric_is_found(metric):
    with pytest.raises((AssertionError, TypeError)):
        check_metric(metric)


def test_metrics_are_listed_with_their_declarations():
    for metric in METRICS:
        assert metrics.METRICS[metric.name] is type(metric)
    for name, declared in metrics.METRICS.items():
        assert declared.name == name
        assert declared.higher_is_better in (True, False, None)
        assert declared.steps_by
