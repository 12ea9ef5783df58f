"""Metrics of attributions, Xplique's own included, with a number for each example.

They are used as Xplique's: made of a model, inputs and targets, and called with explanations. These
are arrays shaped like the inputs (the channels of images (N, H, W, C) are summed, or may be one, or
missing), scores per region (N, n) beside `regions`, the `Explanation` of each example, as
`explain_regions` gives them, or the `RevealOrder` of feature groups. The metrics of groups are
functions of a model that sums them, or of their explanations.

Arguments that Xplique passes to its own metrics have Xplique's names. A metric's own settings have
the same names in all hosts and are given by keyword: the fields of its class in
`submod_core.metrics`.
"""

from submod_core import metrics as core
from submod_core.metrics import (
    METRICS,
    cluster_alignment,
    errors_by_sparsity,
    group_iou,
    group_structures,
    grouped_order,
    grown_deletion,
    grown_deletion_error,
    grown_insertion,
    grown_insertion_error,
    kl_fidelity,
    object_share,
    probing,
    squared_errors_by_sparsity,
    structure_purity,
    tops_by,
    void_alignment,
)
from xplique_submod.metrics._classes import Robustness, map_metric, mask_metric, model_metric
from xplique_submod.metrics._probe import learn

Insertion = model_metric(core.Insertion)
Deletion = model_metric(core.Deletion)
HighestConfidence = model_metric(core.HighestConfidence)
StrongInteractions = model_metric(core.StrongInteractions)
MuFidelity = model_metric(core.MuFidelity)
AUPC = model_metric(core.AUPC)

Sparsity = map_metric(core.Sparsity)
PointingGame = mask_metric(core.PointingGame)
HumanAgreement = mask_metric(core.HumanAgreement)

probing_accuracy = probing(learn)

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
    "cluster_alignment",
    "errors_by_sparsity",
    "group_iou",
    "group_structures",
    "grouped_order",
    "grown_deletion",
    "grown_deletion_error",
    "grown_insertion",
    "grown_insertion_error",
    "kl_fidelity",
    "map_metric",
    "mask_metric",
    "model_metric",
    "object_share",
    "probing_accuracy",
    "squared_errors_by_sparsity",
    "structure_purity",
    "tops_by",
    "void_alignment",
]

# The documentation of classes that are made, for doctest.
__test__ = {
    name: value.__doc__ or ""
    for name, value in list(globals().items())
    if "__signature__" in vars(value if isinstance(value, type) else type(value))
}
