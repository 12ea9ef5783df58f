"""Scores of a subset of regions as an explanation, and their weighted sum F.

Consistency and collaboration are a model's answers for a subset and for its complement; confidence
and effectiveness are computed from the model's answers (LiMA, §4.2). `Score` is the base of your
own.
"""

from submod_core.scores._look import NO_CLASSES, ONE_EMBEDDING
from submod_core.scores.base import Answers, Need, Score
from submod_core.scores.budget import ImageBudget
from submod_core.scores.confidence import Confidence, confidence
from submod_core.scores.detection import DetectionOptions
from submod_core.scores.distances import (
    DISTANCES,
    Distance,
    angular_distance,
    as_distance,
    cosine_distance,
    cosine_to,
)
from submod_core.scores.effectiveness import Effectiveness, NearestNeighbours, effectiveness
from submod_core.scores.evidential import evidence, evidential_loss, uncertainty
from submod_core.scores.fidelity import Collaboration, Consistency
from submod_core.scores.objective import Objective, count_inputs
from submod_core.scores.proposals import (
    DETRProposals,
    Proposals,
    TorchvisionProposals,
    YOLOProposals,
)
from submod_core.scores.readout import Readout
from submod_core.scores.segmentation import SegmentationOptions
from submod_core.scores.weights import SCORES, Weights

__all__ = [
    "DISTANCES",
    "NO_CLASSES",
    "ONE_EMBEDDING",
    "SCORES",
    "Answers",
    "Collaboration",
    "Confidence",
    "Consistency",
    "DETRProposals",
    "DetectionOptions",
    "Distance",
    "Effectiveness",
    "ImageBudget",
    "NearestNeighbours",
    "Need",
    "Objective",
    "Proposals",
    "Readout",
    "Score",
    "SegmentationOptions",
    "TorchvisionProposals",
    "Weights",
    "YOLOProposals",
    "angular_distance",
    "as_distance",
    "confidence",
    "cosine_distance",
    "cosine_to",
    "count_inputs",
    "effectiveness",
    "evidence",
    "evidential_loss",
    "uncertainty",
]
