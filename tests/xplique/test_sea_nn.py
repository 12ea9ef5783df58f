"""SEA-NN under Xplique: the same map of the same maps, bit for bit."""

import digits_keras
import numpy as np
import pytest
import tensorflow as tf
import torch
from soak.amounts import combined
from xplique.attributions import Occlusion, Saliency
from xplique.metrics import Insertion

import captum_submod
import digits_model
import xplique_submod
from digits_scenes import make_scenes
from submod_core.sea_nn import Learning

FAST = {"settings": Learning(widths=(16, 8), epochs=5), "side": 16}
SCENES = make_scenes(2, seed=11)
X, Y = np.moveaxis(SCENES.images, 1, -1), np.eye(10, dtype=np.float32)[SCENES.labels]
NAN = float("nan")


@pytest.fixture(scope="module")
def model():
    return digits_keras.load_model()


def test_same_maps_in_same_map_out_under_both_hosts(model):
    maps = np.random.default_rng(0).random((3, 2, 32, 32))
    under_captum = captum_submod.SEANN(digits_model.load_model(), **FAST)
    under_xplique = xplique_submod.SEANN(model, **FAST)
    found = under_xplique.attribute_maps(list(maps))
    assert np.array_equal(
        found, under_captum.attribute_maps([torch.from_numpy(m) for m in maps]).numpy()
    )
    means = [
        kind.attribute_maps
        for kind in (xplique_submod.AggMean(model), captum_submod.AggMean(lambda x: x))
    ]
    assert np.array_equal(
        means[0](list(maps)), means[1]([torch.from_numpy(m) for m in maps]).numpy()
    )

    def given(x, y):
        return maps[0][: len(x), ..., None]

    one = xplique_submod.SEANN(model, [given], **FAST)(X[:, :32, :32], Y)
    assert one.shape == (2, 32, 32, 1)
    assert np.allclose(
        one[..., 0], under_captum.attribute_maps([torch.from_numpy(maps[0])]).numpy(), rtol=1e-6
    )


def test_it_is_an_explainer_as_any_other(model):
    sea = xplique_submod.SEANN(
        model, [Saliency(model), Occlusion(model, patch_size=16, patch_stride=16)], **FAST
    )
    maps = sea(X, Y)
    assert isinstance(maps, tf.Tensor)
    assert maps.shape == (2, 64, 64, 1)
    dataset = tf.data.Dataset.from_tensor_slices((X, Y))
    assert np.array_equal(sea.explain(dataset.batch(1)), maps)
    assert np.isfinite(Insertion(model, X, Y, steps=8)(maps))
    assert sea.explain_class(X, Y).heatmap.shape == (64, 64)
    assert len(sea.explain_ensemble(X, Y)) == 2


CASES = {
    "no methods": (lambda m: xplique_submod.SEANN(m, []), ValueError, "`methods`"),
    "a method that is a name": (
        lambda m: xplique_submod.SEANN(m, ["Saliency"]),
        TypeError,
        r"`methods\[0\]`",
    ),
    "a map that is nan": (
        lambda m: xplique_submod.AggMean(m, [lambda x, y: x * NAN])(X, Y),
        ValueError,
        r"methods\[0\]",
    ),
    "no images": (
        lambda m: xplique_submod.AggMean(m, [lambda x, y: x])(X[:, 0], Y),
        ValueError,
        "`inputs`",
    ),
    "maps of other shapes": (
        lambda m: xplique_submod.AggMean(m).attribute_maps([np.eye(3)[None], np.eye(4)[None]]),
        ValueError,
        "`maps`",
    ),
}


@pytest.mark.parametrize(("call", "error", "named"), CASES.values(), ids=CASES)
def test_bad_input_is_refused_by_name(model, call, error, named):
    with pytest.raises(error, match=named):
        call(model)


layers = tf.keras.layers
SMALL = np.random.default_rng(0).random((2, 9, 9, 3), dtype="f4")
TARGETS = np.eye(4, dtype="f4")[:2]


def network(side=9):
    tf.keras.utils.set_random_seed(0)
    body = [layers.Conv2D(4, 3, activation="tanh"), layers.Flatten(), layers.Dense(4)]
    return tf.keras.Sequential([tf.keras.Input((side, side, 3)), *body])


class Subclassed(tf.keras.Model):
    def __init__(self):
        super().__init__()
        self.inner = network()

    def call(self, x):
        return self.inner(x)


class Module(tf.Module):
    def __init__(self):
        super().__init__()
        self.inner = network()

    def __call__(self, x):
        return self.inner(x)


def compiled():
    model = network()
    return tf.function(lambda x: model(x))


@pytest.mark.parametrize(
    ("make", "operator"),
    combined(
        [Subclassed, Module, compiled, lambda: network().call],
        [None, lambda f, x, y: tf.reduce_sum(f(x) * y, -1)],
    ),
)
def test_default_methods_of_every_model_with_gradients(make, operator):
    plain, other = (xplique_submod.AggMean(m, operator=operator) for m in (network(), make()))
    for one, same in zip(plain.methods[:2], other.methods[:2], strict=True):
        np.testing.assert_allclose(same(SMALL, TARGETS), one(SMALL, TARGETS), atol=1e-5)
    assert other(SMALL, TARGETS).shape == (2, 9, 9, 1)


class Estimator:
    def predict_proba(self, x):
        return network()(x).numpy()


@pytest.mark.parametrize("make", [Estimator, lambda: lambda x: network()(np.asarray(x)).numpy()])
def test_default_methods_of_models_without_gradients_are_refused(make):
    few = Learning(widths=(8,), epochs=2)
    for ensemble in (xplique_submod.SEANN(make(), settings=few), xplique_submod.AggMean(make())):
        with pytest.raises(TypeError, match=r"`methods` must be given.*gradients"):
            ensemble(SMALL, TARGETS)
        assert ensemble.attribute_maps([SMALL[..., 0], SMALL[..., 1]]).shape == (2, 9, 9)


@pytest.mark.parametrize("side", [3, 5, 7])
def test_the_default_thresholds_fit_small_images(side):
    images, settings = SMALL[:, :side, :side], Learning(widths=(8,), epochs=2)
    model = network(side)
    maps = xplique_submod.SEANN(model, [Saliency(model)], settings=settings)(images, TARGETS)
    few = [k for k in range(5, 51, 5) if k <= side**2]
    fixed = xplique_submod.SEANN(model, [Saliency(model)], settings=settings, thresholds=few)
    np.testing.assert_array_equal(maps, fixed(images, TARGETS))
    with pytest.raises(ValueError, match="`thresholds`"):
        xplique_submod.SEANN(model, [Saliency(model)], thresholds=[99])(images, TARGETS)


def test_constant_maps_give_0_and_a_warning():
    with pytest.warns(UserWarning, match=r"methods\[0\].*gave a constant map"):
        found = xplique_submod.AggMean(lambda x: x, [lambda x, y: x * 0])(X, Y)
    assert found.shape[:3] == X.shape[:3]
    assert not np.any(found)
