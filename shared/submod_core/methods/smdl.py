"""Settings of SMDL, on top of the settings that it shares with LiMA."""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from submod_core._checks import check_count, check_flag, check_type
from submod_core._types import IntArray
from submod_core.methods.settings import LiMASettings, RegionMethod
from submod_core.regions import Division, saliency_patches
from submod_core.scores import Distance, Readout, Weights
from submod_core.search import Greedy

# Rows and columns of patches of images (SMDL, §5).
_PATCHES = (10, 10)


def check_patches(patches: Any, regions: Any, joined: bool) -> tuple[int, ...]:
    """Number of patches along each axis, checked; `joined`: a prior joins them into regions.

    Raises
    ------
    ValueError
        If a number is not a whole number of at least 1, or a prior would have to make more regions
        than there are patches, or the patches are not those of an image.

    Examples
    --------
    >>> check_patches(10, 25, joined=True)
    (10, 10)
    """
    patches = _PATCHES if patches is None else patches
    check_flag("joined", joined)
    along = patches if isinstance(patches, tuple) else (patches, patches)
    whole = all(
        isinstance(side, int | np.integer) and not isinstance(side, bool) and side >= 1
        for side in along
    )
    if not along or not whole or (joined and len(along) != 2):
        raise ValueError(
            f"`patches` (={patches!r}) must be a whole number of at least 1, or (rows, columns), "
            "or, without a prior, as many numbers as the inputs have axes of places"
        )
    check_count("regions", regions)
    if joined and regions > math.prod(along):
        raise ValueError(
            f"`regions` (={regions}) must be at most the number of patches, {math.prod(along)}"
        )
    return tuple(map(int, along))


def smdl_settings(
    readout: Readout,
    k: int | None,
    weights: Mapping[Any, float] | Weights | None,
    distance: str | Distance,
    max_evaluations: int | None,
    max_model_inputs: int | None = None,
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
    check_type("readout", readout, Readout, "a Readout")
    if k is not None:
        check_count("k", k)
    chosen = Weights(1, 1, 1, 1) if weights is None else Weights.of(weights)
    if readout.feature_target and readout.confidence_model is None and chosen.confidence:
        # Features are no class probabilities: without a confidence model there is no certainty.
        chosen = replace(chosen, confidence=0.0)
    if readout.activation is None and not readout.feature_target:
        chosen = chosen if readout.class_embeddings is not None else chosen.of_values()
    plain = LiMASettings.of(Greedy(k), chosen, distance, max_evaluations, max_model_inputs)
    return replace(plain, k=k, feature_target=readout.feature_target)


class SMDLOptions(RegionMethod):
    """Options of SMDL as attributes, with their checks: the base of each host's class."""

    prior: Any
    patches: int | tuple[int, ...] | None
    regions: int
    k: int | None
    weights: Mapping[Any, float] | Weights | None
    activation: str | Callable[..., Any] | None
    features: Any
    class_embeddings: Any
    scale: float
    feature_target: bool
    confidence_model: Callable[..., Any] | None
    distance: str | Distance
    max_evaluations: int | None
    max_model_inputs: int | None
    class_axis: int | None = None

    def _check(self) -> None:
        """Raise TypeError or ValueError if an option is of the wrong type or out of range."""
        self._check_layout()
        self._patches(), self._settings()

    def _division(self) -> Division:
        patches = None if self.patches is None else self._patches()
        return Division(patches, "patches", of_images=_PATCHES)

    def _patches(self) -> tuple[int, ...]:
        return check_patches(self.patches, self.regions, self.prior is not None)

    def _settings(self) -> LiMASettings:
        readout = self._readout()
        return smdl_settings(
            readout,
            self.k,
            self.weights,
            self.distance,
            self.max_evaluations,
            self.max_model_inputs,
        )

    def _readout(self) -> Readout:
        return Readout(
            self._read_by(self.activation),
            self._source(self.features),
            self.class_embeddings,
            self.scale,
            confidence_model=self.confidence_model,
            feature_target=self.feature_target,
            class_axis=self.class_axis,
        )

    def _regions_of(self, maps: Iterable[Any]) -> list[IntArray]:
        """Label maps of the images: patches joined by each image's prior (SMDL, Algorithm 1)."""
        rows, columns = self._patches()
        return [saliency_patches(prior, (rows, columns), self.regions) for prior in maps]
