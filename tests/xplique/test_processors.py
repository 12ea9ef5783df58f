"""The pixel space of models with channels last."""

import numpy as np
import tensorflow as tf

from submod_core import grid
from xplique_submod import LiMA, from_processor

PROCESSOR = {"mean": (0.485, 0.456, 0.406), "std": (0.229, 0.224, 0.225)}


def test_lima_with_a_pixel_space():
    pixels = from_processor(PROCESSOR)
    pictures = np.random.default_rng(0).integers(0, 256, (2, 8, 8, 3), dtype=np.uint8)
    x, seen = pixels.normalised(pictures), []
    assert x.shape == (2, 8, 8, 3)

    def divide(picture):
        seen.append(picture)
        return grid((8, 8), (2, 2))

    model = tf.keras.Sequential([
        tf.keras.Input((8, 8, 3)), tf.keras.layers.Flatten(), tf.keras.layers.Dense(4)
    ])  # fmt: skip
    lima = LiMA(model, regions=pixels.regions(divide), baseline=pixels.baseline("black"))
    assert lima(x, tf.one_hot([1, 2], 4)).shape == (2, 8, 8, 1)
    assert np.array_equal(seen, pictures)
    np.testing.assert_allclose(pixels.pictures(tf.constant(x)), pictures / 255, atol=1e-6)
