"""Detection scores against a slow second writing, and the readers of detectors' outputs."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from submod_core.scores import (
    DetectionOptions,
    DETRProposals,
    Proposals,
    TorchvisionProposals,
    YOLOProposals,
)
from submod_core.scores.detection import box_iou, check_detection, detection_score
from submod_core.scores.proposals import proposals_of

SIDE, MODES = 12, ("both", "box", "class")


def slow_iou(a, b):
    """Pixels that both boxes hold, over pixels that one of them holds, counted."""
    pixels = [(x, y) for x in range(SIDE) for y in range(SIDE)]

    def holds(box, x, y):
        return box[0] <= x < box[2] and box[1] <= y < box[3]

    both = sum(holds(a, x, y) and holds(b, x, y) for x, y in pixels)
    either = sum(holds(a, x, y) or holds(b, x, y) for x, y in pixels)
    return both / either


def slow_score(boxes, scores, box, label, mode, threshold):
    best = 0.0
    for proposal, classes in zip(boxes, scores, strict=True):
        if max(classes) >= threshold:
            iou, score = slow_iou(proposal, box), classes[label]
            best = max(best, {"both": iou * score, "box": iou, "class": score}[mode])
    return best


@st.composite
def a_box(draw, least=0):
    x, y = draw(st.tuples(*[st.integers(0, SIDE - 1)] * 2))
    return [x, y, draw(st.integers(x + least, SIDE)), draw(st.integers(y + least, SIDE))]


@st.composite
def a_problem(draw):
    n, n_classes = draw(st.integers(0, 5)), draw(st.integers(1, 3))
    boxes = [draw(a_box()) for _ in range(n)]
    share = st.sampled_from([0.0, 0.25, 0.5, 0.75, 1.0])
    scores = [draw(st.lists(share, min_size=n_classes, max_size=n_classes)) for _ in range(n)]
    label, mode = (
        draw(st.integers(0, n_classes - 1)),
        draw(st.sampled_from(["both", "box", "class"])),
    )
    threshold = draw(st.sampled_from([0.0, 0.5]))
    return boxes, scores, n_classes, draw(a_box(least=1)), label, mode, threshold


@given(a_problem())
def test_the_score_is_that_of_counted_pixels(problem):
    boxes, scores, n_classes, box, label, mode, threshold = problem
    wanted = slow_score(boxes, scores, box, label, mode, threshold)
    for make in (np.asarray, lambda x, t: torch.tensor(np.asarray(x, t))):
        found = Proposals(
            make(np.reshape(boxes, (-1, 4)), np.float64),
            make(np.reshape(scores, (-1, n_classes)), np.float64),
        )
        got = detection_score(found, make(box, np.float64), make(label, int), mode, threshold)
        assert float(got) == pytest.approx(wanted, abs=1e-12)
        assert 0 <= float(got) <= 1


@given(a_box(least=1), a_box())
def test_iou_is_symmetric_one_for_the_same_and_zero_apart(box, other):
    a, b = np.array(box, float), np.array(other, float)
    assert box_iou(b, a) == pytest.approx(slow_iou(other, box))
    assert box_iou(a, a) == 1
    assert box_iou(b, a) == box_iou(a, b)
    assert box_iou(a + np.array([SIDE, 0, SIDE, 0]), a) == 0


@given(a_problem())
def test_one_score_a_proposal_counts_the_other_classes_as_nothing(problem):
    boxes, scores, n_classes, box, label, mode, threshold = problem
    boxes, scores = np.reshape(boxes, (-1, 4)), np.reshape(scores, (-1, n_classes))
    labels, highest = scores.argmax(1), scores.max(1) if len(scores) else np.zeros(0)
    single = Proposals(boxes, highest, labels)
    spread = Proposals(boxes, np.eye(n_classes)[labels] * highest[:, None])
    options = (np.array(box), np.array(label), mode, threshold)
    assert detection_score(single, *options) == detection_score(spread, *options)


def test_many_images_are_scored_as_one_by_one():
    rng = np.random.default_rng(0)
    corner = rng.uniform(0, 50, (4, 7, 2))
    boxes = np.concatenate([corner, corner + rng.uniform(1, 30, (4, 7, 2))], -1)
    scores, labels = rng.uniform(size=(4, 7, 3)), np.array([0, 1, 2, 1])
    both = detection_score(Proposals(boxes, scores), boxes[:, 0], labels)
    for i in range(4):
        alone = detection_score(Proposals(boxes[i], scores[i]), boxes[i, 0], labels[i])
        assert alone == both[i]


def test_detr_softmaxes_with_no_object_or_takes_sigmoids():
    rng = np.random.default_rng(0)
    logits, boxes = rng.normal(size=(2, 5, 4)), rng.uniform(0.2, 0.4, (2, 5, 4))
    outputs = {"logits": logits, "pred_boxes": boxes}
    plain, sigmoid = (DETRProposals(flag)(outputs, (100, 300)) for flag in (True, False))
    shares = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
    np.testing.assert_allclose(plain.scores, shares[..., :3])
    np.testing.assert_allclose(sigmoid.scores, 1 / (1 + np.exp(-logits)))
    x, y, w, h = boxes[1, 2] * [300, 100, 300, 100]
    wanted = [x - w / 2, y - h / 2, x + w / 2, y + h / 2]
    np.testing.assert_allclose(plain.boxes[1, 2], wanted)

    class Output:  # as transformers' ModelOutput, without being a mapping
        pass

    output = Output()
    output.logits, output.pred_boxes = torch.tensor(logits), torch.tensor(boxes)
    np.testing.assert_allclose(DETRProposals()(output, (100, 300)).boxes, plain.boxes)


@pytest.mark.parametrize("objectness", [False, True])
@pytest.mark.parametrize("box_format", ["xyxy", "cxcywh"])
def test_yolo_rows_are_told_apart_by_the_number_of_classes(objectness, box_format):
    rng = np.random.default_rng(0)
    corners = np.array([[10.0, 20, 30, 60], [0, 0, 8, 4]])[None]
    middle, sides = (corners[..., :2] + corners[..., 2:]) / 2, corners[..., 2:] - corners[..., :2]
    given_boxes = corners if box_format == "xyxy" else np.concatenate([middle, sides], -1)
    scores, sure = rng.uniform(size=(1, 2, 3)), rng.uniform(size=(1, 2, 1))
    parts = [given_boxes, *([sure] if objectness else []), scores]
    found = YOLOProposals(3, box_format)(np.concatenate(parts, -1), (64, 64))
    np.testing.assert_allclose(found.boxes, corners)
    np.testing.assert_allclose(found.scores, scores * sure if objectness else scores)


def test_relative_boxes_of_many_proposals_are_refused():
    rows = np.random.default_rng(0).uniform(0.1, 0.4, (1, 12, 7))
    found = YOLOProposals(3)(rows, (64, 64))
    box = np.array([[8.0, 8, 20, 20]])
    with pytest.raises(ValueError, match=r"`detector`.*pixels"):
        check_detection(found.boxes, found.scores, box, None, None)
    pixels = YOLOProposals(3)(rows * ([64] * 4 + [1] * 3), (64, 64))
    check_detection(pixels.boxes, pixels.scores, box, None, None)
    check_detection(found.boxes[:, :9], found.scores[:, :9], box, None, None)


def test_rows_of_ultralytics_are_read_after_a_transpose():
    rng = np.random.default_rng(0)
    outputs = rng.uniform(0.1, 0.9, (2, 4 + 3, 30)) * np.array([64] * 4 + [1] * 3)[:, None]
    found = YOLOProposals(3)(outputs.transpose(0, 2, 1), (64, 64))
    for image, anchor in np.ndindex(2, 30):
        x, y, width, height, *classes = outputs[image, :, anchor]
        wanted = [x - width / 2, y - height / 2, x + width / 2, y + height / 2]
        np.testing.assert_allclose(found.boxes[image, anchor], wanted)
        np.testing.assert_allclose(found.scores[image, anchor], classes)


def test_half_precision_is_read_in_single():
    rows = torch.tensor([[[100.3, 50, 20, 10, 0.5]]], dtype=torch.float16)
    assert YOLOProposals(1)(rows, (200, 200)).boxes.dtype == torch.float32


@pytest.mark.parametrize(
    ("reader", "outputs", "said"),
    [
        (YOLOProposals(80), np.zeros((1, 84, 8400)), "transpose"),
        (YOLOProposals(80), np.zeros((1, 8400, 86)), "`n_classes`"),
        (YOLOProposals(80), np.zeros((1, 84, 84)), "second axis"),
        (YOLOProposals(80), np.zeros((8400, 84)), "`n_classes`"),
        (YOLOProposals(80), {"boxes": 1}, "`detector`"),
        (DETRProposals(), {"logits": np.zeros((1, 5, 3))}, "`pred_boxes`"),
        (DETRProposals(), np.zeros((1, 5, 3)), "`logits`"),
        (DETRProposals(), {"logits": np.zeros((5, 3)), "pred_boxes": np.zeros((5, 4))}, "`logits`"),
        (TorchvisionProposals(), np.zeros((1, 5, 6)), "`detector`"),
        (TorchvisionProposals(), [{"boxes": np.zeros((1, 4))}], "`detector`"),
        (lambda outputs, size: outputs, np.zeros(3), "`proposals`"),
        (YOLOProposals(2), np.zeros((3, 9, 6)), "of 3 images for 2"),
        (lambda outputs, size: Proposals(np.zeros((9, 4)), np.zeros((9, 1))), None, "for 2"),
    ],
)
def test_outputs_of_another_form_are_refused_by_name(reader, outputs, said):
    with pytest.raises((TypeError, ValueError), match=said):
        proposals_of(reader, outputs, (64, 64), 2)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ((np.zeros((3, 5)), np.zeros((3, 2))), "`boxes`"),
        ((np.zeros((3, 4)), np.zeros(3)), "`labels`"),
        ((np.zeros((3, 4)), np.zeros((2, 2))), "`scores`"),
        ((np.zeros((3, 4)), np.zeros((3, 2)), np.zeros(3, int)), "`scores`"),
        ((np.zeros((3, 4)), np.zeros(3), np.zeros(2, int)), "`labels`"),
        (([[0, 0, 1, 1]], np.zeros((1, 2))), "`boxes`"),
    ],
)
def test_proposals_that_do_not_fit_are_refused_by_name(fields, said):
    with pytest.raises((TypeError, ValueError), match=said):
        Proposals(*fields)


def test_options_are_refused_by_name():
    for name, options in (
        ("proposals", ("yolo", "both", 0.0)),
        ("proposals", (YOLOProposals, "both", 0.0)),
        ("mode", ("torchvision", "iou", 0.0)),
        ("threshold", ("torchvision", "both", 1.0)),
    ):
        with pytest.raises((TypeError, ValueError), match=f"`{name}`"):
            DetectionOptions(*options)
