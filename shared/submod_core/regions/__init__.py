"""Regions: the division of an input into a ground set, and the baselines of removed parts."""

from submod_core.regions.baselines import BASELINES, named_baselines
from submod_core.regions.divisions import (
    compact,
    from_masks,
    grid,
    saliency_patches,
    watershed,
)
from submod_core.regions.ground_set import (
    Division,
    GroundSet,
    Regions,
    check_regions,
    covering,
    divide_inputs,
)
from submod_core.regions.hierarchy import merged, unions_of, with_groups
from submod_core.regions.label_maps import (
    LabelMaps,
    compact_together,
    every_element,
    number_apart,
)
from submod_core.regions.layout import Layout
from submod_core.regions.opencv import opencv_seeds, opencv_slico
from submod_core.regions.pixels import PixelSpace
from submod_core.regions.pooling import painted_regions, region_means, region_sums
from submod_core.regions.processors import class_names
from submod_core.regions.superpixels import slico, supervoxels
from submod_core.regions.tables import ColumnRegions, column_regions
from submod_core.regions.text import label_tokens, sentence_spans, text_pieces, text_regions
from submod_core.regions.tokenized import TokenizedText
from submod_core.regions.tubes import tubes

__all__ = [
    "BASELINES",
    "ColumnRegions",
    "Division",
    "GroundSet",
    "LabelMaps",
    "Layout",
    "PixelSpace",
    "Regions",
    "TokenizedText",
    "check_regions",
    "class_names",
    "column_regions",
    "compact",
    "compact_together",
    "covering",
    "divide_inputs",
    "every_element",
    "from_masks",
    "grid",
    "label_tokens",
    "merged",
    "named_baselines",
    "number_apart",
    "opencv_seeds",
    "opencv_slico",
    "painted_regions",
    "region_means",
    "region_sums",
    "saliency_patches",
    "sentence_spans",
    "slico",
    "supervoxels",
    "text_pieces",
    "text_regions",
    "tubes",
    "unions_of",
    "watershed",
    "with_groups",
]
