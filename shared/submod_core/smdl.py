"""SMDL's settings, on top of what it shares with LiMA."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from submod_core._checks import check_count
from submod_core.lima import LiMASettings
from submod_core.readout import Readout
from submod_core.scores import Weights
from submod_core.search import make_search


def check_patches(patches: Any, regions: Any, joined: bool) -> tuple[tuple[int, int], int]:
    """The rows and columns of patches, and the number of regions that a prior joins them into.

    Raises
    ------
    ValueError
        If one is not a whole number of at least 1, or there are more regions than patches.

    Examples
    --------
    >>> check_patches(10, 25, joined=True)
    ((10, 10), 25)
    """
    pair = patches if isinstance(patches, tuple) else (patches, patches)
    whole = all(isinstance(side, int | np.integer) and not isinstance(side, bool) and side >= 1 for side in pair)
    if len(pair) != 2 or not whole:
        raise ValueError(f"`patches` (={patches!r}) must be a whole number of at least 1, or (rows, columns)")
    check_count("regions", regions)
    if joined and regions > pair[0] * pair[1]:
        raise ValueError(f"`regions` (={regions}) must be at most the number of patches, {pair[0] * pair[1]}")
    return (int(pair[0]), int(pair[1])), int(regions)


def smdl_settings(
    readout: Readout,
    k: int | None,
    weights: Mapping[str, float] | Weights | None,
    distance: str | Callable[[Any], Any],
    max_evaluations: int | None,
) -> LiMASettings:
    """Greedy search of `k` regions over four scores of weight 1 (SMDL, Eq. 9).

    Raises
    ------
    TypeError, ValueError
        If one is of the wrong type or out of range.

    Examples
    --------
    >>> smdl_settings(Readout(feature_target=True), 5, None, "cosine", None).weights.used == {
    ...     "consistency", "collaboration", "effectiveness"}
    True
    """
    if k is not None:
        check_count("k", k)
    chosen = Weights(1, 1, 1, 1) if weights is None else Weights.of(weights)
    if readout.feature_target and readout.confidence_model is None and chosen.confidence:
        # Features are no class probabilities: without a confidence model nothing tells how certain they are.
        chosen = replace(chosen, confidence=0.0)
    plain = LiMASettings.of("greedy", weights=chosen, distance=distance, max_evaluations=max_evaluations)
    return replace(plain, search=make_search("greedy", k=k), k=k, feature_target=readout.feature_target)
