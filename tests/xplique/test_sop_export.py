"""Sum-of-Parts as a Keras model: exported, saved, under its own name."""

import numpy as np
import pytest
import tensorflow as tf

from xplique_submod import SumOfParts

keras, layers = tf.keras, tf.keras.layers
X = np.random.default_rng(0).random((3, 8, 8, 3), dtype="f4")


def images(**options):
    keras.utils.set_random_seed(0)
    body = [layers.Conv2D(4, 3), layers.GlobalMaxPool2D(), layers.Dense(4)]
    backbone = keras.Sequential([keras.Input((8, 8, 3)), *body])
    return SumOfParts(backbone, X[:1], **{"features": 4, "groups": 2} | options), X


def series(**options):
    keras.utils.set_random_seed(0)
    body = [layers.Conv1D(4, 3, padding="same"), layers.GlobalMaxPool1D(), layers.Dense(4)]
    backbone = keras.Sequential([keras.Input((8, 3)), *body])
    return SumOfParts(backbone, X[:1, 0], groups=3, **options), X[:, 0]


def tables(**options):
    keras.utils.set_random_seed(0)
    start = keras.Input((8,))
    backbone = keras.Sequential([start, layers.Dense(5, "relu"), layers.Dense(4)])
    encoder = keras.Sequential([start, layers.Reshape((8, 1)), layers.Dense(3)])
    return SumOfParts(backbone, X[:1, 0, :, 0], encoder=encoder, groups=3, **options), X[:, 0, :, 0]


@pytest.mark.parametrize(("make", "trained"), [(images, True), (series, True), (tables, False)])
def test_an_exported_model_serves_the_same_logits(make, trained, tmp_path):
    sop, inputs = make()
    if trained:
        sop.compile("sgd", run_eagerly=make is series)  # to trace a step takes longest
        sop.fit(inputs, np.array([0, 1, 2]), verbose=0)
    wanted = sop(inputs).numpy()
    sop.export(tmp_path / "served", verbose=False)
    served = tf.saved_model.load(str(tmp_path / "served"))
    for n in (1, 3):
        np.testing.assert_allclose(served.serve(inputs[:n]), wanted[:n], atol=1e-5)


@pytest.mark.parametrize("make", [images, tables])
def test_the_name_is_kept(make, tmp_path):
    sop, inputs = make(name="mine")
    sop.save(tmp_path / "x.keras")
    loaded = keras.models.load_model(tmp_path / "x.keras")
    assert (sop.name, loaded.name) == ("mine", "mine")
    np.testing.assert_allclose(loaded(inputs), sop(inputs), atol=1e-6)


def test_hdf5_is_refused(tmp_path):
    sop, inputs = images()
    for path in (tmp_path / "x.h5", str(tmp_path / "x.hdf5")):
        ending = str(path).rsplit(".")[-1]
        with pytest.raises(ValueError, match=rf"`filepath` .*{ending}.* must end in '.keras'"):
            sop.save(path)
    assert not list(tmp_path.iterdir())
    sop.save_weights(tmp_path / "x.weights.h5")
    other, _ = images()
    other.query.assign(0 * other.query)
    other.load_weights(tmp_path / "x.weights.h5")
    np.testing.assert_allclose(other(inputs), sop(inputs), atol=1e-6)
