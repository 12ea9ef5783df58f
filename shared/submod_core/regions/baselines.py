"""Baselines, which replace removed parts: functions of one input (places…, C)."""

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.ndimage import gaussian_filter

from submod_core._checks import as_numbers, check_callable, check_type
from submod_core._types import AnyArray, FloatArray
from submod_core.regions.layout import Layout


def blur(image: Any, sigma: float | None = None) -> FloatArray:
    """Gaussian blur of each channel along the places: the input without its detail.

    Parameters
    ----------
    image : array_like, (places…, C)
        (H, W, C) of an image, (D, H, W, C) of a volume, (T, C) of a series.
    sigma : float, optional
        Standard deviation in elements; by default a twentieth of the longest side.

    Returns
    -------
    ndarray of float64, (places…, C)

    Examples
    --------
    >>> blur(np.eye(20)[..., None]).shape
    (20, 20, 1)
    """
    array = np.asarray(image, dtype=np.float64)
    side = blur_width(array.shape[:-1]) if sigma is None else sigma
    return np.asarray(gaussian_filter(array, (*(side,) * (array.ndim - 1), 0)))


def blur_width(places: tuple[int, ...]) -> float:
    """The default standard deviation of `blur`: a twentieth of the longest side.

    Examples
    --------
    >>> blur_width((10, 20))
    1.0
    """
    return max(places) / 20


def channel_mean(image: Any) -> FloatArray:
    """Mean of each channel, (1, …, C): the mean colour of an image.

    Examples
    --------
    >>> channel_mean(np.arange(8.0).reshape(2, 2, 2)).ravel()
    array([3., 4.])
    """
    array = np.asarray(image, dtype=np.float64)
    return np.asarray(array.mean(axis=_places(array), keepdims=True))


def minimum(image: Any) -> FloatArray:
    """Lowest value of each channel, (1, …, C): the silence of a spectrogram in decibels.

    Examples
    --------
    >>> minimum(np.arange(8.0).reshape(2, 2, 2)).ravel()
    array([0., 1.])
    """
    array = np.asarray(image, dtype=np.float64)
    return np.asarray(array.min(axis=_places(array), keepdims=True))


def random_colour(image: Any, seed: int = 0) -> FloatArray:
    """One colour drawn between the lowest and the highest value of each channel, (1, …, C).

    Examples
    --------
    >>> random_colour(np.ones((2, 2, 3))).ravel()
    array([1., 1., 1.])
    """
    array = np.asarray(image, dtype=np.float64)
    low, high = array.min(axis=_places(array)), array.max(axis=_places(array))
    drawn = np.random.default_rng(seed).uniform(low, high)
    return drawn.reshape((1,) * (array.ndim - 1) + drawn.shape)


def noise(image: Any, seed: int = 0) -> FloatArray:
    """Random values between the lowest and the highest of each channel, (places…, C).

    Examples
    --------
    >>> noise(np.ones((1, 1, 3)))
    array([[[1., 1., 1.]]])
    """
    array = np.asarray(image, dtype=np.float64)
    low, high = array.min(axis=_places(array)), array.max(axis=_places(array))
    return np.random.default_rng(seed).uniform(low, high, size=array.shape)


def _places(array: FloatArray) -> tuple[int, ...]:
    """All axes but the last, that of channels."""
    return tuple(range(array.ndim - 1))


BASELINES: dict[str, Callable[[Any], FloatArray]] = {
    "blur": blur,
    "channel_mean": channel_mean,
    "minimum": minimum,
    "random_colour": random_colour,
    "noise": noise,
}
"""The baselines by name; seeds are 0."""


def named_baselines(baseline: Any, examples: AnyArray, layout: Layout, name: str) -> AnyArray:
    """Baselines of inputs, by a name of `BASELINES` or a function of one example.

    Parameters
    ----------
    baseline : str or callable
        A function gets an example (places…, C), whatever the layout.
    examples : ndarray, (N, …)
    layout : Layout
        Of at least one axis along which neighbours are alike: not of tables.
    name : str
        The argument's name in errors.

    Returns
    -------
    ndarray of float64
        Broadcasts to the examples, with an entry for each.

    Raises
    ------
    ValueError
        If the name is unknown, the inputs are tables, or a result does not fit its example or is
        not finite.

    Examples
    --------
    >>> named_baselines("channel_mean", np.ones((2, 8, 8, 3)), Layout("NHWC"), "baselines").shape
    (2, 1, 1, 3)
    """
    check_type("layout", layout, Layout, "a Layout")
    if as_numbers("examples", examples).ndim != len(layout.axes):
        raise ValueError(f"`examples` (of shape {np.shape(examples)}) must be {layout}")
    if not isinstance(baseline, str):
        check_callable(name, baseline)
    if isinstance(baseline, str) and baseline not in BASELINES:
        raise ValueError(
            f"`{name}` (={baseline!r}) must be a number, an array, a function or one of "
            f"{list(BASELINES)}"
        )
    if "F" in layout.axes and layout.n_places == 1:
        raise ValueError(
            f"`{name}` (={baseline!r}) needs images, volumes or series; the inputs are {layout}, "
            "whose neighbours have nothing in common"
        )
    draw = BASELINES[baseline] if isinstance(baseline, str) else baseline
    rows = layout.channels_last(examples)
    made = [as_numbers(name, draw(row), finite=False) for row in rows]
    # Only a value that broadcasts to its example can replace parts of it.
    for value in made:
        fits = value.ndim == rows.ndim - 1 and all(
            v in (1, s) for v, s in zip(value.shape, rows.shape[1:], strict=True)
        )
        if not fits or not np.isfinite(value).all():
            raise ValueError(
                f"`{name}` (a function) gave values of shape {value.shape} for an input of shape "
                f"{rows.shape[1:]}; they must be finite and broadcast to it"
            )
    shape = np.broadcast_shapes(*(value.shape for value in made))
    return layout.restored(np.stack([np.broadcast_to(value, shape) for value in made]))
