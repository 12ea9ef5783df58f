"""Datasets of tf.data: batched or not, whatever comes after the batch."""

import numpy as np
import pytest
import tensorflow as tf
from xplique.attributions import Saliency

from xplique_submod import SMDL, AggMean, LiMA, SumOfParts, SumOfPartsAttribution, metrics

keras, layers, Dataset = tf.keras, tf.keras.layers, tf.data.Dataset
RNG = np.random.default_rng(0)
SHAPES = {"images": (8, 8, 3), "series": (5, 2), "tables": (6,)}
PIPELINES = {
    "unbatched": lambda d: d,
    "unbatched, shuffled": lambda d: d.shuffle(1).cache(),
    "batch": lambda d: d.batch(2),
    "prefetch": lambda d: d.batch(2).prefetch(1),
    "odd last batch": lambda d: d.batch(3).prefetch(tf.data.AUTOTUNE),
    "map": lambda d: d.batch(2).map(lambda x, y: (x, y)),
    "cache": lambda d: d.batch(2).cache(),
    "take": lambda d: d.batch(1).take(9),
    "drop_remainder": lambda d: d.batch(2, drop_remainder=True).map(lambda x, y: (x, y)),
    "filter": lambda d: d.batch(2).filter(lambda x, y: True),
    "padded batch": lambda d: d.padded_batch(2),
    "options": lambda d: d.batch(2).with_options(tf.data.Options()),
    "unbatch": lambda d: d.batch(2).unbatch(),
    "rebatch": lambda d: d.batch(4).rebatch(2),
    "concatenate": lambda d: d.take(2).batch(2).concatenate(d.skip(2).batch(1)),
}


def network(shape, n=5):
    keras.utils.set_random_seed(0)
    return keras.Sequential([keras.Input(shape), layers.Flatten(), layers.Dense(n)])


def function(shape):
    """A model that runs eagerly: nothing is traced."""
    matrix = np.random.default_rng(1).normal(size=(int(np.prod(shape)), 5)).astype("f4")
    return lambda x: x.reshape(len(x), -1) @ matrix


def data(shape):
    return RNG.random((4, *shape), dtype="f4"), np.eye(5, dtype="f4")[:4]


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize("pipeline", PIPELINES.values(), ids=PIPELINES)
def test_a_dataset_is_its_arrays(pipeline, shape):
    x, y = data(shape)
    lima = LiMA(function(shape), regions=(2, 2) if len(shape) == 3 else None)
    dataset = pipeline(Dataset.from_tensor_slices((x, y)))
    assert np.array_equal(lima.explain(dataset), lima.explain(x, y))


def test_as_many_rows_as_the_batch_are_no_batch():
    """Tables of as many columns as the batch had rows, taken apart by a map."""
    x, y = data((6,))
    apart = Dataset.from_tensor_slices((x, y)).batch(5, drop_remainder=True).repeat(2)
    lima = LiMA(network((6,)))
    assert lima.explain(Dataset.from_tensor_slices((x, y)).batch(4, drop_remainder=True)).shape == (
        4,
        6,
    )
    with pytest.raises(ValueError, match="at least one example"):
        lima.explain(apart)


def test_photographs_of_a_folder(tmp_path):
    for name in "abcde":
        (tmp_path / name).mkdir()
        for k in range(2):
            keras.utils.save_img(tmp_path / name / f"{k}.png", RNG.random((8, 8, 3)) * 255)
    options = {"label_mode": "categorical", "image_size": (8, 8), "verbose": False}
    photos = keras.utils.image_dataset_from_directory(
        tmp_path, batch_size=4, shuffle=False, **options
    )
    x, y = (np.concatenate(part) for part in zip(*photos.as_numpy_iterator(), strict=True))
    lima = LiMA(network((8, 8, 3)), regions=(2, 2), baseline=127.0)
    assert np.array_equal(lima.explain(photos), lima.explain(x, y))


