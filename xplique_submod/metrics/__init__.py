"""How good is an attribution, Xplique's own included: metrics beside Xplique's, with a number for each example.

They are used as Xplique's: made of a model, inputs and targets, and called with explanations. These are arrays shaped
like the inputs (the channels of images (N, H, W, C) are summed, or may be one, or missing), scores per region (N, n)
beside `regions`, the `Explanation` of each example, as `explain_regions` gives them, or the `steps` of feature groups.
The metrics of groups are functions of a model that sums them, or of their explanations.
"""

from submod_core.metrics import METRICS
from submod_core.metrics.groups import group_iou, kl_fidelity, object_share
from xplique_submod.metrics.curves import Deletion, HighestConfidence, Insertion, StrongInteractions
from xplique_submod.metrics.groups import errors_by_sparsity, grown_deletion, grown_insertion, probing_accuracy
from xplique_submod.metrics.maps import HumanAgreement, PointingGame, Robustness, Sparsity
from xplique_submod.metrics.sampling import AUPC, MuFidelity

__all__ = [
    "AUPC",
    "METRICS",
    "Deletion",
    "HighestConfidence",
    "HumanAgreement",
    "Insertion",
    "MuFidelity",
    "PointingGame",
    "Robustness",
    "Sparsity",
    "StrongInteractions",
    "errors_by_sparsity",
    "group_iou",
    "grown_deletion",
    "grown_insertion",
    "kl_fidelity",
    "object_share",
    "probing_accuracy",
]
