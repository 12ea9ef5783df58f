"""Explanations logged while Keras trains, which change nothing of the training."""

from functools import partial

import keras
import numpy as np
import pytest
import tensorflow as tf
from event_files import images_in

from xplique_submod import LiMA
from xplique_submod.callbacks import ExplanationLogger

pytestmark = pytest.mark.slow
METHOD = partial(LiMA, regions=(2, 2), search="singletons")
X = np.random.default_rng(0).random((12, 8, 8, 3)).astype(np.float32)
Y = np.eye(4, dtype=np.float32)[np.arange(12) % 4]


def fit(*callbacks, epochs=4, run_eagerly=True):
    keras.utils.set_random_seed(0)
    layers = keras.layers
    model = keras.Sequential([keras.Input((8, 8, 3)), layers.Conv2D(4, 3), layers.Flatten()])
    model.add(layers.BatchNormalization())
    model.add(layers.Dropout(0.5))
    model.add(layers.Dense(4))
    loss = keras.losses.CategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(1e-2), loss, run_eagerly=run_eagerly)
    history = model.fit(X, Y, batch_size=6, epochs=epochs, verbose=0, callbacks=list(callbacks))
    return model, history.history["loss"]


def test_training_goes_on_as_without_it():
    logged = []
    callback = ExplanationLogger(
        X[:2],
        Y[:2],
        lambda *record: logged.append(record),
        METHOD,
        every_n_epochs=2,
        titles=["a", "b"],
    )
    (plain, losses), (explained, same) = fit(run_eagerly=False), fit(callback, run_eagerly=False)
    assert [(name, step) for name, _, step in logged] == [
        ("explanations/0", 1),
        ("explanations/1", 1),
        ("explanations/0", 3),
        ("explanations/1", 3),
    ]
    assert logged[-1][1].get_suptitle() == "b, epoch 4"
    assert losses == same
    for one, other in zip(plain.get_weights(), explained.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_what_is_drawn_is_the_explanation_by_the_model_of_then():
    drawn = []

    def plot(explanation, picture, title):
        drawn.append((explanation, picture))

    model, _ = fit(ExplanationLogger(X[:1], Y[:1], print, METHOD, plot=plot), epochs=2)
    (wanted,) = METHOD(model).explain_regions(X[:1], Y[:1])
    first, last = (explanation for explanation, _ in drawn)
    np.testing.assert_allclose(last.curves.insertion, wanted.curves.insertion, rtol=1e-5)
    assert not np.allclose(first.curves.insertion, wanted.curves.insertion), "of another epoch"
    np.testing.assert_array_equal(drawn[0][1], X[0])


def test_tensorboard_reads_the_figures(tmp_path):
    writer = tf.summary.create_file_writer(str(tmp_path))
    fit(ExplanationLogger(tf.constant(X[:1]), Y[:1], writer, METHOD, name="digits"), epochs=1)
    ((name, step, pixels),) = images_in(tmp_path)
    assert (name, step) == ("digits/0", 0)
    assert pixels.std() > 10


def test_what_would_fail_after_an_epoch_fails_before_it():
    with pytest.raises(TypeError, match="`method` made a"):
        fit(ExplanationLogger(X, Y, print, lambda model: model))


def test_examples_are_copied():
    images = X.copy()
    callback = ExplanationLogger(images, Y, print)
    images[:] = 0
    assert callback.inputs.any()