def test_generators_of_open_shapes():
    x, y = data((8, 8, 3))
    open_images = tf.TensorSpec((None, None, 3)), tf.TensorSpec((5,))
    one_by_one = Dataset.from_generator(
        lambda: zip(x, y, strict=True), output_signature=open_images
    )
    lima = LiMA(network((8, 8, 3)), regions=(2, 2))
    for dataset in (one_by_one, one_by_one.batch(3)):
        assert np.array_equal(lima.explain(dataset), lima.explain(x, y))


@pytest.mark.usefixtures("eagerly")
def test_all_that_takes_targets_takes_datasets():
    shape = (8, 8, 3)
    (x, y), model = data(shape), network(shape)
    dataset = Dataset.from_tensor_slices((x, y)).batch(3).prefetch(1)
    maps = RNG.random((4, 8, 8))
    for kind in (metrics.Insertion, metrics.MuFidelity):
        options = {"steps": 4} if kind is metrics.Insertion else {"cells": 4}
        assert kind(model, dataset, **options)(maps) == kind(model, x, y, **options)(maps)
    robust = {"k": 8, "n_samples": 1}
    assert metrics.Robustness(model, dataset, **robust)(Saliency(model)) == (
        metrics.Robustness(model, x, y, **robust)(Saliency(model))
    )
    methods = [Saliency(model)]
    assert np.array_equal(AggMean(model, methods).explain(dataset), AggMean(model, methods)(x, y))
    backbone = keras.Sequential(
        [keras.Input(shape), layers.Conv2D(4, 3), layers.GlobalMaxPool2D(), layers.Dense(5)]
    )
    sop = SumOfPartsAttribution(SumOfParts(backbone, x[:1], features=4, groups=3))
    assert np.array_equal(sop.explain(dataset), sop(x, y))
    smdl = SMDL(model, patches=2, feature_target=True)
    assert np.array_equal(
        smdl.explain(Dataset.from_tensor_slices(x).batch(3).prefetch(1)), smdl.explain(x)
    )


X, Y = data((6,))
PAIRS = Dataset.from_tensor_slices((X, Y))
REFUSED = {
    "targets beside it": (PAIRS, Y, ValueError, "`targets`"),
    "targets beside batches": (PAIRS.batch(2), Y, ValueError, "`targets`"),
    "weights": (Dataset.from_tensor_slices((X, Y, Y[:, 0])), None, TypeError, "`inputs`.*pairs"),
    "inputs alone": (Dataset.from_tensor_slices(X), None, TypeError, "`inputs`.*pairs"),
    "a dict": (Dataset.from_tensor_slices({"x": X, "y": Y}), None, TypeError, "`inputs`.*dict"),
    "features in a dict": (
        Dataset.from_tensor_slices(({"x": X}, Y)),
        None,
        TypeError,
        "`inputs`.*pairs",
    ),
    "without end": (PAIRS.batch(2).repeat(), None, ValueError, "`inputs`.*end"),
    "empty": (PAIRS.take(0), None, ValueError, "`inputs`.*one example"),
    "other shapes": (
        Dataset.from_generator(
            lambda: zip([X[0], X[0, :3]], Y[:2], strict=True),
            output_signature=(tf.TensorSpec((None,)), tf.TensorSpec((5,))),
        ),
        None,
        ValueError,
        "`inputs`.*shape",
    ),
    "whole labels": (Dataset.from_tensor_slices((X, [0, 1, 2, 3])), None, ValueError, "`targets`"),
}


@pytest.mark.parametrize(("dataset", "targets", "error", "named"), REFUSED.values(), ids=REFUSED)
def test_what_a_dataset_cannot_say_is_refused_by_name(dataset, targets, error, named):
    for call in (
        LiMA(network((6,))).explain,
        lambda d, t: metrics.Insertion(network((6,)), d, t, steps=3)(X),
    ):
        with pytest.raises(error, match=named):
            call(dataset, targets)
