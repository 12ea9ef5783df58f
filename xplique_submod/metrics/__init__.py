"""How good is an attribution, Xplique's own included: metrics beside Xplique's, with a number for each example.

They are used as Xplique's: made of a model, inputs and targets, and called with explanations. These are arrays shaped
like the inputs (the channels of images (N, H, W, C) are summed, or may be one, or missing), scores per region (N, n)
beside `regions`, or the `Explanation` of each example, as `explain_regions` gives them.
"""

from submod_core.metrics import METRICS
from xplique_submod.metrics.curves import Deletion, HighestConfidence, Insertion, StrongInteractions
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
]
