"""Methods: LiMA, SMDL and the explanation of mistakes, on any model behind an oracle."""

from submod_core.methods.lima import LiMAOptions, LiMASettings, RegionMethod, explain
from submod_core.methods.mistakes import Mistake, find_mistakes
from submod_core.methods.smdl import SMDLOptions, check_patches, smdl_settings

__all__ = [
    "LiMAOptions",
    "LiMASettings",
    "Mistake",
    "RegionMethod",
    "SMDLOptions",
    "check_patches",
    "explain",
    "find_mistakes",
    "smdl_settings",
]
