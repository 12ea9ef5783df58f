"""Sum-of-Parts: models whose prediction is exactly the sum of their feature groups' contributions."""

from xplique_submod.sop.explainer import SumOfPartsAttribution
from xplique_submod.sop.model import Parts, SumOfParts
from xplique_submod.sop.self_attributing import SelfAttributing
from xplique_submod.sop.training import fit

__all__ = ["Parts", "SelfAttributing", "SumOfParts", "SumOfPartsAttribution", "fit"]
