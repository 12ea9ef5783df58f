"""Networks and detectors of torchvision with random weights, and the presets of its weights.

`make models` runs these with PyPI's torchvision. Where it is not found, they are skipped.
"""

import numpy as np
import pytest
import torch
from torch import nn

from captum_submod import DetectionScore, LiMA, from_processor

libraries = pytest.importorskip("vision_libraries")
torchvision = libraries.torchvision
models = pytest.importorskip("torchvision.models")

IMAGES = torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(0))


def seeded(make, **options):
    """A network with random weights from a seed, in training mode, as it is made."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return make(**options)


class Backbone(nn.Sequential):
    out_channels = 8

    def __init__(self):
        super().__init__(nn.Conv2d(3, 8, 8, stride=8), nn.ReLU())


def faster_rcnn():
    anchors = torchvision.models.detection.anchor_utils.AnchorGenerator(((16, 32),), ((1.0,),))
    pool = torchvision.ops.MultiScaleRoIAlign(["0"], 3, 1)
    options = {"min_size": 64, "max_size": 64, "rpn_post_nms_top_n_test": 20}
    options |= {"rpn_anchor_generator": anchors, "box_roi_pool": pool, "box_score_thresh": 0.0}
    return torchvision.models.detection.FasterRCNN(Backbone(), num_classes=4, **options)


def ssdlite():
    return torchvision.models.detection.ssdlite320_mobilenet_v3_large(
        weights=None, weights_backbone=None, num_classes=4, detections_per_img=20
    )


def retina():
    anchors = torchvision.models.detection.anchor_utils.AnchorGenerator(((16, 32),), ((1.0,),))
    options = {"min_size": 64, "max_size": 64, "anchor_generator": anchors, "score_thresh": 0.0}
    return torchvision.models.detection.RetinaNet(Backbone(), num_classes=4, **options)


def slow_score(found, box, label):
    """Largest product of overlap and score among the boxes of the class."""
    best = 0.0
    for (left, top, right, bottom), score, other in zip(*found, strict=True):
        width = min(right, box[2]) - max(left, box[0])
        height = min(bottom, box[3]) - max(top, box[1])
        common = max(width, 0) * max(height, 0)
        area = (right - left) * (bottom - top) + (box[2] - box[0]) * (box[3] - box[1])
        if other == label:
            best = max(best, common / (area - common) * score)
    return best


@pytest.mark.parametrize("make", [faster_rcnn, ssdlite, retina])
def test_detectors_answer_as_the_score_reads_them(make):
    detector = seeded(make)
    with torch.no_grad():
        found = detector.eval()(list(IMAGES))
    assert all(len(one["boxes"]) for one in found)
    detector.train()
    boxes = torch.stack([one["boxes"][0] for one in found])
    boxes = torch.cat([boxes[:, :2], boxes[:, 2:] + 3], 1)
    labels = torch.stack([one["labels"][0] for one in found])
    lima = LiMA(DetectionScore(detector), regions=(2, 2))
    explanations = lima.explain(IMAGES, 0.5, None, (boxes, labels), perturbations_per_eval=4)
    assert detector.training, "the mode is left as it was"
    for one, rows, box, label in zip(explanations, found, boxes, labels, strict=True):
        listed = [rows[name].tolist() for name in ("boxes", "scores", "labels")]
        wanted = slow_score(listed, box.tolist(), int(label))
        assert wanted > 0
        assert one.curves.insertion[-1] == pytest.approx(wanted, rel=1e-3)


@pytest.mark.parametrize("name", ["resnet18", "mobilenet_v3_small", "vit_b_16", "convnext_tiny"])
def test_classifiers_go_straight_into_lima(name):
    options = {"image_size": 64, "patch_size": 32} if name == "vit_b_16" else {}
    if options:
        options |= {"num_layers": 1, "num_heads": 2, "hidden_dim": 16, "mlp_dim": 32}
        network = seeded(models.VisionTransformer, num_classes=5, **options)
    else:
        network = seeded(models.get_model, name=name, weights=None, num_classes=5)
    nn.init.normal_([m for m in network.modules() if isinstance(m, nn.Linear)][-1].weight)
    lima = LiMA(network, regions=(2, 2), search="singletons")
    (one,) = lima.explain(IMAGES[:1], target=2, perturbations_per_eval=8)
    assert network.training
    with torch.no_grad():
        wanted = network.eval()(IMAGES[:1]).softmax(1)[0, 2]
    assert one.curves.insertion[-1] == pytest.approx(float(wanted), rel=1e-4)
    # One region alone, by hand.
    first, x = one.prefix(1), IMAGES[:1]
    with torch.no_grad():
        alone = network(x * torch.from_numpy(first)).softmax(1)[0, 2]
    assert one.curves.insertion[1] == pytest.approx(float(alone), rel=1e-4)


def test_presets_of_weights_are_read():
    preset = models.ResNet18_Weights.DEFAULT.transforms()
    pixels = from_processor(preset)
    picture = torch.full((3, 300, 300), 200, dtype=torch.uint8)
    normalised = preset(picture)[None]
    np.testing.assert_allclose(pixels.pictures(normalised), 200 / 255, atol=1e-5)
    black = preset(torch.zeros_like(picture))[None, :, :1, :1]
    torch.testing.assert_close(pixels.baseline("black"), black)
