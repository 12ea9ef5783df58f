"""Superpixels: regions that follow the edges of a picture."""

import math

import numpy as np
from numpy.typing import ArrayLike
from skimage.measure import label
from skimage.segmentation import slic
from skimage.segmentation import watershed as flooded
from skimage.util import regular_grid

from submod_core._checks import as_numbers, check_count
from submod_core._types import FloatArray, IntArray
from submod_core.regions.divisions import compact

# SLIC-zero begins from this weight of space against colour, in units of a hundredth of the range
# from black to white.
_COMPACTNESS = 10.0
# Outliers: values further from the middle 96 % of an image than three times the width of that
# middle. Of 200 ImageNet photographs none has a value further away than 1.5 widths.
_TAIL = 0.02
_REACH = 3.0
# A lattice whose number of cells is off by more than this factor is replaced by one of fractions of
# pixels, which are at most a sixteenth.
_TOLERANCE = 1.25
_FINEST = 16
# Most elements of an enlarged volume, in memory a hundred megabytes.
_MOST = 1 << 24


def slico(image: ArrayLike, n: int = 49) -> IntArray:
    """Superpixels by SLIC-zero, LiMA's usual division of images (§4.1).

    Parameters
    ----------
    image : array_like, (H, W) or (H, W, C)
        Real values in any range, integers or bools; the result depends on neither unit nor offset.
        Few values that lie far from all others (dead pixels) count as the nearest of the others.

        - (H, W) and one channel: grey, divided as the colour image with three equal channels.
        - Three channels: RGB, by the perceived difference of colours (CIELAB).
        - Two, four or more channels (bands, RGBA): each is rescaled by itself and counts alike,
          without channels that are constant; where one or three others remain, they are read as
          above. An alpha channel is a channel like any other: colours below transparent pixels
          count. To divide what is seen instead, compose the image on its background first.
    n : int
        Number of regions. SLIC starts from a regular lattice: the result has about `n`.

    Returns
    -------
    ndarray of intp, (H, W)
        The label map; each region is connected.

    Raises
    ------
    ValueError
        If the image has another number of axes, no pixels or non-finite values, or `n` < 1.

    Examples
    --------
    >>> labels = slico(np.linspace(0, 1, 4900).reshape(70, 70), n=49)
    >>> labels.shape, int(labels.max()) + 1
    ((70, 70), 49)
    """
    array = as_numbers("image", image)
    if array.ndim not in (2, 3) or array.size == 0:
        raise ValueError(
            f"`image` (of shape {array.shape}) must be (H, W) or (H, W, C), with at least one pixel"
        )
    return _slic("image", array.reshape(*array.shape[:2], -1), n)


def supervoxels(volume: ArrayLike, n: int = 49) -> IntArray:
    """Superpixels of a volume or a video, by SLIC-zero in three dimensions.

    Parameters
    ----------
    volume : array_like, (D, H, W, C)
        Real values, read as by `slico`. All three axes count alike: voxels are cubes, and a frame
        of a video is as far from the next as a pixel is.
    n : int
        About so many regions.

    Returns
    -------
    ndarray of intp, (D, H, W)
        The label map; each region is connected.

    Raises
    ------
    ValueError
        If the volume has another number of axes, no voxels or non-finite values, or `n` < 1.

    Examples
    --------
    >>> labels = supervoxels(np.linspace(0, 1, 4096).reshape(16, 16, 16, 1), n=8)
    >>> labels.shape, int(labels.max()) + 1
    ((16, 16, 16), 8)
    """
    array = as_numbers("volume", volume)
    if array.ndim != 4 or array.size == 0:
        raise ValueError(f"`volume` (of shape {array.shape}) must be (D, H, W, C), with a voxel")
    return _slic("volume", array, n)


