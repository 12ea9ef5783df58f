"""How good is an attribution, Captum's own included: functions that return one value per example.

`METRICS` says of each which direction is better and what it steps by. An attribution is a tensor shaped like the inputs
(the channels of images (N, C, H, W) are summed, or may be one), scores per region (N, n) beside a `feature_mask`, or
the `Explanation` of each example, or the `steps` of its feature groups. The metrics of groups take a model that sums
them, or their explanations.
"""

from captum_submod.metrics.curves import (
    deletion,
    faithfulness_curves,
    highest_confidence,
    insertion,
    strong_interactions,
)
from captum_submod.metrics.groups import errors_by_sparsity, grown_deletion, grown_insertion, probing_accuracy
from captum_submod.metrics.maps import human_agreement, pointing_game, robustness, sparsity
from captum_submod.metrics.sampling import aupc, mu_fidelity, perturbation_curves
from submod_core.metrics import METRICS
from submod_core.metrics.groups import group_iou, kl_fidelity, object_share

__all__ = [
    "METRICS",
    "aupc",
    "deletion",
    "errors_by_sparsity",
    "faithfulness_curves",
    "group_iou",
    "grown_deletion",
    "grown_insertion",
    "highest_confidence",
    "human_agreement",
    "insertion",
    "kl_fidelity",
    "mu_fidelity",
    "object_share",
    "perturbation_curves",
    "pointing_game",
    "probing_accuracy",
    "robustness",
    "sparsity",
    "strong_interactions",
]
