"""Metrics: numbers that judge an attribution, each declared once for all hosts.

Metrics are computed from faithfulness curves, from the map alone, or from questions to the model. A
host shows the masked inputs to its model and leaves the rest to this package.
"""

from typing import Any

from submod_core.metrics.base import (
    Declared,
    MapMetric,
    Metric,
    ModelMetric,
    Question,
    declared,
)
from submod_core.metrics.curves import (
    Deletion,
    FaithfulnessCurves,
    HighestConfidence,
    Insertion,
    StrongInteractions,
)
from submod_core.metrics.groups import (
    cluster_alignment,
    group_iou,
    kl_fidelity,
    object_share,
    structure_purity,
    void_alignment,
)
from submod_core.metrics.grown import (
    TOPS,
    errors_by_sparsity,
    grown_area,
    grown_deletion,
    grown_insertion,
    tops_by,
)
from submod_core.metrics.maps import (
    HumanAgreement,
    PointingGame,
    Robustness,
    Sparsity,
    jaccard,
    top_k,
)
from submod_core.metrics.patches import sliding_patches, square_patches
from submod_core.metrics.probing import probing
from submod_core.metrics.regression import (
    grown_deletion_error,
    grown_insertion_error,
    squared_errors_by_sparsity,
)
from submod_core.metrics.sampling import (
    AUPC,
    CORRELATIONS,
    Correlation,
    MuFidelity,
    PerturbationCurves,
)
from submod_core.metrics.structures import GroupStructures, group_structures, grouped_order

_ALL: Any = (
    Insertion,
    Deletion,
    HighestConfidence,
    StrongInteractions,
    MuFidelity,
    AUPC,
    Robustness,
    HumanAgreement,
    PointingGame,
    Sparsity,
    kl_fidelity,
    group_iou,
    object_share,
    grown_insertion,
    grown_deletion,
    errors_by_sparsity,
    grown_insertion_error,
    grown_deletion_error,
    squared_errors_by_sparsity,
    void_alignment,
    cluster_alignment,
    structure_purity,
    probing,
)

METRICS: dict[str, Declared] = {metric.name: metric for metric in _ALL}
"""The metrics that all hosts offer, by name, with their `higher_is_better` and `steps_by`."""

__all__ = [
    "AUPC",
    "CORRELATIONS",
    "METRICS",
    "TOPS",
    "Correlation",
    "Declared",
    "Deletion",
    "FaithfulnessCurves",
    "GroupStructures",
    "HighestConfidence",
    "HumanAgreement",
    "Insertion",
    "MapMetric",
    "Metric",
    "ModelMetric",
    "MuFidelity",
    "PerturbationCurves",
    "PointingGame",
    "Question",
    "Robustness",
    "Sparsity",
    "StrongInteractions",
    "cluster_alignment",
    "declared",
    "errors_by_sparsity",
    "group_iou",
    "group_structures",
    "grouped_order",
    "grown_area",
    "grown_deletion",
    "grown_deletion_error",
    "grown_insertion",
    "grown_insertion_error",
    "jaccard",
    "kl_fidelity",
    "object_share",
    "probing",
    "sliding_patches",
    "square_patches",
    "squared_errors_by_sparsity",
    "structure_purity",
    "top_k",
    "tops_by",
    "void_alignment",
]
