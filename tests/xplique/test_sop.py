"""Sum-of-Parts under Xplique: the function that it is under Captum, as a Keras model."""

import inspect

import digits_keras
import numpy as np
import pytest
import tensorflow as tf
import torch
from comparing import check_same_groups
from hypothesis import given, settings
from hypothesis import strategies as st
from soak.amounts import FULL, combined
from xplique.attributions import Saliency

import captum_submod
import digits_model
from digits_scenes import make_scenes
from submod_core.sop import GroupExplanation, training
from xplique_submod import SelfAttributing, SumOfParts, SumOfPartsAttribution, metrics
from xplique_submod.sop import fit

pytestmark = pytest.mark.usefixtures("eagerly")

layers = tf.keras.layers


def small_net(seed=0, noisy=False):
    tf.keras.utils.set_random_seed(seed)
    body = [
        layers.Conv2D(6, 3, padding="same", activation="tanh"),
        layers.MaxPool2D(3),
        layers.Flatten(),
    ]
    if noisy:
        body = [
            layers.Conv2D(6, 3, padding="same"),
            layers.BatchNormalization(),
            layers.Dropout(0.5),
            *body[1:],
        ]
    return tf.keras.Sequential([tf.keras.Input((12, 12, 3)), *body, layers.Dense(5)])


def random_images(n=3, seed=0):
    return np.random.default_rng(seed).random((n, 12, 12, 3), "float32")


def small_sop(**options):
    return SumOfParts(small_net(), random_images(1), **({"features": 3, "groups": 6} | options))


@settings(max_examples=20 if FULL else 5)
@given(
    seed=st.integers(0, 10_000),
    dtype=st.sampled_from(["float32", "float64"]),
    groups=st.integers(1, 25),
    top=st.floats(0.01, 1),
    heads=st.integers(1, 3),
    continuous=st.booleans(),
)
def test_contributions_sum_to_the_logits(seed, dtype, groups, top, heads, continuous):
    before = tf.keras.config.dtype_policy()
    tf.keras.config.set_dtype_policy(dtype)
    try:
        images = random_images(2, seed).astype(dtype)
        options = {"groups": groups, "heads": min(heads, groups), "continuous": continuous}
        sop = SumOfParts(small_net(seed), images[:1], features=3, **options)
        logits = sop(images, top=top).numpy()
        explanations = sop.explain(images, top=top)
    finally:
        tf.keras.config.set_dtype_policy(before)
    for one, row in zip(explanations, logits, strict=True):
        scale = np.abs(one.contributions).sum(0).max()
        assert (
            np.abs(one.contributions.sum(0) - row).max()
            <= (1e-5 if dtype == "float32" else 1e-12) * scale
        )
        np.testing.assert_allclose(one.scores.sum(0), 1, atol=1e-5)


TWINS = [
    {"features": 8, "blur": 3},
    {"features": 4, "heads": 3, "positions": 1.0, "top": 0.35},
    {"features": 8, "groups": 5, "beta": 0.2, "baseline": 0.3},
    {"features": 8, "continuous": True},
]


