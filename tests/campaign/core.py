"""Cases of the campaign of bad calls over `submod_core` and its packages."""

from . import (
    core_dataset,
    core_engine,
    core_formulas,
    core_kinds_of_input,
    core_learning,
    core_metrics,
    core_records,
    core_regions,
    core_scores,
    core_sufficient,
    core_text,
    core_theory,
)
from .core_kinds import KINDS

__all__ = ["CASES", "KINDS", "RIGHT"]

TABLES = (
    core_regions,
    core_records,
    core_scores,
    core_engine,
    core_metrics,
    core_learning,
    core_formulas,
    core_theory,
    core_sufficient,
    core_dataset,
    core_text,
    core_kinds_of_input,
)
CASES = [case for table in TABLES for case in table.CASES]

ANY_SHAPE = "maps may have any shape"
RIGHT = {
    "compact(labels: too many axes)": ANY_SHAPE,
    "GroundSet(regions: too many axes)": ANY_SHAPE,
    "compact_together(maps: of floats)": "floats of whole values are ids",
    "affinities(hidden: one row more)": "a batch may have any size",
    "affinities(class_weights: one row more)": "there may be any number of classes",
    "rank_groups(saliency: too many axes)": ANY_SHAPE,
    "rank_groups(saliency: a number)": "one element",
    "Sparsity.number(scores: too many axes)": ANY_SHAPE,
    "Sparsity.number(scores: a number)": "one element",
    "scaled(heatmap: too many axes)": ANY_SHAPE,
    "upsample(cells: too many axes)": ANY_SHAPE,
    "painted_regions(labels: too many axes)": ANY_SHAPE,
    "confidence(probabilities: too many axes)": "(…, C)",
    "evidence(outputs: too many axes)": "(…, C)",
    "uncertainty(outputs: too many axes)": "(…, C)",
    "slico(image: another size)": "images may have any size",
    "watershed(image: another size)": "images may have any size",
    "Division(regions: None)": "the default",
    "check_regions(regions: None)": "the default",
    "reveal_order(regions: None)": "pixel by pixel",
    "painted(regions: None)": "pixel by pixel",
    "check_regions(regions: an array)": "a label map",
    "Division(regions: an array)": "a label map",
    "check_patches(patches: None)": "the default",
    "Weights(own: empty)": "the default",
    "Readout(class_embeddings: None)": "no embeddings",
    "evid*(*: nan)": "a training loss shows NaN where the training goes wrong",
    "uncertainty(outputs: nan)": "as `evidence`",
    "evid*(*: infinity)": "outputs are clamped",
    "uncertainty(outputs: infinity)": "outputs are clamped",
    "*(distances: infinity)": "regions that have no path between them",
    "sufficient_sets(score: infinity)": "no prefix reaches it",
    "grown_deletion(labels: None)": "without labels",
}
