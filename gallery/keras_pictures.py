"""Xplique: explainers, one-hot targets and channels last."""

from functools import cache

import digits_keras
import numpy as np
import tensorflow as tf
from matplotlib.figure import Figure
from panels import beside, lines
from sklearn.datasets import load_wine
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from xplique.attributions import GradientInput, Occlusion, Saliency

from digits_scenes import CLEAN_WEIGHTS, make_scenes
from xplique_submod import (
    SEANN,
    SMDL,
    LiMA,
    SegmentationScore,
    explain_mistakes,
    metrics,
    segmentation_targets,
)
from xplique_submod.visualization import (
    plot_columns,
    plot_explanation,
    plot_map,
    plot_mistake,
    plot_series,
)


@cache
def _network() -> tf.keras.Model:
    """The network of digits in clutter."""
    return digits_keras.load_model()


@cache
def _scene() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A scene (1, 64, 64, 3), its digit as one-hot, and the square in which the digit lies."""
    scenes = make_scenes(8, seed=2)
    targets = np.eye(10, dtype=np.float32)[scenes.labels]
    return np.moveaxis(scenes.images, 1, -1)[3:4], targets[3:4], scenes.masks[3]


def digit() -> Figure:
    """Which digit?

    `LiMA` is one of Xplique's black-box explainers; `explain_regions` gives the evidence.
    """
    image, target, square = _scene()
    (one,) = LiMA(_network(), 64, regions=36).explain_regions(image, target)
    assert square[one.prefix(3)].mean() > 0.5
    return plot_explanation(one, image[0], title=f"Why is it a {target[0].argmax()}?")


def for_and_against() -> Figure:
    """For and against

    `signed=True` makes maps of gains: purple regions speak for the digit, orange ones against it.
    """
    image, target, square = _scene()
    (gains,) = LiMA(_network(), 64, regions=36, signed=True)(image, target)
    gains = np.asarray(gains)[..., 0]
    assert gains[square].mean() > 3 * abs(gains[~square].mean())
    return plot_map(gains, image[0])


@cache
def _maps() -> dict[str, np.ndarray]:
    """Maps (1, 64, 64) of LiMA and three of Xplique's own explainers."""
    image, target, _ = _scene()
    explainers = [
        LiMA(_network(), 64, regions=36),
        Occlusion(_network(), patch_size=8, patch_stride=4),
        Saliency(_network()),
        GradientInput(_network()),
    ]
    found = {type(one).__name__: np.asarray(one(image, target)) for one in explainers}
    return {name: np.abs(one).reshape(1, 64, 64, -1).sum(-1) for name, one in found.items()}


def methods() -> Figure:
    """Beside Xplique's own

    Above each map is its deletion, which is better when lower.
    """
    image, target, _ = _scene()
    deletion = metrics.Deletion(_network(), image, target, steps=30, activation="softmax")
    found = {f"{name}: {deletion(one):.2f}": one[0] for name, one in _maps().items()}
    assert len(found) == 4
    return beside(found, image[0])


def curves() -> Figure:
    """Insertion of each

    The probability of the digit as the highest pixels of each map are revealed.
    """
    image, target, _ = _scene()
    insertion = metrics.Insertion(_network(), image, target, steps=30, activation="softmax")
    found = {}
    for name, one in _maps().items():
        (curve,) = insertion.curves(one)
        found[f"{name}: {curve.insertion_auc:.2f}"] = curve.area, curve.insertion
    assert len(found) == 4
    return lines(found, "share of the pixels", "probability of the digit")


def ensemble() -> Figure:
    """One map out of three

    SEA-NN learns from maps of Xplique's explainers.
    """
    image, square = _scene()[0], _scene()[2]
    names = ["Occlusion", "Saliency", "GradientInput"]
    maps = {name: _maps()[name] for name in names}
    found = maps | {"SEA-NN": np.asarray(SEANN(_network()).attribute_maps([*maps.values()]))}
    inside = found["SEA-NN"][0][square].sum() / found["SEA-NN"].sum()
    assert inside > 2 * square.mean()
    return beside({name: one[0] for name, one in found.items()}, image[0])


