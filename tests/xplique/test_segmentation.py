"""Segmentation under Xplique: as under Captum, and as Xplique's own operator."""

import keras
import numpy as np
import pytest
import tensorflow as tf
import torch
from xplique.commons.operators import semantic_segmentation_operator

import captum_submod
from xplique_submod import LiMA, SegmentationScore, metrics, segmentation_targets

IMAGES = np.random.default_rng(0).uniform(size=(2, 8, 8, 3)).astype("f4")
ZONES = np.zeros((2, 8, 8))
ZONES[0, :4, :4], ZONES[1, 3, 5] = 1, 1
LABELS = np.array([2, 0])
TARGETS = segmentation_targets(ZONES, LABELS, 4)


def network(*last):
    keras.utils.set_random_seed(0)
    layers = [
        keras.layers.Conv2D(6, 3, padding="same", activation="relu"),
        keras.layers.Conv2D(4, 1),
    ]
    return keras.Sequential([keras.Input((8, 8, 3)), *layers, *last])


MODEL = network()
SOFTMAXED = keras.Sequential([MODEL, keras.layers.Softmax()])


@pytest.mark.parametrize("mode", ["probability", "area"])
def test_both_hosts_agree(mode):
    options = {"regions": (2, 2), "search": "greedy"}
    explainer = LiMA(MODEL, operator=SegmentationScore(mode=mode), **options)
    ours = explainer.explain_regions(IMAGES, TARGETS)
    assert not explainer._reader._eager, "traced"

    def model(images):
        return torch.from_numpy(MODEL(images.movedim(1, -1).numpy()).numpy()).movedim(-1, 1)

    score = captum_submod.SegmentationScore(model, mode=mode)
    theirs = captum_submod.LiMA(score, **options).explain(
        torch.from_numpy(IMAGES).movedim(-1, 1).contiguous(),
        additional_forward_args=(torch.from_numpy(ZONES), torch.from_numpy(LABELS)),
    )
    for one, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(one.curves.insertion, other.curves.insertion, atol=1e-5)
        np.testing.assert_array_equal(one.order, other.order)
        assert one.curves.confidence is None


def test_it_is_xplique_s_operator_on_probabilities():
    ours = SegmentationScore(activation="identity")(SOFTMAXED, IMAGES, TARGETS)
    theirs = semantic_segmentation_operator(SOFTMAXED, IMAGES, TARGETS)
    np.testing.assert_allclose(ours, theirs, rtol=1e-5)
    np.testing.assert_allclose(ours, SegmentationScore()(MODEL, IMAGES, TARGETS), rtol=1e-4)
    deletion = metrics.Deletion(MODEL, IMAGES, TARGETS, operator=SegmentationScore(), steps=4)
    assert 0 <= deletion(IMAGES.mean(-1)) <= 1


@pytest.mark.parametrize("traced", [True, False])
@pytest.mark.parametrize(
    ("model", "options", "targets", "said"),
    [
        (SOFTMAXED, {}, TARGETS, "`activation`.*'identity'"),
        (MODEL, {"activation": "identity"}, TARGETS, "`activation`"),
        (MODEL, {}, tf.ones_like(TARGETS), "`targets`.*one class"),
        (MODEL, {}, TARGETS * 0, "`targets`.*one class"),
        (MODEL, {}, TARGETS * 2, "`targets`"),
        (MODEL, {}, TARGETS[..., :3], "`targets`.*4 classes"),
        (MODEL, {}, TARGETS[:, :4], "`zones`.*size"),
        (MODEL, {}, TARGETS[:, 0], "`targets`"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(model, options, targets, said, traced):
    score = SegmentationScore(**options)
    explainer = LiMA(model, operator=score, regions=(2, 2))
    arguments = (IMAGES, targets) if traced else (model, IMAGES, targets)
    with pytest.raises(ValueError, match=said):
        (explainer.explain_regions if traced else score)(*arguments)
