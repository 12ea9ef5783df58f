"""Settings of SMDL, on top of the settings that it shares with LiMA."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from submod_core._checks import check_count
from submod_core._types import IntArray
from submod_core.methods.lima import LiMASettings, RegionMethod
from submod_core.regions import saliency_patches
from submod_core.scores import Distance, Readout, Weights
from submod_core.search import Greedy


def check_patches(patches: Any, regions: Any, joined: bool) -> tuple[int, int]:
    """Rows and columns of patches, checked; `joined` tells that a prior joins them into regions.

    Raises
    ------
    ValueError
        If a number is not a whole number of at least 1, or a prior would have to make more regions
        than there are patches.

    Examples
    --------
    >>> check_patches(10, 25, joined=True)
    (10, 10)
    """
    pair = patches if isinstance(patches, tuple) else (patches, patches)
    whole = all(
        isinstance(side, int | np.integer) and not isinstance(side, bool) and side >= 1
        for side in pair
    )
    if len(pair) != 2 or not whole:
        raise ValueError(
            f"`patches` (={patches!r}) must be a whole number of at least 1, or (rows, columns)"
        )
    check_count("regions", regions)
    if joined and regions > pair[0] * pair[1]:
        raise ValueError(
            f"`regions` (={regions}) must be at most the number of patches, {pair[0] * pair[1]}"
        )
    return int(pair[0]), int(pair[1])


def smdl_settings(
    readout: Readout,
    k: int | None,
    weights: Mapping[Any, float] | Weights | None,
    distance: str | Distance,
    max_evaluations: int | None,
) -> LiMASettings:
    """Settings of SMDL: greedy search of `k` regions over four scores of weight 1 (SMDL, Eq. 9).

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range.

    Examples
    --------
    >>> smdl_settings(Readout(feature_target=True), 5, None, "cosine", None).weights.used
    ('consistency', 'collaboration', 'effectiveness')
    """
    if k is not None:
        check_count("k", k)
    chosen = Weights(1, 1, 1, 1) if weights is None else Weights.of(weights)
    if readout.feature_target and readout.confidence_model is None and chosen.confidence:
        # Features are no class probabilities: without a confidence model there is no certainty.
        chosen = replace(chosen, confidence=0.0)
    plain = LiMASettings.of(Greedy(k), chosen, distance, max_evaluations)
    return replace(plain, k=k, feature_target=readout.feature_target)


class SMDLOptions(RegionMethod):
    """Options of SMDL as attributes, with their checks: the base of each host's class."""

    prior: Any
    patches: int | tuple[int, int]
    regions: int
    k: int | None
    weights: Mapping[Any, float] | Weights | None
    activation: str | Callable[..., Any]
    features: Any
    feature_target: bool
    confidence_model: Callable[..., Any] | None
    distance: str | Distance
    max_evaluations: int | None
    class_axis: int | None = None

    def _check(self) -> None:
        """Raise TypeError or ValueError if an option is of the wrong type or out of range."""
        self._patches(), self._settings()

    def _patches(self) -> tuple[int, int]:
        return check_patches(self.patches, self.regions, self.prior is not None)

    def _settings(self) -> LiMASettings:
        readout = self._readout()
        return smdl_settings(readout, self.k, self.weights, self.distance, self.max_evaluations)

    def _readout(self) -> Readout:
        return Readout(
            self.activation,
            self.features,
            confidence_model=self.confidence_model,
            feature_target=self.feature_target,
            class_axis=self.class_axis,
        )

    def _regions_of(self, maps: Iterable[Any]) -> list[IntArray]:
        """Label maps of the images: patches joined by each image's prior (SMDL, Algorithm 1)."""
        return [saliency_patches(prior, self._patches(), self.regions) for prior in maps]
