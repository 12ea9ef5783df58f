"""Handwritten digits hidden in cluttered scenes: a small problem with evidence at a known place.

A scene is a dark, softly coloured background with torn-off pieces of other digits, and one whole
digit at a random place. A good explanation of a classifier that reads the digit points to this
place. scikit-learn ships the digits.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import zoom
from sklearn.datasets import load_digits

WEIGHTS = Path(__file__).with_name("digits_cnn.npz")
"""The trained network's arrays, for any framework."""
CLEAN_WEIGHTS = Path(__file__).with_name("digits_clean_cnn.npz")
"""Arrays of the same network trained on scenes without clutter; clutter misleads this network."""

SIZE = 64
DIGIT = 24
TRAINING_DIGITS = 1400


@dataclass(frozen=True)
class Scenes:
    """Scenes, with the digits hidden in them and their places.

    Attributes
    ----------
    images : ndarray of float32, (N, 3, 64, 64)
        RGB in [0, 1].
    labels : ndarray of int64, (N,)
        The digits, 0 … 9.
    masks : ndarray of bool, (N, 64, 64)
        The square in which the digit lies, 24 × 24 pixels.
    """

    images: NDArray[np.float32]
    labels: NDArray[np.int64]
    masks: NDArray[np.bool_]


def make_scenes(
    n: int, seed: int, *, training: bool = False, clutter: tuple[int, int] = (8, 15)
) -> Scenes:
    """Draw n scenes from the digits kept for testing, or from those for training.

    Parameters
    ----------
    n, seed : int
    training : bool
    clutter : (int, int)
        Number of pieces of other digits in a scene: at least the first, less than the second.

    Examples
    --------
    >>> scenes = make_scenes(3, seed=0)
    >>> scenes.images.shape, scenes.masks.sum(axis=(1, 2)).tolist()
    ((3, 3, 64, 64), [576, 576, 576])
    """
    rng = np.random.default_rng(seed)
    digits = load_digits()
    part = slice(None, TRAINING_DIGITS) if training else slice(TRAINING_DIGITS, None)
    glyphs, labels = digits.images[part] / 16, digits.target[part]
    chosen = rng.integers(len(glyphs), size=n)
    masks = np.zeros((n, SIZE, SIZE), dtype=bool)
    images = np.empty((n, 3, SIZE, SIZE), dtype=np.float32)
    for image, mask, index in zip(images, masks, chosen, strict=True):
        image[:] = _background(rng)
        for _ in range(rng.integers(*clutter)):
            _paste(image, _fragment(glyphs, rng), rng)
        top, left = _paste(image, zoom(glyphs[index], DIGIT // 8, order=1).clip(0, 1), rng)
        mask[top : top + DIGIT, left : left + DIGIT] = True
    return Scenes(images, labels[chosen].astype(np.int64), masks)


@dataclass(frozen=True)
class Pairs:
    """Scenes with two whole digits each.

    Attributes
    ----------
    images : ndarray of float32, (N, 3, 64, 64)
        RGB in [0, 1].
    boxes : ndarray of float32, (N, 2, 4)
        Left, top, right, bottom of each digit's square, in pixels; the two do not overlap.
    labels : ndarray of int64, (N, 2)
    """

    images: NDArray[np.float32]
    boxes: NDArray[np.float32]
    labels: NDArray[np.int64]


def make_pairs(
    n: int, seed: int, *, training: bool = False, clutter: tuple[int, int] = (0, 4)
) -> Pairs:
    """Draw n scenes with two digits that do not overlap, for detectors.

    Examples
    --------
    >>> pairs = make_pairs(3, seed=0)
    >>> pairs.images.shape, pairs.boxes.shape, pairs.labels.shape
    ((3, 3, 64, 64), (3, 2, 4), (3, 2))
    """
    rng = np.random.default_rng(seed)
    digits = load_digits()
    part = slice(None, TRAINING_DIGITS) if training else slice(TRAINING_DIGITS, None)
    glyphs, targets = digits.images[part] / 16, digits.target[part]
    chosen = rng.integers(len(glyphs), size=(n, 2))
    images = np.empty((n, 3, SIZE, SIZE), dtype=np.float32)
    boxes = np.empty((n, 2, 4), dtype=np.float32)
    for image, pair, indices in zip(images, boxes, chosen, strict=True):
        image[:] = _background(rng)
        for _ in range(rng.integers(*clutter)):
            _paste(image, _fragment(glyphs, rng), rng)
        # Two corners as far apart as a digit along one axis at least.
        corners = rng.integers(0, SIZE - DIGIT + 1, size=(2, 2))
        while np.abs(corners[0] - corners[1]).max() < DIGIT:
            corners = rng.integers(0, SIZE - DIGIT + 1, size=(2, 2))
        for box, index, (top, left) in zip(pair, indices, corners, strict=True):
            ink = zoom(glyphs[index], DIGIT // 8, order=1).clip(0, 1)
            _paste(image, ink, rng, (int(top), int(left)))
            box[:] = left, top, left + DIGIT, top + DIGIT
    return Pairs(images, boxes, targets[chosen].astype(np.int64))


def _background(rng: np.random.Generator) -> NDArray[np.float64]:
    coarse = rng.uniform(0.05, 0.4, size=(3, 4, 4))
    return zoom(coarse, (1, SIZE // 4, SIZE // 4), order=1) + rng.normal(
        0, 0.02, size=(3, SIZE, SIZE)
    )


def _fragment(glyphs: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    top, left = rng.integers(0, 5, size=2)
    piece = glyphs[rng.integers(len(glyphs)), top : top + 4, left : left + 4]
    return zoom(piece, 3, order=1).clip(0, 1)


def _paste(
    image: NDArray[np.float32],
    ink: NDArray[np.float64],
    rng: np.random.Generator,
    corner: tuple[int, int] | None = None,
) -> tuple[int, int]:
    top, left = rng.integers(0, SIZE - len(ink) + 1, size=2) if corner is None else corner
    colour = rng.uniform(0.5, 1.0, size=(3, 1, 1))
    window = image[:, top : top + len(ink), left : left + len(ink)]
    window[:] = np.clip(window * (1 - ink) + colour * ink, 0, 1)
    return int(top), int(left)
