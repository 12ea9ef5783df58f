"""Explanations that get better while a search goes on."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np

from submod_core._checks import check_count, check_sized
from submod_core.engine import Oracle
from submod_core.engine.remembering import Remembering
from submod_core.methods.settings import LiMASettings
from submod_core.regions import GroundSet
from submod_core.results import Explanation

Run = Callable[[LiMASettings, Oracle], list[Explanation]]


def improving(
    oracle: Oracle,
    sets: Sequence[GroundSet],
    settings: LiMASettings,
    run: Run,
    budgets: Sequence[int] | None = None,
) -> Iterator[list[Explanation]]:
    """Explain inputs within rising budgets, each search knowing the answers to those before.

    Parameters
    ----------
    oracle : Oracle
        Answers for all inputs.
    sets : sequence of GroundSet
        One per input.
    settings : LiMASettings
        With a search that plans by the budget, and no budget of its own.
    run : callable
        Explains the inputs by settings and an oracle.
    budgets : sequence of int, optional
        Rising numbers of images per input, of each search if it knew nothing; by default 4n, 8n,
        16n, … for n regions, or groups of them, and, at last, the search without a budget. Below
        8n images effectiveness is left out: the features of single regions take n.

    Yields
    ------
    list of Explanation
        Insertion less deletion never falls for an input. `model_inputs` counts all images so far.

    Raises
    ------
    ValueError
        If the settings have a budget, the search does not plan, or `budgets` do not rise.
    """
    limited = settings.max_evaluations, settings.max_model_inputs
    if limited != (None, None):
        raise ValueError(
            f"`max_evaluations` and `max_model_inputs` (={limited}) must be None: `budgets` bound "
            "the images of each explanation"
        )
    if not settings.search.plans:
        raise ValueError(f"`search` (={settings.search!r}) must plan by a budget, as Guided does")
    stages = _stages(sets, settings) if budgets is None else _checked(budgets, sets)
    within = [replace(settings, max_model_inputs=most, quiet=True) for most in stages]
    return _improving(Remembering(oracle), run, within)


def _improving(
    memory: Remembering, run: Run, stages: Sequence[LiMASettings]
) -> Iterator[list[Explanation]]:
    best = run(stages[0], memory)
    first = [one.model_inputs for one in best]
    memory.answers = True
    yield list(best)
    for settings in stages[1:]:
        found = run(settings, memory)
        pairs = zip(found, best, strict=True)
        chosen = [new if _quality(new) >= _quality(old) else old for new, old in pairs]
        best = [
            replace(one, model_inputs=n + memory.images.get(i, 0))
            for i, (one, n) in enumerate(zip(chosen, first, strict=True))
        ]
        yield list(best)


def _quality(explanation: Explanation) -> float:
    return explanation.curves.insertion_auc - explanation.curves.deletion_auc


def _stages(sets: Sequence[GroundSet], settings: LiMASettings) -> list[int | None]:
    """Doubling budgets below what the search takes without one, and then none."""
    n = max((len(ground_set.sizes) for ground_set in sets), default=1)
    largest = [ground_set for ground_set in sets if len(ground_set.sizes) == n][:1]
    stages: list[int | None] = [4 * max(map(_searched_first, sets), default=1)]
    while largest and 2 * (stages[-1] or 0) < settings.expected_model_inputs(largest):
        stages.append(2 * (stages[-1] or 0))
    return [*stages, None]


def _searched_first(ground_set: GroundSet) -> int:
    """Number of groups, or of regions where there are none, that differ from the baseline."""
    groups, active = ground_set.groups, ~ground_set.inert
    return max(1, int(active.sum()) if groups is None else len(np.unique(groups[active])))


def _checked(budgets: Any, sets: Sequence[GroundSet]) -> list[int]:
    check_sized("budgets", budgets)
    for most in budgets:
        check_count("budgets", most)
    if not len(budgets) or any(b <= a for a, b in pairwise(budgets)):
        raise ValueError(f"`budgets` (={list(budgets)}) must be numbers of images that rise")
    n = max(map(_searched_first, sets), default=1)
    if budgets[0] <= 2 * n:
        raise ValueError(
            f"`budgets` (={list(budgets)}) must begin with at least {2 * n + 1} images for {n} "
            "regions: the curves along their order need as many"
        )
    return [int(most) for most in budgets]
