"""Sum-of-Parts: models whose prediction is the sum of their feature groups' contributions."""

from submod_core.sop import Parts
from xplique_submod.sop._occluding import with_baseline
from xplique_submod.sop.explainer import SumOfPartsAttribution
from xplique_submod.sop.model import SumOfParts
from xplique_submod.sop.self_attributing import SelfAttributing
from xplique_submod.sop.training import fit

__all__ = [
    "Parts",
    "SelfAttributing",
    "SumOfParts",
    "SumOfPartsAttribution",
    "fit",
    "with_baseline",
]
