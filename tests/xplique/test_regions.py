"""Regions under Xplique: one label map, one for each input, numbers of NumPy's types."""

import numpy as np
import pytest
import tensorflow as tf
from soak.amounts import combined

from xplique_submod import LiMA

keras, layers = tf.keras, tf.keras.layers
RNG = np.random.default_rng(0)
SHAPES = {"images": (8, 8, 3), "grey images": (8, 8, 1), "series": (5, 2), "tables": (6,)}
Y = np.eye(4, dtype="f4")[:3]


def network(shape):
    keras.utils.set_random_seed(0)
    return keras.Sequential([keras.Input(shape), layers.Flatten(), layers.Dense(4)])


def label_maps(shape):
    size = shape[:2] if len(shape) == 3 else shape
    return RNG.integers(0, 4, (3, *size))


@pytest.mark.parametrize(
    ("kind", "dtype"), combined(SHAPES, ["int64", "int32", "uint8", "float32"])
)
def test_a_label_map_for_each_input_is_each_input_with_its_own(kind, dtype):
    shape = SHAPES[kind]
    x, maps = RNG.random((3, *shape), dtype="f4"), label_maps(shape).astype(dtype)
    together = LiMA(network(shape), regions=maps).explain_regions(x, Y)
    for i, one in enumerate(together):
        (alone,) = LiMA(network(shape), regions=maps[i]).explain_regions(x[i : i + 1], Y[i : i + 1])
        assert one.order.tolist() == alone.order.tolist()
        assert np.array_equal(
            one.regions, np.unique(maps[i], return_inverse=True)[1].reshape(maps[i].shape)
        )
    shared = LiMA(network(shape), regions=maps[:1])
    assert np.array_equal(shared(x, Y), LiMA(network(shape), regions=maps[0])(x, Y))


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize("n", [2, 4])
def test_label_maps_for_other_inputs_are_refused(shape, n):
    x = RNG.random((3, *shape), dtype="f4")
    maps = np.concatenate([label_maps(shape)] * 2)[:n]
    for bad in (maps, maps[:, None], label_maps(shape)[:, :-1]):
        with pytest.raises(ValueError, match="`regions`"):
            LiMA(network(shape), regions=bad).explain(x, Y)


@pytest.mark.parametrize("pair", [(np.int64(2), 2), (2, np.uint8(2)), (np.int32(2), np.int16(2))])
def test_numbers_of_numpy_divide_as_python_s(pair):
    x = RNG.random((3, 8, 8, 3), dtype="f4")
    found = LiMA(network((8, 8, 3)), regions=pair)(x, Y)
    assert np.array_equal(found, LiMA(network((8, 8, 3)), regions=(2, 2))(x, Y))


@pytest.mark.parametrize(
    "pair", [(2.0, 2), (True, 2), (np.float64(2), 2), (np.bool_(True), 1), (2, "2")]
)
def test_other_pairs_are_refused(pair):
    with pytest.raises(ValueError, match="`regions`"):
        LiMA(network((8, 8, 3)), regions=pair)


def test_a_budget_says_how_many_regions_there_are_by_default():
    x, y = RNG.random((1, 60, 2), dtype="f4"), Y[:1]
    options = {"weights": {"consistency": 1, "collaboration": 1}}
    for most, n in ((None, 49), (100, 16), (240, 30)):
        explainer = LiMA(network((60, 2)), max_model_inputs=most, **options)
        (one,) = explainer.explain_regions(x, y)
        assert len(one.order) == n
        assert most is None or one.model_inputs <= most
