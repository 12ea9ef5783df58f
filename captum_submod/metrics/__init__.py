"""Metrics of attributions, Captum's own included: functions with one value per example.

`METRICS` says of each which direction is better and what it steps by. An attribution is a tensor
shaped like the inputs (the channels of images (N, C, H, W) are summed, or may be one), scores per
region (N, n) beside a `feature_mask`, the `Explanation` of each example, or the `RevealOrder` of
its feature groups. The metrics of groups take a model that sums them, or their explanations.

Arguments that Captum passes to its own methods have Captum's names. A metric's own settings have
the same names in all hosts and are given by keyword: the fields of its class in
`submod_core.metrics`.
"""

import torch

from captum_submod.metrics._functions import (
    map_metric,
    mask_metric,
    model_answers,
    model_metric,
)
from captum_submod.metrics._probe import learn
from captum_submod.metrics._robustness import robustness
from submod_core import metrics as core
from submod_core.metrics import (
    METRICS,
    cluster_alignment,
    group_iou,
    group_structures,
    grouped_order,
    kl_fidelity,
    object_share,
    structure_purity,
    tops_by,
    void_alignment,
)

faithfulness_curves = model_answers("faithfulness_curves", core.FaithfulnessCurves)
perturbation_curves = model_answers("perturbation_curves", core.PerturbationCurves)

insertion = model_metric(core.Insertion)
deletion = model_metric(core.Deletion)
highest_confidence = model_metric(core.HighestConfidence)
strong_interactions = model_metric(core.StrongInteractions)
mu_fidelity = model_metric(core.MuFidelity)
aupc = model_metric(core.AUPC)

sparsity = map_metric(core.Sparsity)
pointing_game = mask_metric(core.PointingGame)
human_agreement = mask_metric(core.HumanAgreement)

grown_insertion = torch.no_grad()(core.grown_insertion)
grown_deletion = torch.no_grad()(core.grown_deletion)
grown_insertion_error = torch.no_grad()(core.grown_insertion_error)
grown_deletion_error = torch.no_grad()(core.grown_deletion_error)
squared_errors_by_sparsity = torch.no_grad()(core.squared_errors_by_sparsity)
errors_by_sparsity = torch.no_grad()(core.errors_by_sparsity)
probing_accuracy = core.probing(learn)

__all__ = [
    "METRICS",
    "aupc",
    "cluster_alignment",
    "deletion",
    "errors_by_sparsity",
    "faithfulness_curves",
    "group_iou",
    "group_structures",
    "grouped_order",
    "grown_deletion",
    "grown_deletion_error",
    "grown_insertion",
    "grown_insertion_error",
    "highest_confidence",
    "human_agreement",
    "insertion",
    "kl_fidelity",
    "map_metric",
    "mask_metric",
    "model_metric",
    "mu_fidelity",
    "object_share",
    "perturbation_curves",
    "pointing_game",
    "probing_accuracy",
    "robustness",
    "sparsity",
    "squared_errors_by_sparsity",
    "strong_interactions",
    "structure_purity",
    "tops_by",
    "void_alignment",
]

# The documentation of functions that are made, for doctest.
__test__ = {
    name: value.__doc__ or ""
    for name, value in list(globals().items())
    if getattr(value, "__signature__", None) is not None
}
