"""Detection under Xplique: as under Captum, as Xplique's own operator, traced and eagerly."""

import detect_digits
import numpy as np
import pytest
import tensorflow as tf
import torch
from xplique.commons.operators import object_detection_operator

import captum_submod
from submod_core.scores import DETRProposals, Proposals, YOLOProposals
from xplique_submod import DetectionScore, LiMA, detection_targets, metrics


class Ported(tf.Module):
    """The detector of `detect_digits` with the same weights."""

    def __init__(self, detector):
        super().__init__()
        layers = [*detector.convs, detector.around, detector.head]
        self.weights = [
            (tf.constant(one.weight.numpy().transpose(2, 3, 1, 0)), tf.constant(one.bias.numpy()))
            for one in layers
        ]

    def __call__(self, x):
        for i, (kernel, bias) in enumerate(self.weights):
            x = tf.nn.conv2d(x, kernel, 1, "SAME") + bias
            x = x if i == 5 else tf.nn.relu(x)
            x = tf.nn.max_pool2d(x, 2, 2, "SAME") if i < 3 else x
        rows = tf.reshape(x, (-1, 64, 14))
        steps = tf.range(4.0, 64, 8)
        middles = tf.reshape(tf.stack(tf.meshgrid(steps, steps), -1), (-1, 2))
        middle = middles + 8 * tf.tanh(rows[..., :2] + 3)
        half = 12 * tf.exp(0.5 * tf.tanh(rows[..., 2:4] + 3))
        return tf.concat([middle - half, middle + half, tf.sigmoid(rows[..., 4:])], -1)


@pytest.mark.slow
def test_both_hosts_order_the_regions_alike():
    detector = detect_digits.train(scenes=200, epochs=4)
    pairs = detect_digits.make_pairs(3, seed=5)
    images, ported = np.moveaxis(pairs.images, 1, -1), Ported(detector)
    with torch.no_grad():
        rows = detector(torch.from_numpy(pairs.images)).numpy()
    np.testing.assert_allclose(ported(images).numpy(), rows, rtol=1e-4, atol=1e-4)
    boxes, labels = pairs.boxes[:, 0], pairs.labels[:, 0]
    options = {"regions": (4, 4), "search": "singletons"}
    score = captum_submod.DetectionScore(detector, detect_digits.READER)
    ours = captum_submod.LiMA(score, **options).explain(
        torch.from_numpy(pairs.images),
        additional_forward_args=(torch.from_numpy(boxes), torch.from_numpy(labels)),
        perturbations_per_eval=16,
    )
    explainer = LiMA(ported, operator=DetectionScore(detect_digits.READER), **options)
    theirs = explainer.explain_regions(images, detection_targets(boxes, labels, 10))
    assert not explainer._reader._eager, "traced, with the checks inside of the graph"
    for one, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(other.curves.insertion, one.curves.insertion, atol=1e-4)
        np.testing.assert_array_equal(other.order, one.order)
        assert other.curves.confidence is None


def rows_of_one_class(rng, n=3, p=6, n_classes=4):
    corner = rng.uniform(0, 50, (n, p, 2))
    boxes = np.concatenate([corner, corner + rng.uniform(5, 30, (n, p, 2))], -1)
    classes = np.eye(n_classes)[rng.integers(n_classes, size=(n, p))]
    rows = [boxes, rng.uniform(size=(n, p, 1)), classes]
    return tf.constant(np.concatenate(rows, -1), tf.float32)


def test_it_is_xplique_s_operator_where_each_proposal_has_one_class():
    rng = np.random.default_rng(0)
    rows = rows_of_one_class(rng)
    reader, inputs = YOLOProposals(4, "xyxy"), tf.zeros((3, 64, 64, 3))
    near = tf.constant([2.0, -1, 1, 2, 0, 0, 0, 0, 0])
    targets = rows[:, 0] + near
    ours = DetectionScore(reader)(lambda x: rows, inputs, targets)
    theirs = object_detection_operator(tf.function(lambda x: rows), inputs, targets)
    assert float(tf.reduce_min(ours)) > 0
    np.testing.assert_allclose(ours, theirs, rtol=2e-3)
    place = DetectionScore(reader, mode="box")(lambda x: rows, inputs, targets)
    theirs = object_detection_operator(
        tf.function(lambda x: rows),
        inputs,
        targets,
        include_detection_probability=False,
        include_classification_score=False,
    )
    np.testing.assert_allclose(place, theirs, rtol=2e-3)
    short = DetectionScore(reader, mode="box")(lambda x: rows, inputs, targets[:, :4])
    np.testing.assert_array_equal(place, short)


