"""Segmentation under Captum: each example's own zone and class, and what is refused."""

import numpy as np
import pytest
import torch
from torch import nn

from captum_submod import LiMA, SegmentationScore

torch.manual_seed(0)
MODEL = nn.Sequential(nn.Conv2d(3, 6, 3, padding=1), nn.ReLU(), nn.Conv2d(6, 4, 1)).eval()
IMAGES = torch.rand(3, 3, 8, 8)
ZONES = torch.zeros(3, 8, 8)
ZONES[0, :4, :4], ZONES[1, 3, 5], ZONES[2] = 1, 1, 1
LABELS = torch.tensor([0, 3, 1])
OPTIONS = {"regions": (2, 2), "search": "greedy"}


@pytest.mark.parametrize("mode", ["probability", "area"])
def test_zones_and_classes_follow_their_examples(mode):
    score = SegmentationScore(MODEL, mode=mode)
    together = LiMA(score, **OPTIONS).explain(
        IMAGES, additional_forward_args=(ZONES, LABELS), perturbations_per_eval=5
    )
    p = MODEL(IMAGES).softmax(1).detach()
    for i, one in enumerate(together):
        own = p[i, LABELS[i]] if mode == "probability" else (p[i].argmax(0) == LABELS[i]).float()
        wanted = float(own[ZONES[i] > 0].mean())
        assert one.curves.insertion[-1] == pytest.approx(wanted, abs=1e-6)
        alone = LiMA(score, **OPTIONS).explain(
            IMAGES[[i]], additional_forward_args=(ZONES[[i]], LABELS[[i]])
        )
        np.testing.assert_array_equal(one.order, alone[0].order)
        assert one.curves.confidence is None


def test_one_pixel_is_the_target_tuple():
    zone = torch.zeros(1, 8, 8)
    zone[0, 3, 5] = 1
    ours = LiMA(SegmentationScore(MODEL), **OPTIONS).explain(
        IMAGES, additional_forward_args=(zone, torch.tensor([3]))
    )
    plain = {"weights": {"consistency": 1, "collaboration": 1}} | OPTIONS
    theirs = LiMA(MODEL, **plain).explain(IMAGES, target=(3, 3, 5))
    for one, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(one.curves.insertion, other.curves.insertion, atol=1e-6)


def test_without_a_zone_it_is_the_area_of_the_class_in_volumes_too():
    volumes, model = torch.rand(2, 1, 4, 4, 4), nn.Conv3d(1, 3, 1)
    got = SegmentationScore(model, mode="area")(volumes, None, torch.tensor([2]))
    wanted = (model(volumes).argmax(1) == 2).float().mean((1, 2, 3))
    torch.testing.assert_close(got, wanted)


@pytest.mark.parametrize(
    ("options", "zones", "labels", "said"),
    [
        ({}, ZONES[:, :4], LABELS, "`zones`.*size"),
        ({}, ZONES[0], LABELS, "`zones`"),
        ({}, ZONES[:2], LABELS, "`zones`"),
        ({}, ZONES * 0, LABELS, "`zones`"),
        ({}, ZONES * 2, LABELS, "`zones`"),
        ({}, ZONES.numpy(), LABELS, "`zones`"),
        ({}, ZONES, LABELS + 1, "`labels`"),
        ({}, ZONES, LABELS.float(), "`labels`"),
        ({}, ZONES, LABELS[:2], "`labels`"),
        ({"activation": "identity"}, ZONES, LABELS, "`activation`"),
    ],
)
def test_zones_and_labels_of_another_form_are_refused_by_name(options, zones, labels, said):
    with pytest.raises((TypeError, ValueError), match=said):
        SegmentationScore(MODEL, **options)(IMAGES, zones, labels)


def test_probabilities_are_not_softmaxed_again():
    model = nn.Sequential(MODEL, nn.Softmax(1))
    with pytest.raises(ValueError, match=r"`activation`.*'identity'"):
        SegmentationScore(model)(IMAGES, ZONES, LABELS)
    got = SegmentationScore(model, activation="identity")(IMAGES, ZONES, LABELS)
    torch.testing.assert_close(got, SegmentationScore(MODEL)(IMAGES, ZONES, LABELS))
    with pytest.raises(ValueError, match=r"`model`.*places"):
        SegmentationScore(lambda x: x.mean((2, 3)))(IMAGES, ZONES, LABELS)
    with pytest.raises(ValueError, match=r"`activation`.*two classes"):
        SegmentationScore(lambda x: x[:, :1])(IMAGES, ZONES, LABELS * 0)


def test_the_area_of_one_class_and_a_second_sigmoid_are_refused():
    dense = nn.Conv2d(3, 1, 1)
    x, labels = torch.rand(1, 3, 4, 4), torch.tensor([0])
    with pytest.raises(ValueError, match=r"`mode` .* needs two classes"):
        SegmentationScore(dense, mode="area", activation="sigmoid")(x, None, labels)
    ended = nn.Sequential(dense, nn.Sigmoid())
    with pytest.raises(ValueError, match="`model` ends in a sigmoid"):
        SegmentationScore(ended, activation="sigmoid")(x, None, labels)
    found = SegmentationScore(ended, activation="identity")(x, None, labels)
    torch.testing.assert_close(found, ended(x).mean((1, 2, 3)))
