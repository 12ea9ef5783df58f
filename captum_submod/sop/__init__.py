"""Sum-of-Parts: models whose prediction is the sum of their feature groups' contributions."""

from captum_submod.sop._occluding import with_baseline
from captum_submod.sop.explainer import SumOfPartsAttribution
from captum_submod.sop.model import SumOfParts
from captum_submod.sop.self_attributing import SelfAttributing
from captum_submod.sop.training import fit
from submod_core.sop import Parts

__all__ = [
    "Parts",
    "SelfAttributing",
    "SumOfParts",
    "SumOfPartsAttribution",
    "fit",
    "with_baseline",
]
