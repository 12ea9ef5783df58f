"""torchvision, also PyPI's beside a torch without CUDA: there its own operators are missing.

That torchvision imports as soon as the operators are known whose shapes it describes. The detectors
need non-maximum suppression, which is written here in torch, and a pooling of regions, which
torchvision has in torch as well.
"""

import importlib.util
import sys

import pytest
import torch


def suppressed(boxes, scores, most):
    """Places of the boxes that no better one overlaps by more than `most`, best first."""
    order, kept = scores.argsort(descending=True, stable=True), []
    while len(order):
        kept.append(order[0])
        overlaps = torchvision.ops.box_iou(boxes[order[0]][None], boxes[order[1:]])[0]
        order = order[1:][overlaps <= most]
    return torch.stack(kept) if kept else order


def _imported():
    """torchvision; with operators of our own where its are built for another torch."""
    try:
        return importlib.import_module("torchvision")
    except RuntimeError as error:  # operator torchvision::nms does not exist
        if "torchvision::nms" not in str(error):
            raise
    for name in [name for name in sys.modules if name.partition(".")[0] == "torchvision"]:
        del sys.modules[name]
    for name in ("nms", "qnms"):
        torch.library.define(
            f"torchvision::{name}", "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"
        )
    found = importlib.import_module("torchvision")
    found.ops.boxes.nms = suppressed
    # Its own version in torch, without the compiler.
    align = sys.modules["torchvision.ops.roi_align"]
    align._roi_align = align._roi_align.__wrapped__
    return found


if importlib.util.find_spec("torchvision") is None:
    pytest.skip("could not import 'torchvision'", allow_module_level=True)
torchvision = _imported()
