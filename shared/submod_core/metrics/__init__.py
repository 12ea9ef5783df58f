"""Numbers that judge an attribution: from faithfulness curves, from the map alone, or from questions to the model.

Each adapter shows masked inputs to its model and leaves the rest to this module, so that a metric is one and the same
under every host.
"""

from submod_core.metrics.curves import check_areas, highest_confidences, strong_interactions
from submod_core.metrics.info import METRICS, MetricInfo
from submod_core.metrics.maps import human_agreement, jaccard, pointing, sparsity, top_k
from submod_core.metrics.sampling import (
    CORRELATIONS,
    Correlation,
    MuFidelitySettings,
    default_regions,
    mu_fidelity,
    patch_steps,
    perturbation_auc,
    perturbation_curve,
    square_patches,
)
from submod_core.metrics.steps import (
    Steps,
    are_explanations,
    each_attribution,
    painted,
    region_means,
    region_sums,
    steps_of,
)

__all__ = [
    "CORRELATIONS",
    "METRICS",
    "Correlation",
    "MetricInfo",
    "MuFidelitySettings",
    "Steps",
    "are_explanations",
    "check_areas",
    "default_regions",
    "each_attribution",
    "highest_confidences",
    "human_agreement",
    "jaccard",
    "mu_fidelity",
    "painted",
    "patch_steps",
    "perturbation_auc",
    "perturbation_curve",
    "pointing",
    "region_means",
    "region_sums",
    "sparsity",
    "square_patches",
    "steps_of",
    "strong_interactions",
    "top_k",
]
