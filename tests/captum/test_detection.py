"""Detection under Captum: one box an example, LiMA's order, mistakes, and what is refused."""

import detect_digits
import numpy as np
import pytest
import torch
from torch import nn

from captum_submod import SMDL, DetectionScore, LiMA, YOLOProposals, explain_mistakes, metrics
from digits_scenes import DIGIT, SIZE

BOXES = torch.tensor([[0.0, 0, 4, 4], [4, 4, 8, 8], [0, 4, 4, 8]])
LABELS = torch.tensor([1, 0, 2])


class Quarters(nn.Module):
    """Proposes the quarters of a picture that are light, in the form of torchvision's detectors."""

    def forward(self, images):
        assert isinstance(images, list)
        assert not self.training, "runs in evaluation mode"
        return [self.of(image) for image in images]

    def of(self, image):
        found = [
            (x, y) for y in (0, 4) for x in (0, 4) if image[:, y : y + 4, x : x + 4].mean() > 0
        ]
        light = [image[:, y : y + 4, x : x + 4].mean() for x, y in found]
        return {
            "boxes": torch.tensor([[x, y, x + 4, y + 4] for x, y in found]).reshape(-1, 4),
            "scores": torch.tensor(light),
            "labels": torch.tensor([{0: 1, 4: 2}[y] if x == 0 else 0 for x, y in found]).long(),
        }


IMAGES = torch.linspace(0.5, 1, 3 * 3 * 64).reshape(3, 3, 8, 8)


def test_each_box_follows_its_example():
    detector = Quarters().train()
    lima = LiMA(DetectionScore(detector), regions=(2, 2), search="greedy")
    together = lima.explain(
        IMAGES, additional_forward_args=(BOXES, LABELS), perturbations_per_eval=5
    )
    assert detector.training, "the mode is left as it was"
    for i, one in enumerate(together):
        assert one.order[0] == [0, 3, 2][i]
        alone = LiMA(
            DetectionScore(detector, box=BOXES[i].tolist(), label=int(LABELS[i])),
            regions=(2, 2),
            search="greedy",
        ).explain(IMAGES[i : i + 1])
        np.testing.assert_array_equal(one.order, alone[0].order)
        np.testing.assert_array_equal(one.curves.insertion, alone[0].curves.insertion)
        assert one.curves.insertion[0] == 0, "nothing is proposed on black, which is no error"
        assert one.curves.confidence is None
        light = IMAGES[i, :, int(BOXES[i, 1]) :, int(BOXES[i, 0]) :][:, :4, :4].mean()
        assert one.curves.insertion[-1] == pytest.approx(float(light), rel=1e-6)


def test_smdl_and_metrics_read_it_as_well():
    score = DetectionScore(Quarters(), box=(0, 0, 4, 4), label=1)
    (found,) = SMDL(score, patches=2, regions=4).explain(IMAGES[:1])
    assert found.order[0] == 0
    value = metrics.insertion(score, IMAGES[:1], IMAGES[:1], activation=None, steps=4)
    assert 0 <= float(value) <= 1


@pytest.mark.parametrize("mode", ["box", "class"])
def test_modes_of_the_place_and_the_class_alone(mode):
    score = DetectionScore(Quarters().eval(), mode=mode)
    boxes = torch.tensor([[0.0, 0, 4, 4], [0, 0, 8, 8], [100, 100, 104, 104]])
    wanted = {"box": [1, 0.25, 0], "class": IMAGES[:, :, :4, :4].mean((1, 2, 3)).tolist()}
    labels = None if mode == "box" else torch.tensor([1])
    assert score(IMAGES, boxes, labels).tolist() == pytest.approx(wanted[mode], rel=1e-6)


