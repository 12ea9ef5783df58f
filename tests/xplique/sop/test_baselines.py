"""Baselines of sums of parts under Xplique: those that they are under Captum."""

import numpy as np
import pytest
import tensorflow as tf
import torch
from reference import sop_baseline

import captum_submod
from submod_core.regions import Layout, named_baselines
from xplique_submod import SelfAttributing, SumOfParts
from xplique_submod.sop import fit

pytestmark = pytest.mark.usefixtures("eagerly")

layers = tf.keras.layers
BASELINES = [0.25, (0.1, 0.5, 0.9), "blur", "channel_mean", "random_colour"]
each = pytest.mark.parametrize("baseline", BASELINES, ids=str)
X = np.random.default_rng(0).random((3, 8, 12, 3), "float32")
Y = np.array([0, 1, 2])


def backbone(seed=0):
    tf.keras.utils.set_random_seed(seed)
    convolution = layers.Conv2D(4, 3, padding="same", activation="tanh")
    body = [convolution, layers.AveragePooling2D(4), layers.Flatten(), layers.Dense(3)]
    return tf.keras.Sequential([tf.keras.Input(X.shape[1:]), *body])


def made(example=X[:1], **options):
    return SumOfParts(
        backbone(), example, **{"features": 4, "groups": 4, "batch_size": 5} | options
    )


def twin(**options):
    """A model of the same masking under Captum."""
    body = torch.nn.Conv2d(3, 4, 3, padding=1), torch.nn.AvgPool2d(4), torch.nn.Flatten()
    network = torch.nn.Sequential(*body, torch.nn.Linear(24, 3))
    options = {"features": 4, "groups": 4, "batch_size": 5} | options
    return captum_submod.SumOfParts(network, channels_first(X[:1]), **options)


def channels_first(images):
    return torch.from_numpy(np.moveaxis(np.asarray(images), -1, 1).copy())


def composed(sop, images, masks):
    """The masked inputs (N, m, …) that the backbone is shown."""
    images, masking = tf.constant(images), sop.masking
    labels = masking.labels_of(images, None)
    options = masking.words(labels), sop.settings.continuous
    count, make = masking.batches(images, tf.constant(masks), labels, *options)
    batches = tf.concat([make(tf.constant(k)) for k in range(int(count))], 0)
    return batches.numpy().reshape(*masks.shape[:2], *images.shape[1:])


@each
@pytest.mark.parametrize("continuous", [False, True])
def test_masked_inputs_are_those_of_captum_and_of_the_reference(baseline, continuous):
    options = {"baseline": baseline, "continuous": continuous}
    ours, theirs = made(**options), twin(**options)
    masks = np.random.default_rng(1).random((3, 4, 6), "float32")
    masks = masks if continuous else masks.round()
    found = composed(ours, X, masks)

    images = channels_first(X)
    labels = theirs.masking.labels_of(images, None)
    answers = theirs.masking.answers(
        lambda batch: batch.clone(), images, torch.from_numpy(masks), labels, continuous
    )
    captums = torch.cat(list(answers)).unflatten(0, masks.shape[:2]).movedim(2, -1)
    np.testing.assert_allclose(found, captums, atol=1e-6)

    for image, groups, row in zip(X, masks, found, strict=True):
        replaced = sop_baseline(baseline, image.astype("float64"), X[0])
        for group, one in zip(groups, row, strict=True):
            share = group[ours.masking.labels][..., None]
            np.testing.assert_allclose(one, share * image + (1 - share) * replaced, atol=1e-6)


def test_a_blur_is_limas():
    nothing = composed(made(baseline="blur"), X, np.zeros((3, 1, 6), "float32"))[:, 0]
    lima = named_baselines("blur", X, Layout("NHWC"), "baseline")
    np.testing.assert_allclose(nothing, lima, atol=1e-6)


