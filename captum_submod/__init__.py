"""Submodular attribution for Captum.

`LiMA` and `SMDL` are used like any of Captum's methods; `metrics` measures how faithful any
attribution is; `visualization` draws the papers' figures.
"""

from captum_submod import metrics, visualization
from captum_submod.dataset import attribute_dataset, evaluate_dataset
from captum_submod.detection import DetectionScore
from captum_submod.keywords import KeywordInputs
from captum_submod.lima import LiMA
from captum_submod.llm import LLMAttribution
from captum_submod.mistakes import explain_mistakes
from captum_submod.processors import PixelSpace, from_processor
from captum_submod.remote_llm import RemoteLLMAttribution
from captum_submod.sea_nn import SEANN, AggMean
from captum_submod.segmentation import SegmentationScore
from captum_submod.smdl import SMDL
from captum_submod.sop import SelfAttributing, SumOfParts, SumOfPartsAttribution
from captum_submod.texts import DropTextTokens
from captum_submod.tokens import DropTokens
from captum_submod.zero_shot import ZeroShot
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

__all__ = [
    "SEANN",
    "SMDL",
    "AggMean",
    "DETRProposals",
    "DetectionScore",
    "DropTextTokens",
    "DropTokens",
    "Explanation",
    "KeywordInputs",
    "LLMAttribution",
    "LiMA",
    "PixelSpace",
    "Proposals",
    "RemoteLLMAttribution",
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
    "slico",
    "text_pieces",
    "text_regions",
    "tubes",
    "uncertainty",
    "visualization",
    "watershed",
]