def test_a_missed_box_is_a_mistake():
    class Distracted(Quarters):
        """Sees nothing in the first quarter while the last is light."""

        def of(self, image):
            found = super().of(image)
            found["scores"] = found["scores"] * (1 - image[:, 4:, 4:].mean())
            return found

    score = DetectionScore(Distracted())
    lima = LiMA(score, regions=(2, 2), activation="identity")
    arguments = {"additional_forward_args": (BOXES[:1], LABELS[:1])}
    (mistake,) = explain_mistakes(lima, 0 * IMAGES[:1] + 0.9, 1, **arguments)
    assert mistake.corrected
    assert mistake.causes[0] == 3


def test_yolo_rows_and_functions_of_ones_own_agree_with_the_list():
    found = Quarters()

    def rows(images):
        made = torch.zeros(len(images), 4, 7)
        for row, image in zip(made, images, strict=True):
            one = found.of(image)
            n = len(one["labels"])
            row[:n, :4] = one["boxes"]
            row[torch.arange(n), 4 + one["labels"]] = one["scores"]
        return made

    yolo = YOLOProposals(3, box_format="xyxy")
    wanted = DetectionScore(Quarters().eval())(IMAGES, BOXES, LABELS)
    for reader in (yolo, lambda outputs, size: yolo(outputs, size)):
        got = DetectionScore(rows, reader)(IMAGES, BOXES, LABELS)
        torch.testing.assert_close(got, wanted, rtol=0, atol=0)


@pytest.mark.parametrize(
    ("options", "arguments", "said"),
    [
        ({}, (), "`boxes`"),
        ({}, (BOXES,), "`labels`"),
        ({}, (BOXES, LABELS.float()), "`labels`"),
        ({}, (BOXES[:2], LABELS), "`boxes`"),
        ({}, (BOXES[0], LABELS), "`boxes`"),
        ({}, (BOXES.flip(1), LABELS), "`boxes`"),
        ({}, (BOXES, LABELS - 2), "`labels`"),
        ({"box": (0, 0, 4, 4), "label": 1}, (BOXES, LABELS), "`boxes`"),
        ({"box": BOXES, "label": 1}, (), "`box`"),
        ({"box": (4, 0, 4, 4), "label": 1}, (), "`boxes`"),
        ({"box": (0, 0, 4, 4)}, (), "`label`"),
        ({"label": 1}, (), "`label`"),
    ],
)
def test_bad_boxes_and_labels_are_refused_by_name(options, arguments, said):
    with pytest.raises((TypeError, ValueError), match=said):
        DetectionScore(Quarters().eval(), **options)(IMAGES, *arguments)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([9.0, 9, 4, 4, 0.5], "format"),
        ([0.0, 0, 4, 4, -3.0], "score"),
        ([0, 0, 4, 4, np.nan], "score"),
    ],
)
def test_outputs_that_cannot_be_boxes_or_probabilities_are_refused(rows, said):
    def detector(images):
        return torch.tensor(rows).expand(len(images), 1, 5)

    score = DetectionScore(detector, YOLOProposals(1, "xyxy"))
    with pytest.raises(ValueError, match=f"`detector`.*{said}"):
        score(IMAGES, BOXES, 0 * LABELS)


def test_a_label_beyond_the_detector_is_refused():
    score = DetectionScore(lambda images: torch.zeros(3, 1, 5), YOLOProposals(1, "xyxy"))
    with pytest.raises(ValueError, match=r"`labels`.*1 of the detector"):
        score(IMAGES, BOXES, LABELS)


@pytest.mark.slow
def test_the_first_regions_of_a_box_lie_on_its_digit():
    detector = detect_digits.train(scenes=700, epochs=8)
    found, pairs = detect_digits.explain(detector, 10, regions=(6, 6), search="singletons")
    assert len(found) == 10
    own, other = (
        np.mean(
            [
                detect_digits.share_in_box(one, boxes[k], 3)
                for one, boxes in zip(found, pairs.boxes, strict=True)
            ]
        )
        for k in (0, 1)
    )
    assert own > 5 * (DIGIT / SIZE) ** 2
    assert other < 0.05
