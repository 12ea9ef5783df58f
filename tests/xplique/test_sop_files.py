"""Files and checkpoints of Sum-of-Parts under Xplique."""

import os

import numpy as np
import pytest
import tensorflow as tf

from submod_core.sop import training
from xplique_submod import SumOfParts
from xplique_submod.sop import fit

pytestmark = pytest.mark.usefixtures("eagerly")

layers = tf.keras.layers
RUN = {"epochs": 2, "batch_size": 6, "lr": 1e-2, "seed": 3, "verbose": False}
X = np.random.default_rng(0).random((12, 6), "float32")
Y = np.arange(12) % 3


def made(seed=0, rate=0.5, **options):
    """With an encoder whose dropout is always on: it draws from a seed of its own."""
    tf.keras.utils.set_random_seed(seed)
    start = tf.keras.Input((6,))
    dropped = layers.Dropout(rate)(layers.Reshape((6, 1))(start), training=True)
    encoder = tf.keras.Model(start, layers.Dense(4)(dropped))
    tf.keras.utils.set_random_seed(0)
    body = [layers.Dense(4, "relu"), layers.Dropout(0.5), layers.Dense(3)]
    backbone = tf.keras.Sequential([tf.keras.Input((6,)), *body])
    return SumOfParts(backbone, X[:1], **{"encoder": encoder, "groups": 3} | options)


def killed_after_a_write(monkeypatch, *arguments, **options):
    written = training._write

    def write_and_die(*arguments):
        written(*arguments)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(training, "_write", write_and_die)
        with pytest.raises(KeyboardInterrupt):
            fit(*arguments, **options)


@pytest.mark.graph
@pytest.mark.slow
def test_with_dropout_a_resumed_run_is_the_same_bit_for_bit_and_more_epochs_go_on(
    tmp_path, monkeypatch
):
    file, whole, resumed = tmp_path / "run", made(), made(seed=9)
    losses = fit(whole, X, Y, **RUN)
    killed_after_a_write(monkeypatch, made(), X, Y, **RUN, checkpoint=file, checkpoint_every=1)
    assert fit(resumed, X, Y, **RUN, checkpoint=file) == losses
    for one, other in zip(whole.variables, resumed.variables, strict=True):
        np.testing.assert_array_equal(one, other)
    longer = RUN | {"epochs": 3}
    assert fit(made(seed=8), X, Y, **longer, checkpoint=file) == fit(made(), X, Y, **longer)


OTHER = {
    "lr": (made, {"lr": 1e-4}, X, "optimiser: lr was 0.01 and is 0.0001"),
    "weight_decay": (made, {"weight_decay": 0.5}, X, "optimiser: weight_decay was"),
    "seed": (made, {"seed": 4}, X, "schedule: seed was 3 and is 4"),
    "groups": (lambda: made(groups=4), {}, X, "model: groups was 3 and is 4"),
    "dropout": (lambda: made(rate=0.25), {}, X, "model: modules was"),
    "backbone": (lambda: other_backbone(made()), {}, X, "model: frozen weights was"),
    "encoder": (lambda: frozen_encoder(made()), {}, X, "weights: 5 kernel was .* and is absent"),
    "data": (made, {}, X[::-1], "data: the first example was"),
}


def other_backbone(sop):
    sop.backbone.weights[0].assign_add(tf.ones_like(sop.backbone.weights[0]))
    return sop


def frozen_encoder(sop):
    sop.encoder.trainable = False
    return sop


def test_a_checkpoint_of_another_run_is_refused(tmp_path):
    fit(made(), X, Y, **RUN, checkpoint=tmp_path / "run")
    for make, options, inputs, said in OTHER.values():
        with pytest.raises(ValueError, match=f"`checkpoint` .* is of another run: .*{said}"):
            fit(make(), inputs, Y, **RUN | options, checkpoint=tmp_path / "run")
    fit(frozen_encoder(made()), X, Y, **RUN, checkpoint=tmp_path / "frozen")
    with pytest.raises(ValueError, match="model: frozen weights was"):
        fit(frozen_encoder(made(seed=9)), X, Y, **RUN, checkpoint=tmp_path / "frozen")
    (tmp_path / "run").write_bytes((tmp_path / "run").read_bytes()[:999])
    with pytest.raises(ValueError, match=r"`checkpoint` \(='.*run'\) is not a checkpoint"):
        fit(made(), X, Y, **RUN, checkpoint=tmp_path / "run")


BAD = {
    "batch_size": ({"batch_size": 0}, "`batch_size`"),
    "epochs": ({"epochs": 0}, "`epochs`"),
    "checkpoint_every": ({"checkpoint_every": 0}, "`checkpoint_every`"),
    "lr of 0": ({"lr": 0}, "`lr`"),
    "lr of -1": ({"lr": -1.0}, "`lr`"),
    "lr of NaN": ({"lr": float("nan")}, "`lr`"),
    "weight_decay": ({"weight_decay": -1e-3}, "`weight_decay`"),
    "label 3": ({"targets": Y + 1}, "`targets`"),
    "label -1": ({"targets": Y - 1}, "`targets`"),
    "values NaN": ({"targets": np.full((12, 3), np.nan, "float32")}, "`targets`"),
    "inputs NaN": ({"inputs": X * np.float32("nan")}, "`inputs` holds NaN"),
    "no examples": ({"inputs": X[:0], "targets": Y[:0]}, "`inputs`"),
    "fewer targets": ({"targets": Y[:5]}, "`targets`"),
}


def test_fit_refuses_and_changes_nothing():
    sop = made()
    before = [variable.numpy() for variable in sop.weights]
    for options, said in BAD.values():
        arguments = {"inputs": X, "targets": Y} | RUN | {"epochs": 1} | options
        with pytest.raises(ValueError, match=said):
            fit(sop, **arguments)
    for variable, value in zip(sop.weights, before, strict=True):
        np.testing.assert_array_equal(variable, value)
    for targets in (Y + 1, Y - 1, np.full((12, 3), np.nan, "float32")):
        with pytest.raises(ValueError, match="`targets`"):
            sop.training_loss(X, targets)


@pytest.mark.graph
@pytest.mark.slow
def test_keras_training_stops_at_labels_out_of_range():
    sop = made()
    sop.compile("adam")
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"`targets` .* must be classes"):
        sop.fit(X, Y + 1, verbose=0)


def test_where_saving_fails_the_old_keras_file_is_still_there(tmp_path, monkeypatch):
    sop, file = made(rate=0.0), tmp_path / "sop.keras"
    sop.save(file)
    before = file.read_bytes()

    def full(*_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space"):
            made(seed=1).save(file)
    assert file.read_bytes() == before
    assert os.listdir(tmp_path) == ["sop.keras"]
    np.testing.assert_array_equal(tf.keras.models.load_model(file)(X), sop(X))
