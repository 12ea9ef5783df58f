"""Cases of the campaign of bad calls over `xplique_submod`."""

from . import xplique_dataset, xplique_dense, xplique_methods, xplique_metrics
from .xplique_kinds import KINDS

__all__ = ["CASES", "KINDS", "RIGHT"]

CASES = [
    *xplique_methods.CASES,
    *xplique_metrics.CASES,
    *xplique_dataset.CASES,
    *xplique_dense.CASES,
]
TRAINING = "in training a loss shows NaN, which `fit` refuses; `explain` refuses it itself"
USED = "metrics see the outputs and the maps on use: see the cases of `per_example`"
EMPTY = "nothing of no inputs, as of any layer"
METRICS = ("Insertion", "Deletion", "HighestConfidence", "StrongInteractions", "MuFidelity", "AUPC")
RIGHT = (
    {
        "SMDL(regions: too many)": "without a prior the patches are the regions",
        "LiMA(baseline: another size)": "the inputs are known on use",
        "SMDL(baseline: another size)": "the inputs are known on use",
        "Robustness(targets: *)": "given to the explainer, which checks them",
        "HumanAgreement(masks: *)": USED,
        "HumanAgreement.per_example(masks: fractions)": "of heatmaps the highest scores count",
        "PointingGame(masks: *)": USED,
    }
    | {
        f"{name}({call})": USED
        for name in METRICS
        for call in ("inputs: nan", "inputs: infinity", "targets: too many classes")
    }
    | {
        f"SumOfParts.{name}(inputs: {what})": reason
        for name in ("call", "without", "parts", "training_loss")
        for what, reason in (("nan", TRAINING), ("infinity", TRAINING), ("empty", EMPTY))
        if (name, what) != ("training_loss", "empty")
        and (name in ("parts", "training_loss") or what == "empty")
    }
    | {"SumOfParts.explain(inputs: empty)": EMPTY}
)
