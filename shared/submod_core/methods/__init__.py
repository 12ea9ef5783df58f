"""Methods: LiMA, SMDL, sufficient regions and mistakes, on any model behind an oracle."""

from submod_core.methods.coarse_to_fine import places_of
from submod_core.methods.lima import explain
from submod_core.methods.mistakes import Mistake, Mistakes, find_mistakes
from submod_core.methods.settings import LiMAOptions, LiMASettings, RegionMethod
from submod_core.methods.smdl import SMDLOptions, check_patches, smdl_settings
from submod_core.methods.sufficient import find_sufficient

__all__ = [
    "LiMAOptions",
    "LiMASettings",
    "Mistake",
    "Mistakes",
    "RegionMethod",
    "SMDLOptions",
    "check_patches",
    "explain",
    "find_mistakes",
    "find_sufficient",
    "places_of",
    "smdl_settings",
]
