"""Zero-shot classification with Keras encoders, of images and of texts."""

import numpy as np
import pytest
import tensorflow as tf

from xplique_submod import SMDL, LiMA, ZeroShot

layers = tf.keras.layers
RNG = np.random.default_rng(0)
IMAGES = RNG.random((2, 8, 8, 3)).astype(np.float32)
TOKENS = np.array([[1, 5, 2], [1, 7, 2], [1, 9, 2]])


def encoders():
    tf.keras.utils.set_random_seed(0)
    image = tf.keras.Sequential(
        [
            tf.keras.Input((8, 8, 3)),
            layers.Conv2D(8, 3, activation="relu"),
            layers.GlobalAveragePooling2D(),
            layers.Dense(6),
        ]
    )
    text = tf.keras.Sequential(
        [tf.keras.Input((3,)), layers.Embedding(12, 8), layers.Flatten(), layers.Dense(6)]
    )
    return image, text


def cosines(a, b):
    a, b = (np.asarray(x, dtype=np.float64) for x in (a, b))
    return (a @ b.T) / np.linalg.norm(a, axis=1)[:, None] / np.linalg.norm(b, axis=1)


def test_images_are_explained_by_texts():
    image, text = encoders()
    zero_shot = ZeroShot(image, text, TOKENS, scale=20.0)
    lima = LiMA(zero_shot.image, regions=(2, 2), **zero_shot.classes)
    (one, _) = lima.explain_regions(IMAGES, tf.one_hot([1, 2], 3))
    scores = 20 * cosines(image(IMAGES), text(TOKENS))[0]
    expected = np.exp(scores - scores.max()) / np.exp(scores - scores.max()).sum()
    assert one.curves.insertion[-1] == pytest.approx(expected[1], abs=1e-5)
    smdl = SMDL(zero_shot.image, patches=2, **zero_shot.classes)
    assert smdl(IMAGES, tf.one_hot([1, 2], 3)).shape == (2, 8, 8, 1)


def test_texts_are_explained_by_images():
    image, text = encoders()
    zero_shot = ZeroShot(image, text, TOKENS)
    options = zero_shot.of_images(IMAGES[:1])
    weights = {"consistency": 1, "collaboration": 1}
    lima = LiMA(zero_shot.text, weights=weights, regions=np.array([-1, 0, -1]), **options)
    explanations = lima.explain_regions(TOKENS, np.ones((3, 1)))
    expected = cosines(text(TOKENS), image(IMAGES[:1]))[:, 0]
    for one, cosine in zip(explanations, expected, strict=True):
        assert one.curves.insertion[-1] == pytest.approx(cosine, abs=1e-5)


BAD = {
    "no encoder": (lambda i, t: ZeroShot(3, t, TOKENS), "model"),
    "no texts": (lambda i, t: ZeroShot(i, t, TOKENS[:0]), "texts"),
    "words": (lambda i, t: ZeroShot(i, t, ["a cat"]), "texts"),
    "maps": (lambda i, t: ZeroShot(i, lambda x: tf.zeros((3, 2, 2)), TOKENS), "texts"),
    "nan": (lambda i, t: ZeroShot(i, lambda x: tf.fill((3, 2), np.nan), TOKENS), "texts"),
    "scale": (lambda i, t: ZeroShot(i, t, TOKENS, scale=0), "scale"),
    "no images": (lambda i, t: ZeroShot(i, t, TOKENS).of_images(None), "images"),
}


@pytest.mark.parametrize(("call", "name"), BAD.values(), ids=BAD)
def test_bad_arguments(call, name):
    with pytest.raises((TypeError, ValueError), match=f"`{name}`"):
        call(*encoders())


def test_embeddings_that_change_in_place_are_read_anew():
    embeddings = np.eye(3, dtype=np.float32)
    model = lambda x: tf.reduce_mean(x, (1, 2)) + tf.constant([0.1, 0.2, 0.3])  # noqa: E731
    x = np.random.default_rng(0).random((1, 4, 4, 3), dtype="f4")
    target = np.eye(3, dtype=np.float32)[:1]
    lima = LiMA(model, regions=(2, 2), class_embeddings=embeddings)
    before = lima.explain_regions(x, target)[0].curves.insertion[-1]
    embeddings[:] = embeddings[::-1].copy()
    after = lima.explain_regions(x, target)[0].curves.insertion[-1]
    fresh = LiMA(model, regions=(2, 2), class_embeddings=embeddings).explain_regions(x, target)
    assert after == fresh[0].curves.insertion[-1] != before
