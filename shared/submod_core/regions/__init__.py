"""Regions: the division of an input into a ground set, and the baselines of removed parts."""

from submod_core.regions.baselines import BASELINES, image_baselines
from submod_core.regions.divisions import (
    compact,
    from_masks,
    grid,
    saliency_patches,
    watershed,
)
from submod_core.regions.ground_set import (
    GroundSet,
    LabelMaps,
    Regions,
    check_regions,
    compact_together,
    divide_images,
    every_element,
    number_apart,
)
from submod_core.regions.pooling import region_means, region_sums
from submod_core.regions.superpixels import slico

__all__ = [
    "BASELINES",
    "GroundSet",
    "LabelMaps",
    "Regions",
    "check_regions",
    "compact",
    "compact_together",
    "divide_images",
    "every_element",
    "from_masks",
    "grid",
    "image_baselines",
    "number_apart",
    "region_means",
    "region_sums",
    "saliency_patches",
    "slico",
    "watershed",
]
