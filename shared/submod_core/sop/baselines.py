"""Baselines of Sum-of-Parts: what replaces the features outside of a group."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from scipy.ndimage import gaussian_filter1d

from submod_core._checks import as_numbers, is_number
from submod_core._types import AnyArray, FloatArray
from submod_core.regions.baselines import blur_width, random_colour

Baseline = float | str | Sequence[float] | AnyArray
"""A number, one for each channel, or one of `NAMES`."""

Known = float | str | tuple[float, ...]
"""A baseline as a model keeps it, and as JSON can hold it."""

NAMES = ("blur", "channel_mean", "random_colour")
"""Those of LiMA's baselines that are no noise: a model's answer must not change with it."""


def as_baseline(baseline: Any, shape: tuple[int, ...], channels: int | None, images: bool) -> Known:
    """A baseline that fits inputs, as a model keeps it.

    Parameters
    ----------
    baseline : float, array_like or str
    shape : tuple of int
        Of the inputs (N, …).
    channels : int or None
        Their axis of channels, where they have one.
    images : bool
        Whether the channels are those of images, which alone take names.

    Raises
    ------
    TypeError, ValueError
        If it does not.

    Examples
    --------
    >>> as_baseline([0, 0.5, 1], (1, 3, 8, 8), 1, images=True)
    (0.0, 0.5, 1.0)
    >>> as_baseline("blur", (1, 8), None, images=False)
    Traceback (most recent call last):
    ValueError: `baseline` (='blur') is for images: inputs of shape (1, 8) take a number
    """
    if is_number(baseline):
        return float(baseline)
    rule = f"must be a finite number, one for each channel, or one of {list(NAMES)}"
    if isinstance(baseline, str):
        if baseline not in NAMES:
            raise ValueError(f"`baseline` (={baseline!r}) {rule}")
        if not images:
            takes = "a number" if channels is None else "a number, or one for each channel"
            raise ValueError(
                f"`baseline` (={baseline!r}) is for images: inputs of shape {shape} take {takes}"
            )
        return baseline
    if not isinstance(baseline, Sequence | np.ndarray):
        raise ValueError(f"`baseline` (={baseline!r}) {rule}")
    values = as_numbers("baseline", baseline)
    if values.ndim != 1:
        raise ValueError(f"`baseline` (of shape {values.shape}) {rule}")
    if np.asarray(baseline).dtype.kind == "b":
        raise ValueError(f"`baseline` (={baseline!r}) {rule}")
    if channels is None or len(values) != shape[channels]:
        there = "no channels" if channels is None else f"{shape[channels]} channels"
        raise ValueError(
            f"`baseline` (of {len(values)} numbers) must be a number, or one for each channel: "
            f"inputs of shape {shape} have {there}"
        )
    return tuple(values.tolist())


def check_stored(baseline: Any) -> None:
    """Raise ValueError unless a file's baseline is a number, a name, or a list of numbers."""
    listed = isinstance(baseline, list) and all(map(is_number, baseline))
    if not (listed or is_number(baseline) or baseline in NAMES):
        raise ValueError(f"its option `baseline` (={baseline!r}) is of the wrong type")


def drawn_colour(example: AnyArray) -> FloatArray:
    """The colour of "random_colour", (C,): LiMA's for this image (places…, C), of seed 0.

    Examples
    --------
    >>> drawn_colour(np.ones((2, 2, 3)))
    array([1., 1., 1.])
    """
    return random_colour(example).ravel()


@lru_cache(maxsize=64)
def blurring(shape: tuple[int, ...]) -> tuple[FloatArray, ...]:
    """The matrices (n, n), one for each axis of space, whose product with an image is its "blur".

    As matrices a framework applies them to many images, on any device and with gradients.

    Parameters
    ----------
    shape : tuple of int
        (H, W).

    Examples
    --------
    >>> from submod_core.regions.baselines import blur
    >>> image = np.arange(12.0).reshape(3, 4)
    >>> rows, columns = blurring((3, 4))
    >>> np.allclose(rows @ image @ columns.T, blur(image[..., None])[..., 0])
    True
    """
    width = blur_width(shape)
    return tuple(gaussian_filter1d(np.eye(n), width, axis=0) for n in shape)


def fact(baseline: Known, colour: FloatArray | None) -> Any:
    """A baseline in the facts of a run: of a colour that was drawn, its values too.

    Examples
    --------
    >>> fact("random_colour", np.array([0.5])), fact((0.0, 1.0), None)
    (['random_colour', 0.5], [0.0, 1.0])
    """
    if colour is not None:
        return [baseline, *colour.tolist()]
    return list(baseline) if isinstance(baseline, tuple) else baseline
