"""Boxes, pixels, areas: detectors and segmentation."""

from functools import cache

import numpy as np
import torch
from matplotlib.figure import Figure
from panels import beside
from torch_models import detector, drawn_shapes, pairs, shapes

from captum_submod import (
    DetectionScore,
    LiMA,
    SegmentationScore,
    YOLOProposals,
    explain_mistakes,
)
from captum_submod.visualization import plot_explanation, plot_mistake
from digits_scenes import make_pairs

READER = YOLOProposals(n_classes=10, box_format="xyxy")


def box() -> Figure:
    """Why is there a digit in this box?

    A small detector found two digits. For one box, its own regions come first.
    """
    images, boxes = torch.from_numpy(pairs().images), torch.from_numpy(pairs().boxes[:, 0])
    labels, score = torch.from_numpy(pairs().labels[:, 0]), DetectionScore(detector(), READER)
    k = int(score(images, boxes, labels).argmax())
    image, box, label = images[k : k + 1], boxes[k].numpy(), int(labels[k])
    lima = LiMA(score, regions=(6, 6))
    (one,) = lima.explain(
        image, additional_forward_args=(boxes[[k]], labels[[k]]), perturbations_per_eval=64
    )
    left, top, right, bottom = box.astype(int)
    assert one.prefix(4)[top:bottom, left:right].sum() > 0.7 * one.prefix(4).sum()
    return plot_explanation(one, image[0], box=box, title=f"Why is there a {label} in the box?")


def missed() -> Figure:
    """A digit that was missed

    Without the regions that hide it, the detector is far surer of the digit.
    """
    scenes = make_pairs(300, seed=9, clutter=(6, 10))
    images, boxes = torch.from_numpy(scenes.images), torch.from_numpy(scenes.boxes[:, 0])
    labels, score = torch.from_numpy(scenes.labels[:, 0]), DetectionScore(detector(), READER)
    rows = torch.nonzero(score(images, boxes, labels) < 0.3)[:6, 0]
    lima = LiMA(score, regions=(6, 6), activation="identity", search="singletons")
    found = explain_mistakes(
        lima,
        images[rows],
        1,
        additional_forward_args=(boxes[rows], labels[rows]),
        perturbations_per_eval=64,
    )
    best = max(found, key=lambda one: one.confidence_after)
    assert best.confidence_after > 1.5 * best.confidence_before
    k = rows[best.example]
    return plot_mistake(best, images[k], classes=["missed", "found"], box=boxes[k])


@cache
def _picture() -> tuple[torch.Tensor, np.ndarray]:
    """A disc and a square, and the labels of the pixels."""
    image, labels = drawn_shapes(np.random.default_rng(7))
    return torch.from_numpy(image)[None], labels


def pixel() -> Figure:
    """Why is this pixel a disc's?

    A network labels pixels as ground, disc or square. The pixel is in the middle of the disc; the
    disc around it tells that it is no square's. Confidence and effectiveness look at no pixel, and
    are left out.
    """
    image, labels = _picture()
    row, column = (int(places.mean()) for places in np.nonzero(labels == 1))
    weights = {"consistency": 20, "collaboration": 5}
    lima = LiMA(shapes(), regions=(6, 6), search="greedy", weights=weights)
    (one,) = lima.explain(image, target=(1, row, column), perturbations_per_eval=64)
    assert (labels[one.prefix(4)] != 2).all()
    box = (column - 1, row - 1, column + 1, row + 1)
    return plot_explanation(one, image[0], box=box, title="Why is the framed pixel a disc's?")


def objects() -> Figure:
    """A disc and a square

    `SegmentationScore` is the mean probability over an object's pixels: each object is labelled
    by what lies on it.
    """
    image, labels = _picture()
    zones = torch.from_numpy(np.stack([labels == 1, labels == 2])).float()
    lima = LiMA(SegmentationScore(shapes()), regions=(6, 6))
    found = lima.explain(
        image.repeat(2, 1, 1, 1),
        additional_forward_args=(zones, torch.tensor([1, 2])),
        perturbations_per_eval=64,
    )
    for k, one in enumerate(found, 1):
        assert (labels[one.prefix(4)] == k).mean() > 0.4
    maps = {"why a disc": found[0].paint(), "why a square": found[1].paint()}
    return beside(maps, image[0].expand(3, -1, -1))