def _slic(name: str, array: FloatArray, n: int) -> IntArray:
    """Divide an input (places…, C); `name` is the argument that errors name."""
    if not np.isfinite(array).all():
        raise ValueError(f"`{name}` holds NaN or infinite values; superpixels need finite ones")
    check_count("n", n)
    if (largest := np.abs(array).max()) > 1e100:  # differences must not overflow
        array = array / largest
    channels = _channels(array)
    # Channels that are no RGB lie at right angles: two pixels that differ by the whole range in
    # each differ as black and white do.
    alike = channels.shape[-1]
    rgb = alike == 3
    compactness = _COMPACTNESS if rgb else _COMPACTNESS / 100 * alike**0.5
    places = channels.shape[:-1]
    n = min(int(n), math.prod(places))
    fraction = _fraction(places, n)
    # Divide an enlarged image, and look the regions up at the middle of each pixel.
    enlarged = channels
    for axis in range(len(places)):
        enlarged = enlarged.repeat(fraction, axis=axis)
    labels = slic(
        enlarged,
        n_segments=n,
        compactness=compactness,
        slic_zero=True,
        convert2lab=rgb,
        channel_axis=-1,
    )
    if fraction > 1:
        middle = slice(fraction // 2, None, fraction)
        labels = _connected(labels[(middle,) * len(places)])
    return compact(labels)


def _channels(array: FloatArray) -> FloatArray:
    """The channels (places…, C) in [0, 1]: three for RGB and grey, another number of others."""
    n_channels = array.shape[-1]
    if n_channels > 3 or n_channels == 2:
        varying = np.ptp(array.reshape(-1, n_channels), axis=0) > 0
        # A channel without any variation tells no places apart: it must not decide how the others
        # are read.
        array = array[..., varying] if varying.any() else array[..., :1]
    if array.shape[-1] == 1:
        return np.repeat(_rescaled(array), 3, axis=-1)
    if array.shape[-1] == 3:
        return _rescaled(array)
    return np.stack([_rescaled(array[..., [k]])[..., 0] for k in range(array.shape[-1])], -1)


def _rescaled(array: FloatArray) -> FloatArray:
    """Rescale channels (places…, C) together to [0, 1]; a constant image becomes 0."""
    channels = array.shape[-1]
    pixels = array.size // channels
    tail = channels * max(1, int(_TAIL * pixels))
    if array.size > 2 * tail:
        # Outliers would leave next to nothing of the range to all other values.
        low, high = np.partition(array, (tail, array.size - 1 - tail), axis=None)[[tail, -1 - tail]]
        reach = _REACH * (high - low)
        if reach > 0:
            near = array[(array >= low - reach) & (array <= high + reach)]
            array = np.clip(array, near.min(), near.max())
    array = array - array.min()
    array /= array.max() or 1.0
    return array


def _fraction(shape: tuple[int, ...], n: int) -> int:
    """Smallest fraction of a pixel (its denominator) on whose lattice `n` regions begin."""

    def off(fraction: int) -> float:
        # The cells of the lattice of whole steps that `slic` lays.
        sides = tuple(fraction * side for side in shape)
        cells = np.broadcast_to(0, sides)[regular_grid(sides, n)].size
        return float(max(cells / n, n / cells))

    if off(1) <= _TOLERANCE:
        return 1
    fractions = [f for f in range(2, _FINEST + 1) if f ** len(shape) * math.prod(shape) <= _MOST]
    if not fractions:  # too large to be enlarged
        return 1
    return next((f for f in fractions if off(f) <= 1.1), min([1, *fractions], key=off))


def _connected(labels: IntArray) -> IntArray:
    """Keep the largest part of each region; its other parts join their neighbours."""
    parts = label(labels, connectivity=1, background=-1)
    sizes = np.bincount(parts.ravel())
    markers = np.zeros_like(parts)
    for region in np.unique(labels):
        own = np.unique(parts[labels == region])
        largest = own[np.argmax(sizes[own])]
        markers[parts == largest] = largest
    return flooded(np.zeros(labels.shape), markers=markers)
