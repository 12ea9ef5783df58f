"""Cases of the campaign of bad calls over `captum_submod`."""

from . import captum_dataset, captum_dense, captum_methods, captum_metrics, captum_sop
from .captum_kinds import KINDS

__all__ = ["CASES", "KINDS", "RIGHT"]

CASES = [
    *captum_methods.CASES,
    *captum_sop.CASES,
    *captum_metrics.CASES,
    *captum_dataset.CASES,
    *captum_dense.CASES,
]
TRAINING = "in training a loss shows NaN, which `fit` refuses; `explain` refuses it itself"
RIGHT = {
    "grown_insertion(inputs: empty)": "no numbers of no inputs",
    "grown_deletion(labels: None)": "without labels",
    "SMDL(regions: too many)": "without a prior the patches are the regions",
    "SumOfParts.parts(inputs: nan)": TRAINING,
    "SumOfParts.parts(inputs: infinity)": TRAINING,
    "SumOfParts.training_loss(inputs: nan)": TRAINING,
    "SumOfParts.training_loss(inputs: infinity)": TRAINING,
    "SumOfParts.forward(inputs: empty)": "no logits of no inputs, as of any module",
    "SumOfParts.without(inputs: empty)": "no logits of no inputs",
    "SumOfParts.parts(inputs: empty)": "no parts of no inputs",
    "SumOfParts.explain(inputs: empty)": "no explanations of no inputs",
}