class Relu(torch.nn.Module):
    """The output of the Keras twin's third layer for each patch, its activation included."""

    def __init__(self, model, side):
        super().__init__()
        self.layers, self.pool = list(model.convs[:3]), torch.nn.AvgPool2d(side // 4)

    def forward(self, x):
        first, second, third = self.layers
        x = torch.max_pool2d(torch.relu(first(x)), 2)
        x = torch.max_pool2d(torch.relu(second(x)), 2)
        return self.pool(torch.relu(third(x))).flatten(2).transpose(1, 2)


@pytest.mark.parametrize("options", TWINS, ids=str)
def test_captum_and_xplique_give_the_same_groups_and_scores(options):
    scenes, model = make_scenes(2, seed=11), digits_model.load_model()
    images, channels_last = torch.from_numpy(scenes.images), np.moveaxis(scenes.images, 1, -1)
    encoder = Relu(model, options["features"])
    ours = captum_submod.SumOfParts(model, images[:1], encoder=encoder, **options)
    theirs = SumOfParts(
        digits_keras.load_model(), channels_last[:1], layer="conv_2", batch_size=48, **options
    )
    rng = np.random.default_rng(0)
    for name in ("query", "key", "class_query", "group_key"):
        moved = getattr(theirs, name).numpy() + 0.02 * rng.normal(size=getattr(theirs, name).shape)
        getattr(theirs, name).assign(moved)
        getattr(ours, name).data.copy_(torch.from_numpy(moved))
    for one, other in zip(ours.explain(images), theirs.explain(channels_last), strict=True):
        np.testing.assert_allclose(one.groups.astype(float), other.groups.astype(float), atol=1e-5)
        np.testing.assert_allclose(one.scores, other.scores, atol=1e-4)
        np.testing.assert_allclose(one.logits, other.logits, atol=1e-4)
    loss = ours.training_loss(images, torch.from_numpy(scenes.labels))
    assert loss.item() == pytest.approx(
        float(theirs.training_loss(channels_last, scenes.labels)), abs=1e-4
    )
    a = captum_submod.metrics.grown_insertion(ours, images[:1])
    np.testing.assert_allclose(a, metrics.grown_insertion(theirs, channels_last[:1]), atol=2e-3)


@pytest.mark.graph
def test_eagerly_in_a_graph_and_in_other_batches_it_is_one_function():
    images, sop = random_images(), small_sop()
    wanted = sop(images).numpy()
    np.testing.assert_allclose(sop((images, sop.masking.labels[None])), wanted, atol=1e-5)
    np.testing.assert_allclose(
        tf.function(lambda x: sop(x))(tf.constant(images)), wanted, atol=1e-5
    )
    np.testing.assert_allclose(sop.predict(images, batch_size=2, verbose=0), wanted, atol=1e-5)
    segments = np.stack([np.arange(144).reshape(12, 12) // size for size in (9, 16, 30)])[
        np.arange(len(images)) % 3
    ]
    in_a_graph = tf.function(lambda x, mask: sop((x, mask)))(
        tf.constant(images), tf.constant(segments)
    )
    np.testing.assert_allclose(in_a_graph, sop((images, segments)), atol=1e-5)
    for size in (1, 7, 1000) if FULL else (7,):
        other = small_sop(batch_size=size)
        np.testing.assert_allclose(other(images), wanted, atol=1e-5)


@pytest.mark.parametrize("batch_size", [1, 2, 1000])
def test_explanations_do_not_depend_on_the_batch(batch_size):
    images, sop, other = random_images(3), small_sop(), small_sop(batch_size=batch_size)
    segments = np.arange(144).reshape(12, 12) // np.array([9, 16, 30])[:, None, None]
    for mask in (None, segments):
        check_same_groups(other.explain(images, mask), sop.explain(images, mask), atol=1e-5)
    with pytest.raises(ValueError, match="feature_mask"):
        other.explain(images, segments[:2])


def test_no_inputs_give_no_outputs():
    sop = small_sop()
    assert sop(random_images(1)[:0]).shape == (0, 5)
    assert sop.explain(random_images(1)[:0]) == []


@pytest.mark.parametrize(
    ("n_inputs", "n_groups", "sizes"), [(3, 6, [6, 6, 6]), (1, 11, [6, 5]), (2, 4, [8])]
)
def test_masked_inputs_are_shared_out_evenly_among_batches(n_inputs, n_groups, sizes):
    images, masking = tf.constant(random_images(n_inputs)), small_sop(batch_size=8).masking
    labels = masking.labels_of(images, None)
    masks = (
        np.random.default_rng(0).integers(0, 2, (n_inputs, n_groups, masking.n)).astype(np.float32)
    )
    count, batch = masking.batches(images, tf.constant(masks), labels, masking.words(labels))
    batches = [batch(tf.constant(k)).numpy() for k in range(int(count))]
    assert [len(each) for each in batches] == sizes
    kept = masks[..., masking.labels].reshape(-1, *masking.labels.shape, 1) > 0
    wanted = np.where(kept, np.repeat(images, n_groups, axis=0), masking.baseline)
    np.testing.assert_array_equal(np.concatenate(batches), wanted)


@pytest.mark.parametrize("finetune", [pytest.param(False, marks=pytest.mark.graph), True])
def test_fit_trains_the_attentions_and_leaves_the_backbone_alone(finetune):
    backbone, images = small_net(noisy=True), random_images(16)
    before = [weight.numpy() for weight in backbone.weights]
    sop = SumOfParts(backbone, images[:1], features=3, groups=5, finetune=finetune)
    frozen = [weight.numpy() for weight in sop.backbone.weights]
    start = [weight.numpy() for weight in sop.trainable_variables]
    names = {weight.name for weight in sop.trainable_variables}
    assert {"query", "key", "class_weights", "class_query", "group_key"} <= names
    sop.compile(tf.keras.optimizers.AdamW(1e-2), metrics=["accuracy"])
    history = sop.fit(images, np.arange(16) % 5, epochs=3, batch_size=8, verbose=0)
    assert set(history.history) == {"accuracy", "loss"}
    assert history.history["loss"][-1] < history.history["loss"][0]
    assert set(sop.evaluate(images, np.arange(16) % 5, verbose=0, return_dict=True)) == {
        "accuracy",
        "loss",
    }
    for weight, value in zip(sop.backbone.weights, frozen, strict=True):
        np.testing.assert_array_equal(weight, value)
    for weight, value in zip(backbone.weights, before, strict=True):
        np.testing.assert_array_equal(weight, value)
    assert backbone.trainable
    moved = [np.any(w.numpy() != v) for w, v in zip(sop.trainable_variables, start, strict=True)]
    assert sum(moved) >= (6 if finetune else 5)


def test_killed_in_the_middle_and_resumed_it_ends_where_an_uninterrupted_run_does(
    tmp_path, monkeypatch
):
    images, labels = random_images(20), np.arange(20) % 5
    options = {"epochs": 2, "batch_size": 6, "lr": 1e-2, "seed": 3, "verbose": False}
    whole, killed, resumed = small_sop(), small_sop(), small_sop()
    losses = fit(whole, images, labels, **options)
    written = training._write

    def write_and_die(*arguments):
        written(*arguments)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(training, "_write", write_and_die)
        with pytest.raises(KeyboardInterrupt):
            fit(
                killed,
                images,
                labels,
                **options,
                checkpoint=tmp_path / "run.npz",
                checkpoint_every=3,
            )
    again = fit(
        resumed, images, labels, **options, checkpoint=tmp_path / "run.npz", checkpoint_every=3
    )
    np.testing.assert_allclose(again, losses, atol=1e-6)
    for one, other in zip(whole.weights, resumed.weights, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)
    assert not np.allclose(whole.query, killed.query)


@pytest.mark.parametrize(
    "options", [{"blur": 3}, {"continuous": True}, {"positions": 1.0}], ids=str
)
def test_mixed_precision_trains(options):
    before = tf.keras.config.dtype_policy()
    tf.keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        sop, images = small_sop(**options), random_images(8)
        assert np.isfinite(fit(sop, images, np.arange(8) % 5, lr=1e-3, verbose=False)).all()
        one = sop.explain(images)[0]
        np.testing.assert_allclose(one.contributions.sum(0), one.logits, atol=1e-5)
    finally:
        tf.keras.config.set_dtype_policy(before)


def test_regression_trains():
    images = random_images(16)
    values = np.repeat(images.mean((1, 2, 3))[:, None], 5, axis=1)
    sop = small_sop()
    sop.compile(tf.keras.optimizers.AdamW(1e-2))
    losses = sop.fit(images, values, epochs=3, batch_size=16, verbose=0).history["loss"]
    assert losses[-1] < losses[0]


@pytest.mark.parametrize(
    "options", [{"blur": 3}, {"finetune": True}, {"features": np.eye(12, dtype=int)}], ids=str
)
def test_a_keras_file_restores_the_identical_function(options, tmp_path):
    sop, images = small_sop(**options), random_images()
    sop.query.assign_add(0.1 * tf.random.stateless_uniform(sop.query.shape, (1, 2)))
    sop.save(tmp_path / "sop.keras")
    again = tf.keras.models.load_model(tmp_path / "sop.keras")
    np.testing.assert_array_equal(again(images), sop(images))
    np.testing.assert_array_equal(again.rows.numpy(), sop.rows.numpy())
    assert again.settings == sop.settings


@pytest.mark.graph
def test_features_may_differ_from_input_to_input():
    sop, images = small_sop(), random_images()
    masks = np.stack([np.arange(144).reshape(12, 12) // size for size in (12, 24, 36)])
    together = sop((images, masks)).numpy()
    for image, mask, row in zip(images, masks, together, strict=True):
        np.testing.assert_allclose(sop(image[None], mask[None])[0], row, atol=1e-5)
    assert [one.groups.shape[1] for one in sop.explain(images, masks)] == [12, 6, 4]
    sop.compile("adam")
    sop.fit((images, masks), np.array([0, 1, 2]), verbose=0)


def test_tokens_and_subclassed_backbones():
    class Tokens(tf.keras.Model):
        def __init__(self):
            super().__init__()
            self.embedding, self.head = layers.Embedding(20, 6), layers.Dense(3)

        def call(self, ids):
            hidden = tf.tanh(tf.reduce_sum(self.embedding(ids), 1))
            return self.head(hidden), hidden

    backbone, ids = Tokens(), np.array([[3, 4, 5, 6], [7, 8, 9, 10]])
    backbone(ids)
    encoder = tf.keras.Sequential([tf.keras.Input((4,), dtype="int64"), layers.Embedding(20, 5)])
    weights = backbone.head.kernel.numpy().T
    sop = SumOfParts(backbone, ids[:1], encoder=encoder, class_weights=weights, groups=4, top=0.5)
    assert sop.explain(ids)[0].groups.sum(1).tolist() == [2] * 4
    with pytest.raises(ValueError, match="`class_weights`"):
        SumOfParts(backbone, ids[:1], encoder=encoder)
    with pytest.raises(ValueError, match="`encoder`"):
        SumOfParts(backbone, ids[:1], class_weights=weights)


def test_self_attributing_models_see_their_top_features_alone():
    model, images = small_net(), random_images()
    one = SelfAttributing(model, Saliency(model), images[:1], features=3, top=0.25)
    logits = one(images)
    for explanation, image, row in zip(one.explain(images), images, logits, strict=True):
        assert explanation.groups.sum() == 4
        keep = explanation.groups[0][explanation.regions]
        np.testing.assert_allclose(model((image * keep[..., None])[None])[0], row, atol=1e-5)
    np.testing.assert_allclose(one(images, top=1.0), model(images), atol=1e-5)
    np.testing.assert_allclose(one.without(images, top=1.0), model(images * 0), atol=1e-5)
    vectors = tf.keras.Sequential([tf.keras.Input((6,)), layers.Dense(3)])
    x = np.random.default_rng(0).random((2, 6), "float32")
    assert (
        SelfAttributing(vectors, Saliency(vectors), x[:1], top=0.5).explain(x)[0].groups.sum() == 3
    )


def test_self_attributing_models_are_compiled_once(monkeypatch):
    warned = []
    monkeypatch.setattr(tf.get_logger(), "warning", lambda *text: warned.append(text))
    model, images = small_net(), random_images()
    one = SelfAttributing(model, lambda *_: images.mean(-1), images[:1], features=3)
    for _ in range(6):
        one(images)
    assert not warned, "TensorFlow warns of what it traces at every call"


def test_attribution_is_complete_and_goes_into_the_metrics():
    sop, images = small_sop(), random_images()
    one_hot = tf.one_hot([0, 3, 1], 5)
    painted = SumOfPartsAttribution(sop, batch_size=2)(images, one_hot)
    assert painted.shape == (3, 12, 12, 1)
    logits = sop(images).numpy()
    for i, target in enumerate((0, 3, 1)):
        assert painted.numpy()[i, ::3, ::3].sum() == pytest.approx(logits[i, target], abs=1e-4)
    steps = [one.reveal_order(t) for one, t in zip(sop.explain(images), (0, 3, 1), strict=True)]
    model = small_net()
    assert metrics.Insertion(model, images, one_hot, activation="softmax").per_example(
        steps
    ).shape == (3,)


def test_metrics_of_models_that_sum_groups():
    sop, images = small_sop(), random_images()
    predicted = np.argmax(sop(images, top=1.0), axis=1)
    wrong = np.where(np.arange(3) == 1, (predicted + 1) % 5, predicted)
    deleted = metrics.grown_deletion(sop, images, labels=wrong)
    assert deleted[1] == 1
    np.testing.assert_allclose(metrics.grown_deletion(sop, images)[[0, 2]], deleted[[0, 2]])
    assert metrics.errors_by_sparsity(sop, images, predicted, [1.0]).tolist() == [0]


@pytest.mark.graph
@pytest.mark.parametrize(
    ("probe", "shape"), combined(["convolution", "linear", "transformer"], [(8, 8), (64,)]), ids=str
)
def test_each_probe_reads_labels_off_masks_that_hold_them(probe, shape):
    rng = np.random.default_rng(0)
    labels = rng.integers(2, size=80)
    shares = np.where(labels, 0.95, 0.05)[:, None]
    groups = (np.arange(64) // 8 < 4) == (rng.random((80, 64)) < shares)
    ones, regions = np.ones((1, 1)), np.arange(64).reshape(shape)
    telling = [GroupExplanation(regions, group[None], ones, ones, np.ones(1)) for group in groups]
    assert metrics.probing_accuracy(telling, labels, probe=probe, epochs=20) > 0.9


def test_arguments_are_attributes_and_the_repr_shows_those_that_differ():
    images, shown = random_images(1), "<Sequential>, <EagerTensor of shape (1, 12, 12, 3)>"
    sop = SumOfParts(small_net(), images, features=3, groups=6, blur=3)
    assert repr(sop) == f"SumOfParts({shown}, features=3, groups=6, blur=3)"
    single = SelfAttributing(small_net(), max, images, features=3, top=0.5)
    assert (
        repr(single) == f"SelfAttributing({shown.replace(',', ', max,', 1)}, features=3, top=0.5)"
    )
    explainer = SumOfPartsAttribution(sop, batch_size=2)
    assert repr(explainer) == "SumOfPartsAttribution(<SumOfParts>, batch_size=2)"
    for made in (sop, single, explainer):
        names = set(inspect.signature(type(made).__init__).parameters) - {"self", "kwargs"}
        assert {name for name in names if not hasattr(made, name)} == set()
    with pytest.raises(AttributeError, match="`top`"):
        sop.top = 0.5


X = np.zeros((1, 12, 12, 3), "float32")


@pytest.mark.parametrize(
    ("call", "kind", "named"),
    [
        (lambda: SumOfParts(lambda x: x, X), TypeError, "backbone"),
        (lambda: SumOfParts(small_net(), np.zeros(3)), TypeError, "example_inputs"),
        (lambda: SumOfParts(small_net(), X, features=3, batch_size=0), ValueError, "batch_size"),
        (lambda: SumOfParts(small_net(), X, features=3, groups=0), ValueError, "groups"),
        (lambda: SumOfParts(small_net(), X, features=-2), ValueError, "features"),
        (
            lambda: SumOfParts(small_net(), X, features=np.eye(12, dtype=int), blur=3),
            ValueError,
            "blur",
        ),
        (
            lambda: SumOfParts(small_net(), X, features=3, class_weights=np.ones((4, 3))),
            ValueError,
            "class_weights",
        ),
        (
            lambda: SumOfParts(small_net(), X, features=3, classifier="flat"),
            ValueError,
            "classifier",
        ),
        (lambda: small_sop()(X, top=0), ValueError, "top"),
        (lambda: small_sop()(X[:, :, :6]), ValueError, "inputs"),
        (lambda: small_sop()(X, np.zeros((2, 12, 12), int)), ValueError, "feature_mask"),
        (lambda: small_sop()(X, np.zeros((1, 12, 12))), ValueError, "feature_mask"),
        (lambda: SelfAttributing(small_net(), 3, X, features=3), TypeError, "attribution"),
        (
            lambda: SelfAttributing(small_net(), Saliency(small_net()), X, features=3, top=2),
            ValueError,
            "top",
        ),
        (lambda: small_sop().training_loss(X, np.eye(3, dtype=int)[:1]), ValueError, "targets"),
        (lambda: small_sop().training_loss(X, np.zeros((1, 7))), ValueError, "targets"),
        (lambda: SumOfPartsAttribution(small_net()), TypeError, "model"),
        (
            lambda: SumOfPartsAttribution(small_sop(), operator=lambda f, x, y: x),
            ValueError,
            "operator",
        ),
        (lambda: SumOfPartsAttribution(small_sop())(X, np.eye(9)[:1]), ValueError, "targets"),
        (lambda: SumOfPartsAttribution(small_sop())(X[:0], np.eye(9)[:0]), ValueError, "inputs"),
    ],
)
def test_bad_input_is_named(call, kind, named):
    with pytest.raises(kind, match=f"`{named}`"):
        call()


def test_probabilities_are_no_logits():
    inputs = tf.keras.Input((4,))
    outputs = layers.Dense(3, activation="softmax", name="head")(inputs)
    with pytest.raises(ValueError, match="`backbone` must return logits"):
        SumOfParts(tf.keras.Model(inputs, outputs), np.zeros((1, 4), "float32"))
