"""What each metric's number means."""

from typing import NamedTuple


class MetricInfo(NamedTuple):
    """What a metric's number means.

    Attributes
    ----------
    higher_is_better : bool or None
        None where the number only describes.
    steps : str
        What is revealed or removed at a time.
    """

    higher_is_better: bool | None
    steps: str


_ANY = "pixel by pixel, or region by region where regions or an explanation are given"


METRICS = {
    "insertion": MetricInfo(True, _ANY),
    "deletion": MetricInfo(False, _ANY),
    "highest_confidence": MetricInfo(True, _ANY),
    "strong_interactions": MetricInfo(None, _ANY),
    "mu_fidelity": MetricInfo(True, "random sets of regions"),
    "aupc": MetricInfo(False, "square patches"),
    "robustness": MetricInfo(True, "none: compares maps of noisy inputs"),
    "human_agreement": MetricInfo(True, "none: compares the map with a mask"),
    "pointing_game": MetricInfo(True, "none: compares the map with a mask"),
    "sparsity": MetricInfo(None, "none: looks at the map alone"),
    "kl_fidelity": MetricInfo(False, "none: compares probabilities"),
    "group_iou": MetricInfo(True, "none: compares groups with a mask"),
    "object_share": MetricInfo(True, "none: compares groups with a mask"),
    "grown_insertion": MetricInfo(True, "all groups grow by a tenth of the features"),
    "grown_deletion": MetricInfo(False, "all groups shrink by a tenth of the features"),
    "errors_by_sparsity": MetricInfo(False, "groups of several sizes"),
    "probing_accuracy": MetricInfo(None, "none: reads the label off the groups' outlines alone"),
}
"""The metrics that both adapters offer under these names."""