def mistake() -> Figure:
    """Why was it wrong?

    This network never saw clutter. Without the causes it is right.
    """
    model, scenes = digits_keras.load_model(CLEAN_WEIGHTS), make_scenes(40, seed=3)
    images, targets = np.moveaxis(scenes.images, 1, -1), tf.one_hot(scenes.labels, 10).numpy()
    wrong = np.flatnonzero(model(images).numpy().argmax(1) != scenes.labels)[:3]
    found = explain_mistakes(LiMA(model, 64, regions=25), images[wrong], targets[wrong])
    best = max(found, key=lambda one: one.confidence_after)
    assert best.corrected
    return plot_mistake(best, images[wrong[best.example]])


def predecessor() -> Figure:
    """SMDL

    The predecessor, with a saliency map of Xplique as its prior.
    """
    image, target, square = _scene()
    smdl = SMDL(_network(), 64, prior=Saliency(_network()), patches=8, regions=16, k=6)
    (one,) = smdl.explain_regions(image, target)
    assert square[one.prefix(4)].mean() > 0.3
    return plot_explanation(one, image[0], title="SMDL")


def wine() -> Figure:
    """A classifier of scikit-learn

    It is the model itself; what is removed becomes the mean of the table.
    """
    table = load_wine()
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(table.data, table.target)
    explainer = LiMA(model, baseline=table.data.mean(0), activation="identity")
    (one,) = explainer.explain_regions(table.data[:1], np.eye(3)[[0]])
    assert one.curves.insertion[-1] > 0.95
    names = table.feature_names
    return plot_columns(one, names, values=table.data[0], title="Why the first kind of wine?")


def pattern() -> Figure:
    """A pattern in a series

    A matched filter finds where a pattern fits best; two other places look like it.
    """
    t, shape = np.arange(200), np.array([0, 1, 3, 5, 3, 0, -3, -5, -3, -1], np.float32)
    load = np.sin(t / 9) + 0.2 * np.random.default_rng(0).normal(size=200)
    for start, height in ((40, 0.2), (120, 0.5), (170, 0.25)):
        load[start : start + 10] += height * shape
    series = np.stack([load, np.cos(t / 20)], -1)[None].astype(np.float32)

    def fits(series: tf.Tensor) -> tf.Tensor:
        found = tf.nn.conv1d(series[..., :1], shape[:, None, None], 1, "VALID")
        best = tf.reduce_max(found, (1, 2))
        return tf.stack([0 * best + 20, best], 1) / 4

    explainer = LiMA(fits, 64, regions=20, baseline="channel_mean")
    (one,) = explainer.explain_regions(series, np.eye(2)[[1]])
    assert 110 <= np.flatnonzero(one.prefix(1)).mean() < 140
    return plot_series(one, series[0], names=["load", "season"], signed=True)


def disc() -> Figure:
    """An object of a segmentation

    Pixels are red or green by what is around them. The label of the red disc comes from the disc.
    """
    y, x = np.mgrid[:48, :48]
    image = 0.2 * np.random.default_rng(0).random((1, 48, 48, 3), np.float32)
    for channel, (row, column) in enumerate([(14, 14), (32, 34)]):
        image[0, (y - row) ** 2 + (x - column) ** 2 < 60, channel] = 1

    def model(images: tf.Tensor) -> tf.Tensor:
        near = tf.nn.avg_pool2d(images, 5, 1, "SAME")
        return 10 * tf.concat([0 * near[..., :1] + 0.4, near[..., :2] - near[..., 2:]], -1)

    zone = np.argmax(model(image), -1) == 1
    targets = segmentation_targets(zone.astype(np.float32), [1], 3)
    explainer = LiMA(model, 64, operator=SegmentationScore(), regions=(6, 6))
    (one,) = explainer.explain_regions(image, targets)
    assert zone[0][one.prefix(3)].mean() > 0.5
    return plot_explanation(one, image[0], title="Why are these pixels red?")
