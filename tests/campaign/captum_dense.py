"""Good calls of the Captum plug-in: detection and segmentation."""

import torch

from captum_submod import DetectionScore, SegmentationScore, YOLOProposals

from .calls import INF, NAN, Case, choice, function, number, without
from .captum_kinds import X, tensor

READER = YOLOProposals(2, "xyxy")
BOXES, LABELS = torch.tensor([[0.0, 0, 2, 2], [1, 1, 3, 4]]), torch.tensor([0, 1])
BOX = {"text": "all", "a number": 3.0, "nan": (0, 0, NAN, 1), "infinity": (0, 0, INF, 1)}
BOX |= {"too long": (0, 0, 1, 1, 1), "turned": (3, 0, 1, 1), "an object": object()}
PROPOSALS = {"None": None, "a number": 3, "text": "yolo", "a class": YOLOProposals}


def detector(images):
    rows = torch.tensor([[0.0, 0, 2, 2, 0.5, 0.1], [1, 1, 3, 3, 0.2, 0.9]])
    return rows * (0 * images.sum((1, 2, 3)) + 1)[:, None, None]


def segmenter(images):
    return torch.cat([images, 1 - images, 2 * images], 1)


ZONES = torch.ones(2, 4, 4)

CASES = [
    Case(
        SegmentationScore,
        lambda: {"model": segmenter, "mode": "area", "activation": "softmax"},
        {"mode": choice(), "activation": choice()},
    ),
    Case(
        SegmentationScore(segmenter),
        lambda: {"inputs": X.clone(), "zones": ZONES.clone(), "labels": LABELS.clone()},
        {
            "inputs": without(tensor(X), "nan", "infinity", "empty"),
            "zones": without(tensor(ZONES), "None") | {"negative": -ZONES, "one": ZONES[0]},
            "labels": tensor(LABELS) | {"of floats": LABELS / 2, "too large": LABELS + 2},
        },
        name="SegmentationScore.forward",
        named={"inputs": "model"},
    ),
    Case(
        DetectionScore,
        lambda: (
            {"detector": detector, "proposals": READER, "box": (0, 0, 2, 2), "label": 1}
            | {"mode": "both", "threshold": 0.1}
        ),
        {
            "detector": function(),
            "proposals": PROPOSALS,
            "box": BOX | {"boxes": BOXES},
            "label": {
                "None": None,
                "text": "cat",
                "a fraction": 0.5,
                "negative": -1,
                "a bool": True,
            },
            "mode": choice(),
            "threshold": without(number(), "a bool") | {"one": 1.0},
        },
        named={"box": "boxes"},
    ),
    Case(
        DetectionScore(detector, READER),
        lambda: {"images": X.clone(), "boxes": BOXES.clone(), "labels": LABELS.clone()},
        {
            "images": without(tensor(X), "nan", "infinity", "empty"),
            "boxes": without(tensor(BOXES), "an array")
            | {"one": BOXES[0], "turned": BOXES.flip(1)},
            "labels": tensor(LABELS) | {"of floats": LABELS / 2, "negative": LABELS - 3},
        },
        name="DetectionScore.forward",
        named={"images": "detector"},
    ),
]