@each
def test_contributions_sum_to_the_prediction_eagerly_and_in_a_graph(baseline):
    sop = made(baseline=baseline)
    logits = sop(X).numpy()
    for one, row in zip(sop.explain(X), logits, strict=True):
        np.testing.assert_allclose(one.contributions.sum(0), row, atol=1e-5)
    np.testing.assert_allclose(tf.function(sop)(tf.constant(X)), logits, atol=1e-5)
    np.testing.assert_allclose(sop(X[:2]), logits[:2], atol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("baseline", [(0.1, 0.5, 0.9), "random_colour"], ids=str)
def test_it_trains_and_is_saved_and_loaded_with_the_model(baseline, tmp_path):
    sop = made(baseline=baseline)
    sop.compile("adam")
    sop.fit(X, Y, verbose=0)
    sop.save(tmp_path / "sop.keras")
    again = tf.keras.models.load_model(tmp_path / "sop.keras")
    assert again.baseline == sop.baseline == baseline
    np.testing.assert_array_equal(again(X), sop(X))
    if baseline == "random_colour":  # of the example that it was made with, and trained by nobody
        draws = X[0].min((0, 1)), X[0].max((0, 1))
        np.testing.assert_allclose(again.colour, np.random.default_rng(0).uniform(*draws))
        sop.save_weights(tmp_path / "one.weights.h5")
        other = made(X[1:2], baseline=baseline)
        other.load_weights(tmp_path / "one.weights.h5")
        np.testing.assert_array_equal(other(X), sop(X))


@pytest.mark.slow
def test_another_baseline_on_resume_is_refused_by_name(tmp_path):
    run = {"epochs": 1, "batch_size": 3, "lr": 1e-2, "verbose": False}
    colour, file = {"baseline": "random_colour"}, tmp_path / "run"
    fit(made(**colour), X, Y, **run, checkpoint=file)
    others = [{"baseline": 0.0}, {"baseline": "blur"}, {"baseline": (0.1, 0.5, 0.9)}]
    for other in (*others, colour | {"example": X[1:2]}):  # another colour, the last
        with pytest.raises(ValueError, match="is of another run: model: baseline was "):
            fit(made(**other), X, Y, **run, checkpoint=file)
    losses = fit(made(**colour), X, Y, **run | {"epochs": 2}, checkpoint=file)
    assert losses == fit(made(**colour), X, Y, **run | {"epochs": 2})


@pytest.mark.slow
@pytest.mark.parametrize("baseline", ["blur", "random_colour"])
def test_it_goes_with_what_is_exported(baseline, tmp_path):
    sop = made(baseline=baseline)
    sop.export(tmp_path / "sop", verbose=False)
    exported = tf.saved_model.load(tmp_path / "sop")
    np.testing.assert_allclose(exported.serve(X), sop(X), atol=1e-5)


def test_gradients_reach_the_inputs_through_a_blur():
    sop = made(baseline="blur", continuous=True)
    with tf.GradientTape() as tape:
        x = tf.constant(X[:1])
        tape.watch(x)
        logit = sop(x)[0, 1]
    slope = tape.gradient(logit, x).numpy()
    step = np.zeros_like(X[:1])
    step[0, 3, 4, 1] = 1e-2
    wanted = float((sop(X[:1] + step) - sop(X[:1] - step))[0, 1]) / 2e-2
    assert slope[0, 3, 4, 1] == pytest.approx(wanted, rel=2e-2, abs=1e-4)


def test_half_precision_and_models_of_one_group():
    before = tf.keras.config.dtype_policy()
    tf.keras.config.set_dtype_policy("mixed_float16")
    try:
        for baseline in BASELINES[1:]:
            sop = made(baseline=baseline)
            assert np.isfinite(sop(X)).all()
    finally:
        tf.keras.config.set_dtype_policy(before)
    model = backbone()
    one = SelfAttributing(
        model, lambda x, y: x, X[:1], features=4, top=1.0, baseline="channel_mean"
    )
    means = np.broadcast_to(X.mean((1, 2), keepdims=True), X.shape)
    np.testing.assert_allclose(one.without(X), model(means), atol=1e-5)


@pytest.mark.parametrize(
    ("baseline", "example", "said"),
    [
        ("noise", X[:1], "must be a finite number, one for each channel, or"),
        ([1.0, 2.0], X[:1], "3 channels"),
        ([1.0, 2.0, float("nan")], X[:1], "holds NaN"),
        ("blur", X[:1, 0], "is for images"),
    ],
    ids=str,
)
def test_those_that_do_not_fit_are_refused(baseline, example, said):
    with pytest.raises(ValueError, match=f"`baseline` .*{said}"):
        made(example, baseline=baseline)
