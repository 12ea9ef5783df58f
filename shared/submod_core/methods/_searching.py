"""Procedures of one input: a search, and procedures about other regions than the model's."""

from collections.abc import Callable
from typing import NamedTuple, TypeVar

import numpy as np

from submod_core._types import BoolArray, FloatArray, IntArray
from submod_core.engine import Procedure, Query
from submod_core.methods.settings import LiMASettings
from submod_core.scores import ImageBudget, Objective
from submod_core.search import Ranking

T = TypeVar("T")


class Asked(NamedTuple):
    """Images asked for so far, by the regions that they keep (m, n), and their number."""

    keep: BoolArray
    images: int


class Ranked(NamedTuple):
    """A search's ranking, and its objective."""

    ranking: Ranking
    objective: Objective


def ranked(
    sizes: FloatArray, settings: LiMASettings, before: Asked | None = None
) -> Procedure[Ranked]:
    """Order regions of some sizes (n,) by the settings, given what was asked before."""
    n, most, search = len(sizes), settings.max_model_inputs, settings.search
    keep, images = (None, 3) if before is None else before
    needs, budget = settings.weights.needs, None
    if most is not None:
        features = settings.feature_target or "features" in needs
        regions = "region_features" in needs
        budget = ImageBudget(n, most, search.plans, keep, images, features, regions)
    objective = Objective(
        n,
        settings.weights,
        settings.distance,
        settings.feature_target,
        budget=budget,
        fewer_rounds=search.fills_rounds,
    )
    yield from objective.prepare()
    if keep is not None and settings.weights.sees_complements and not settings.weights.parts:
        # Both sides of a subset must be known for its F to be.
        known = {row.tobytes() for row in keep}
        keep = keep[[(~row).tobytes() in known for row in keep]]
    ranking = yield from objective.answer(settings.start(n, budget, sizes, keep))
    return Ranked(ranking, objective)


def among(places: IntArray, n: int, procedure: Procedure[T]) -> Procedure[T]:
    """Run a procedure about some of n regions as one about all; the others are never kept."""

    def all_of(keep: BoolArray) -> BoolArray:
        wide = np.zeros((len(keep), n), dtype=bool)
        wide[:, places] = keep
        return wide

    return _about(all_of, procedure)


def joined(parts: IntArray, procedure: Procedure[T]) -> Procedure[T]:
    """Run a procedure about unions of regions, `parts` (n,), as one about the n regions."""
    return _about(lambda keep: keep[:, parts], procedure)


def _about(regions: Callable[[BoolArray], BoolArray], procedure: Procedure[T]) -> Procedure[T]:
    """Run a procedure, with the kept regions of its queries turned into others."""
    try:
        query = next(procedure)
        while True:
            query = procedure.send((yield Query(regions(query.keep), query.features)))
    except StopIteration as stop:
        result: T = stop.value
        return result
    finally:
        procedure.close()
