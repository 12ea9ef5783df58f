"""SEA-NN: ensembling the heatmaps of other methods by a learned deep submodular function."""

from submod_core.sea_nn.ensemble import Ensemble, ensemble
from submod_core.sea_nn.function import DeepSubmodularFunction, Parameters
from submod_core.sea_nn.heatmaps import (
    THRESHOLDS,
    aggregate_mean,
    binary_maps,
    cells_of,
    downsample,
    scaled,
    upsample,
)
from submod_core.sea_nn.learning import Learned, learn
from submod_core.sea_nn.maximise import (
    Chain,
    attribute,
    grow,
    marginal_gains,
    maximise,
    top_features,
)
from submod_core.sea_nn.settings import Learning

__all__ = [
    "THRESHOLDS",
    "Chain",
    "DeepSubmodularFunction",
    "Ensemble",
    "Learned",
    "Learning",
    "Parameters",
    "aggregate_mean",
    "attribute",
    "binary_maps",
    "cells_of",
    "downsample",
    "ensemble",
    "grow",
    "learn",
    "marginal_gains",
    "maximise",
    "scaled",
    "top_features",
    "upsample",
]