def test_the_core_gives_the_same_on_every_framework():
    rng = np.random.default_rng(1)
    logits = rng.normal(size=(2, 5, 4)).astype("f4")
    boxes = rng.uniform(0.3, 0.5, (2, 5, 4)).astype("f4")
    explained, labels = np.array([[5, 9, 40, 30], [20, 5, 60, 40]], "f4"), np.array([2, 0])
    images = torch.zeros(2, 3, 48, 64)
    for flag in (True, False):
        reader = DETRProposals(flag)
        ours = captum_submod.DetectionScore(
            lambda x: {"logits": torch.tensor(logits), "pred_boxes": torch.tensor(boxes)}, reader
        )(images, torch.tensor(explained), torch.tensor(labels))
        theirs = DetectionScore(reader)(
            lambda x: {"logits": tf.constant(logits), "pred_boxes": tf.constant(boxes)},
            tf.zeros((2, 48, 64, 3)),
            detection_targets(explained, labels, 3 if flag else 4),
        )
        np.testing.assert_allclose(theirs.numpy(), ours.numpy(), rtol=1e-5)


class Constant(tf.Module):
    def __init__(self, row):
        super().__init__()
        self.row = tf.constant([[row]], tf.float32)

    def __call__(self, x):
        return self.row + tf.reduce_sum(0 * x, (1, 2, 3))[:, None, None]


IMAGES = tf.random.stateless_uniform((2, 8, 8, 3), (0, 0))
TARGETS = detection_targets([[0, 0, 4, 4]] * 2, [0, 0], 1)


@pytest.mark.parametrize(
    ("row", "said"),
    [([9, 9, 4, 4, 0.5], "format"), ([0, 0, 4, 4, -3], "score"), ([0, 0, 4, 4, 7], "score")],
)
@pytest.mark.parametrize("traced", [True, False])
def test_outputs_that_cannot_be_boxes_or_probabilities_are_refused(row, said, traced):
    model = Constant(row) if traced else Constant(row).__call__
    lima = LiMA(model, operator=DetectionScore(YOLOProposals(1, "xyxy")), regions=(2, 2))
    with pytest.raises(ValueError, match=f"^`detector`.*{said}"):
        lima.explain_regions(IMAGES, TARGETS)


@pytest.mark.parametrize(
    ("targets", "said"),
    [
        (TARGETS[:, :4], "`targets`"),
        (TARGETS[:, :5], "`targets`"),
        (tf.zeros((2, 6)), "`targets`"),
        (detection_targets([[0, 0, 4, 4]] * 2, [0, 0], 3), "`targets`"),
        (TARGETS + tf.constant([9.0, 0, 0, 0, 0, 0]), "`boxes`"),
        (TARGETS[:, None], "`targets`"),
    ],
)
def test_targets_of_another_form_are_refused_by_name(targets, said):
    score = DetectionScore(YOLOProposals(1, "xyxy"))
    with pytest.raises(ValueError, match=said):
        score(Constant([0, 0, 4, 4, 0.5]), IMAGES, targets)


def test_a_list_for_each_image_and_metrics():
    def detector(images):
        light = tf.reduce_mean(images, (1, 2, 3)).numpy()
        box, none = np.array([[0.0, 0, 4, 4]]), np.zeros((0, 4))
        return [
            Proposals(*map(tf.constant, ((box, [[value]]) if value > 0.1 else (none, none[:, :1]))))
            for value in light
        ]

    score = DetectionScore(lambda outputs, size: outputs)
    lima = LiMA(detector, operator=score, regions=(2, 2))
    found = lima.explain_regions(IMAGES, TARGETS)
    assert found[0].curves.insertion[0] == 0
    assert found[0].curves.insertion[-1] == pytest.approx(
        float(tf.reduce_mean(IMAGES[0])), rel=1e-5
    )
    value = metrics.Deletion(detector, IMAGES, TARGETS, operator=score, steps=4)(
        lima(IMAGES, TARGETS)
    )
    assert 0 <= value <= 1
