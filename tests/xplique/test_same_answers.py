"""One network, image and regions under Captum and under Xplique: one order."""

import digits_keras
import numpy as np
import pytest
import tensorflow as tf
import torch

import captum_submod
import digits_model
import xplique_submod
from digits_scenes import make_scenes

NEAR_TIE = 1e-4


def assert_same(ours, theirs):
    """Equal orders; or, where they part, candidates that float32 cannot tell apart by their F."""
    if ours.order.tolist() != theirs.order.tolist():
        first = int(np.argmax(ours.order != theirs.order)) + 1
        assert abs(ours.curves.objective[first] - theirs.curves.objective[first]) < NEAR_TIE
        return
    for curve in ("consistency", "collaboration", "confidence", "effectiveness", "objective"):
        assert np.allclose(getattr(ours.curves, curve), getattr(theirs.curves, curve), atol=1e-3)
    assert np.allclose(ours.importance, theirs.importance, atol=1e-3)
    assert (ours.evaluations, ours.model_inputs) == (theirs.evaluations, theirs.model_inputs)


@pytest.fixture(scope="module")
def scenes():
    return make_scenes(3, seed=11)


def test_the_twins_are_one_network(scenes):
    torch_logits = digits_model.load_model()(torch.from_numpy(scenes.images)).numpy()
    keras_logits = digits_keras.load_model()(np.moveaxis(scenes.images, 1, -1)).numpy()
    assert np.abs(torch_logits - keras_logits).max() < 1e-4


CELLS = (4, 4)


@pytest.mark.parametrize(
    ("search", "regions"),
    [
        ("greedy", CELLS),
        ("bidirectional", CELLS),
        ("two_sided", CELLS),
        ("guided", CELLS),
        ("guided", 25),  # superpixels
        ("coarse to fine", (6, 6)),
    ],
)
def test_captum_and_xplique_give_the_same_explanations(scenes, search, regions):
    options = {"search": search, "regions": regions}
    if search == "coarse to fine":
        options = {"regions": regions, "coarse": (3, 3), "max_model_inputs": 288}
    under_captum = captum_submod.LiMA(digits_model.load_model(), **options)
    under_xplique = xplique_submod.LiMA(digits_keras.load_model(), batch_size=48, **options)
    images, labels = torch.from_numpy(scenes.images), torch.from_numpy(scenes.labels)
    one_hot = tf.one_hot(scenes.labels, 10)
    channels_last = np.moveaxis(scenes.images, 1, -1)
    captums = under_captum.explain(images, target=labels, perturbations_per_eval=16)
    xpliques = under_xplique.explain_regions(channels_last, one_hot)
    for ours, theirs in zip(captums, xpliques, strict=True):
        assert np.array_equal(ours.regions, theirs.regions)
        assert_same(ours, theirs)
    assert (
        sum(a.order.tolist() == b.order.tolist() for a, b in zip(captums, xpliques, strict=True))
        >= 2
    )
    painted = under_xplique(channels_last, one_hot)
    assert np.allclose(painted[..., 0], [e.paint() for e in xpliques])


def test_captum_and_xplique_find_the_same_sufficient_regions(scenes):
    options = {"regions": (6, 6), "search": "bidirectional"}
    under_captum = captum_submod.LiMA(digits_model.load_model(), **options)
    under_xplique = xplique_submod.LiMA(digits_keras.load_model(), batch_size=48, **options)
    images, labels = torch.from_numpy(scenes.images), torch.from_numpy(scenes.labels)
    one_hot, channels_last = tf.one_hot(scenes.labels, 10), np.moveaxis(scenes.images, 1, -1)
    explanations = under_captum.explain(images, target=labels, perturbations_per_eval=16)
    asked = {"share": 0.9, "n": 3}
    ours = under_captum.sufficient(images, explanations, target=labels, **asked)
    # The explanations are the core's: those of one host are read by the other.
    theirs = under_xplique.sufficient(channels_last, explanations, one_hot, **asked)
    for here, there in zip(ours, theirs, strict=True):
        assert [one.regions for one in here.sets] == [one.regions for one in there.sets]
        assert np.allclose([s.value for s in here.sets], [s.value for s in there.sets], atol=1e-4)
        assert [s.area for s in here.sets] == [s.area for s in there.sets]
        assert (here.score, here.model_inputs) == (there.score, there.model_inputs)
    own = under_xplique.explain_regions(channels_last, one_hot)
    assert all(one.sets for one in under_xplique.sufficient(channels_last, own, one_hot))


def test_sufficient_regions_of_a_target_of_features_are_the_same(scenes):
    options = {"feature_target": True, "patches": (4, 4), "weights": {"consistency": 1}}
    under_captum = captum_submod.SMDL(digits_model.load_model(), **options)
    under_xplique = xplique_submod.SMDL(digits_keras.load_model(), **options)
    images, channels_last = torch.from_numpy(scenes.images), np.moveaxis(scenes.images, 1, -1)
    explanations = under_captum.explain(images)
    ours = under_captum.sufficient(images, explanations, share=0.9)
    theirs = under_xplique.sufficient(channels_last, explanations, share=0.9)
    assert [one.sets[0].regions for one in ours] == [one.sets[0].regions for one in theirs]


def test_explanations_of_other_inputs_are_refused(scenes):
    explainer = xplique_submod.LiMA(digits_keras.load_model(), regions=(4, 4), search="singletons")
    channels_last, one_hot = np.moveaxis(scenes.images, 1, -1), tf.one_hot(scenes.labels, 10)
    explanations = explainer.explain_regions(channels_last, one_hot)
    for inputs, given in (
        (channels_last[::-1], explanations),
        (channels_last[:, :32], explanations),
        (channels_last, explanations[:2]),
    ):
        with pytest.raises(ValueError, match="`explanations`"):
            explainer.sufficient(inputs, given, one_hot)
