"""Baselines of images, which replace removed parts: functions of an image (H, W, C)."""

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.ndimage import gaussian_filter

from submod_core._types import FloatArray


def blur(image: Any, sigma: float | None = None) -> FloatArray:
    """Gaussian blur of each channel: the image without its detail.

    Parameters
    ----------
    image : array_like, (H, W, C)
    sigma : float, optional
        Standard deviation in pixels; by default a twentieth of the longer side.

    Returns
    -------
    ndarray of float64, (H, W, C)

    Examples
    --------
    >>> blur(np.eye(20)[..., None]).shape
    (20, 20, 1)
    """
    array = np.asarray(image, dtype=np.float64)
    side = max(array.shape[:2]) / 20 if sigma is None else sigma
    return np.asarray(gaussian_filter(array, (side, side, 0)))


def channel_mean(image: Any) -> FloatArray:
    """Mean colour of the image, (1, 1, C).

    Examples
    --------
    >>> channel_mean(np.arange(8.0).reshape(2, 2, 2)).ravel()
    array([3., 4.])
    """
    return np.asarray(np.asarray(image, dtype=np.float64).mean(axis=(0, 1), keepdims=True))


def random_colour(image: Any, seed: int = 0) -> FloatArray:
    """One colour drawn between the lowest and the highest value of each channel, (1, 1, C).

    Examples
    --------
    >>> random_colour(np.ones((2, 2, 3))).ravel()
    array([1., 1., 1.])
    """
    array = np.asarray(image, dtype=np.float64)
    low, high = array.min(axis=(0, 1)), array.max(axis=(0, 1))
    return np.asarray(np.random.default_rng(seed).uniform(low, high)[None, None])


def noise(image: Any, seed: int = 0) -> FloatArray:
    """Random values between the lowest and the highest of each channel, (H, W, C).

    Examples
    --------
    >>> noise(np.ones((1, 1, 3)))
    array([[[1., 1., 1.]]])
    """
    array = np.asarray(image, dtype=np.float64)
    low, high = array.min(axis=(0, 1)), array.max(axis=(0, 1))
    return np.random.default_rng(seed).uniform(low, high, size=array.shape)


BASELINES: dict[str, Callable[[Any], FloatArray]] = {
    "blur": blur,
    "channel_mean": channel_mean,
    "random_colour": random_colour,
    "noise": noise,
}
"""The baselines by name; seeds are 0."""


def image_baselines(baseline: Any, images: Any, name: str) -> FloatArray:
    """Baselines of the images, by a name of `BASELINES` or a function of an image.

    Parameters
    ----------
    baseline : str or callable
    images : array_like, (N, H, W, C)
    name : str
        The argument's name in errors.

    Returns
    -------
    ndarray of float64, (N, H, W, C) or, where all are one colour, (N, 1, 1, C)

    Raises
    ------
    ValueError
        If the name is unknown, the inputs are no images, or a result does not fit its image or is
        not finite.

    Examples
    --------
    >>> image_baselines("channel_mean", np.ones((2, 8, 8, 3)), "baselines").shape
    (2, 1, 1, 3)
    """
    if isinstance(baseline, str) and baseline not in BASELINES:
        raise ValueError(
            f"`{name}` (={baseline!r}) must be a number, an array, a function or one of "
            f"{list(BASELINES)}"
        )
    array = np.asarray(images)
    if array.ndim != 4:
        raise ValueError(
            f"`{name}` (={baseline!r}) needs images; the inputs have {array.ndim - 1} axes per "
            "example"
        )
    draw = BASELINES[baseline] if isinstance(baseline, str) else baseline
    made = [np.asarray(draw(image), dtype=np.float64) for image in array]
    # Only a value that broadcasts to its image can replace parts of it.
    for value in made:
        fits = value.ndim == 3 and all(
            v in (1, s) for v, s in zip(value.shape, array.shape[1:], strict=True)
        )
        if not fits or not np.isfinite(value).all():
            raise ValueError(
                f"`{name}` (a function) gave values of shape {value.shape} for an image of shape "
                f"{array.shape[1:]}; they must be finite and broadcast to it"
            )
    return np.stack(made)
