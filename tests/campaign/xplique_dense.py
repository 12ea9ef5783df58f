"""Good calls of the Xplique plug-in: detection and segmentation."""

import numpy as np
import tensorflow as tf

from submod_core.scores import YOLOProposals
from xplique_submod import (
    DetectionScore,
    SegmentationScore,
    detection_targets,
    segmentation_targets,
)

from .calls import Case, array, choice, count, labels, number, without
from .captum_dense import PROPOSALS
from .xplique_kinds import X, arrays

READER = YOLOProposals(2, "xyxy")
BOXES, LABELS = np.array([[0.0, 0, 2, 2], [1, 1, 3, 4]]), np.array([0, 1])
TARGETS = detection_targets(BOXES, LABELS, 2).numpy()


def detector(images):
    rows = tf.constant([[0.0, 0, 2, 2, 0.5, 0.1], [1, 1, 3, 3, 0.2, 0.9]])
    return rows * (0 * tf.reduce_sum(images, (1, 2, 3)) + 1)[:, None, None]


def segmenter(images):
    return tf.concat([images, 1 - images, 2 * images], -1)


ZONES = np.ones((2, 4, 4))
SEGMENTS = segmentation_targets(ZONES, LABELS, 3).numpy()

CASES = [
    Case(
        SegmentationScore,
        lambda: {"mode": "area", "activation": "softmax"},
        {"mode": choice(), "activation": choice()},
    ),
    Case(
        SegmentationScore(),
        lambda: {"model": segmenter, "inputs": X.copy(), "targets": SEGMENTS.copy()},
        {
            "inputs": without(arrays(X), "nan", "infinity", "empty", "a number"),
            "targets": without(arrays(SEGMENTS), "empty") | {"no class": SEGMENTS * 0},
        },
        name="SegmentationScore.call",
        named={"targets": "zones"},
    ),
    Case(
        segmentation_targets,
        lambda: {"zones": ZONES.copy(), "labels": LABELS.copy(), "n_classes": 3},
        {
            "zones": without(array(ZONES, negative=-ZONES, empty=ZONES * 0), "too many axes"),
            "labels": labels(LABELS, negative=LABELS - 3, **{"too long": np.zeros(3, int)}),
            "n_classes": count(),
        },
    ),
    Case(
        DetectionScore,
        lambda: {"proposals": READER, "mode": "both", "threshold": 0.1},
        {"proposals": PROPOSALS, "mode": choice(), "threshold": number() | {"one": 1.0}},
    ),
    Case(
        DetectionScore(READER),
        lambda: {"model": detector, "inputs": X.copy(), "targets": TARGETS.copy()},
        {
            "inputs": without(arrays(X), "nan", "infinity", "empty"),
            "targets": without(arrays(TARGETS), "empty") | {"no class": TARGETS * 0},
        },
        name="DetectionScore.call",
        named={"targets": "boxes"},
    ),
    Case(
        detection_targets,
        lambda: {"boxes": BOXES.copy(), "labels": LABELS.copy(), "n_classes": 2},
        {
            "boxes": array(BOXES, turned=BOXES[:, ::-1]),
            "labels": labels(LABELS, negative=LABELS - 3, **{"too long": np.zeros(3, int)}),
            "n_classes": count(),
        },
        named={"n_classes": "labels"},
    ),
]
