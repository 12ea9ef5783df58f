"""Submodular attribution for Xplique.

`LiMA` and `SMDL` are used like any of Xplique's black-box explainers; `metrics` judges any
attribution; `visualization` draws the papers' figures.
"""

from submod_core._version import __version__ as __version__
from submod_core.dataset import open_explanations
from submod_core.regions import (
    class_names,
    column_regions,
    from_masks,
    grid,
    opencv_seeds,
    opencv_slico,
    slico,
    text_pieces,
    text_regions,
    tubes,
    watershed,
)
from submod_core.results import Explanation
from submod_core.scores import (
    DETRProposals,
    Proposals,
    TorchvisionProposals,
    Weights,
    YOLOProposals,
    evidential_loss,
    uncertainty,
)
from xplique_submod import metrics, visualization
from xplique_submod.dataset import attribute_dataset, evaluate_dataset
from xplique_submod.detection import DetectionScore, detection_targets
from xplique_submod.lima import LiMA
from xplique_submod.mistakes import explain_mistakes
from xplique_submod.processors import PixelSpace, from_processor
from xplique_submod.sea_nn import SEANN, AggMean
from xplique_submod.segmentation import SegmentationScore, segmentation_targets
from xplique_submod.smdl import SMDL
from xplique_submod.sop import SelfAttributing, SumOfParts, SumOfPartsAttribution
from xplique_submod.texts import DropTextTokens
from xplique_submod.zero_shot import ZeroShot

__all__ = [
    "SEANN",
    "SMDL",
    "AggMean",
    "DETRProposals",
    "DetectionScore",
    "DropTextTokens",
    "Explanation",
    "LiMA",
    "PixelSpace",
    "Proposals",
    "SegmentationScore",
    "SelfAttributing",
    "SumOfParts",
    "SumOfPartsAttribution",
    "TorchvisionProposals",
    "Weights",
    "YOLOProposals",
    "ZeroShot",
    "attribute_dataset",
    "class_names",
    "column_regions",
    "detection_targets",
    "evaluate_dataset",
    "evidential_loss",
    "explain_mistakes",
    "from_masks",
    "from_processor",
    "grid",
    "metrics",
    "open_explanations",
    "opencv_seeds",
    "opencv_slico",
    "segmentation_targets",
    "slico",
    "text_pieces",
    "text_regions",
    "tubes",
    "uncertainty",
    "visualization",
    "watershed",
]
