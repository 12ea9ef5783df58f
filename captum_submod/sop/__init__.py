"""Sum-of-Parts: models whose prediction is exactly the sum of their feature groups' contributions."""

from captum_submod.sop.explainer import SumOfPartsAttribution
from captum_submod.sop.model import Parts, SumOfParts
from captum_submod.sop.self_attributing import SelfAttributing
from captum_submod.sop.training import fit

__all__ = ["Parts", "SelfAttributing", "SumOfParts", "SumOfPartsAttribution", "fit"]
