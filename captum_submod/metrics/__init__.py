"""How good is an attribution, Captum's own included: functions that return one value per example.

`METRICS` says of each which direction is better and what it steps by. An attribution is a tensor shaped like the inputs
(the channels of images (N, C, H, W) are summed, or may be one), scores per region (N, n) beside a `feature_mask`, or
the `Explanation` of each example.
"""

from captum_submod.metrics.curves import (
    deletion,
    faithfulness_curves,
    highest_confidence,
    insertion,
    strong_interactions,
)
from captum_submod.metrics.maps import human_agreement, pointing_game, robustness, sparsity
from captum_submod.metrics.sampling import aupc, mu_fidelity, perturbation_curves
from submod_core.metrics import METRICS

__all__ = [
    "METRICS",
    "aupc",
    "deletion",
    "faithfulness_curves",
    "highest_confidence",
    "human_agreement",
    "insertion",
    "mu_fidelity",
    "perturbation_curves",
    "pointing_game",
    "robustness",
    "sparsity",
    "strong_interactions",
]
