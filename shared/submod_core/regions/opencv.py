"""Superpixels of OpenCV, as the released code of LiMA and its successors divides images."""

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from submod_core._checks import as_numbers, check_count, check_positive
from submod_core._types import AnyArray, IntArray
from submod_core.regions.divisions import compact

# OpenCV takes a smaller number of superpixels of SEEDS as this.
_FEWEST = 10


def opencv_slico(
    image: ArrayLike,
    n: int = 50,
    *,
    region_size: int | None = None,
    ruler: float = 20.0,
    iterations: int = 20,
) -> IntArray:
    """Superpixels by OpenCV's SLICO, with the options of LiMA's released scripts.

    Needs `cv2.ximgproc`, the extra ``opencv``. Take it to repeat published runs: many regions are
    not connected, on photographs of 224 × 224 from 4 to 46 of 49 and 24 on average, since the
    scripts leave out OpenCV's last step; what a map says of a region it says of all its pieces.
    `slico` has connected regions and needs nothing more.

    Parameters
    ----------
    image : array_like, (H, W) or (H, W, C)
        A picture, RGB or grey: whole numbers from 0 to 255, or real ones in [0, 1], which are
        rounded to 256 levels. Colours are compared as they are, not in CIELAB.
    n : int
        About so many regions: the side of a region is √(H · W / n), rounded down.
    region_size : int, optional
        Side of a region in pixels, in place of `n`; at most the shorter side of the image.
    ruler : float
        Weight of space against colour where the iterations begin; SLICO adapts it.
    iterations : int

    Returns
    -------
    ndarray of intp, (H, W)
        The label map, with ids from 0 on and no gaps.

    Raises
    ------
    ImportError
        If there is no `cv2.ximgproc`.
    ValueError
        If the image is no such picture or narrower than a region, or an option is out of range.

    Examples
    --------
    >>> int(opencv_slico(np.zeros((224, 224, 3)), 50).max()) + 1  # doctest: +SKIP
    49
    """
    picture = _picture(image)
    for name, value in (("n", n), ("iterations", iterations)):
        check_count(name, value)
    if region_size is not None:
        check_count("region_size", region_size)
    check_positive("ruler", ruler)
    height, width = picture.shape[:2]
    side = max(1, math.isqrt(height * width // int(n))) if region_size is None else int(region_size)
    if side > min(height, width):
        given = f"`n` (={n})" if region_size is None else f"`region_size` (={region_size})"
        raise ValueError(
            f"{given} asks for regions {side} pixels wide; `image` ({height} x {width}) is narrower"
        )
    superpixels = _ximgproc().createSuperpixelSLIC(picture, region_size=side, ruler=float(ruler))
    superpixels.iterate(int(iterations))
    return compact(superpixels.getLabels())


def opencv_seeds(
    image: ArrayLike,
    n: int = 50,
    *,
    levels: int = 3,
    prior: int = 2,
    histogram_bins: int = 5,
    iterations: int = 10,
) -> IntArray:
    """Superpixels by OpenCV's SEEDS, with the options of LiMA's released scripts.

    Needs `cv2.ximgproc`, the extra ``opencv``. Regions are seldom not connected, on photographs of
    224 × 224 from 0 to 3 of 49.

    Parameters
    ----------
    image : array_like, (H, W) or (H, W, C)
        As of `opencv_slico`.
    n : int
        At most about so many regions, on a lattice of whole blocks; OpenCV takes fewer than 10 as
        10.
    levels : int from 2 to 16
        Levels of blocks, each half as wide as the next, from which regions are put together.
    prior : int from 0 to 5
        Smoothness of the outlines.
    histogram_bins : int
        Bins of each channel by which colours are compared.
    iterations : int

    Returns
    -------
    ndarray of intp, (H, W)
        The label map, with ids from 0 on and no gaps.

    Raises
    ------
    ImportError
        If there is no `cv2.ximgproc`.
    ValueError
        If the image is no such picture or has too few pixels for so many regions, or an option is
        out of range.

    Examples
    --------
    >>> int(opencv_seeds(np.zeros((224, 224, 3)), 50).max()) + 1  # doctest: +SKIP
    49
    """
    picture = _picture(image)
    for name, value in (("n", n), ("histogram_bins", histogram_bins), ("iterations", iterations)):
        check_count(name, value)
    for name, value, least, most in (("levels", levels, 2, 16), ("prior", prior, 0, 5)):
        check_count(name, value, least)
        if value > most:
            raise ValueError(f"`{name}` (={value}) must be at most {most}")
    # The lattice that OpenCV lays. It crashes with a single row or column, and never ends with
    # blocks that cannot be halved.
    height, width = picture.shape[:2]
    rows = int(math.sqrt(max(int(n), _FEWEST) * height / width))
    columns = rows * width // height
    if min(rows, columns) < 2 or min(height // rows, width // columns) < 2:
        raise ValueError(
            f"`image` ({height} x {width}) cannot be divided by `n` (={n}): {rows} x {columns} "
            "regions, which must be 2 x 2 or more, each of 2 x 2 pixels or more"
        )
    superpixels = _ximgproc().createSuperpixelSEEDS(
        width,
        height,
        picture.shape[2],
        num_superpixels=int(n),
        num_levels=int(levels),
        prior=int(prior),
        histogram_bins=int(histogram_bins),
    )
    superpixels.iterate(picture, int(iterations))
    return compact(superpixels.getLabels())


def _picture(image: Any) -> AnyArray:
    """The image as OpenCV reads it from a file: uint8 (H, W, 3), blue, green, red."""
    given = np.asarray(image)
    values = as_numbers("image", given)
    grey = values.ndim == 2 or (values.ndim == 3 and values.shape[2] == 1)
    if values.size == 0 or not (grey or (values.ndim == 3 and values.shape[2] == 3)):
        raise ValueError(
            f"`image` (of shape {values.shape}) must be (H, W), (H, W, 1) or (H, W, 3), with at "
            "least one pixel"
        )
    # Hosts hand over whole numbers as real ones.
    whole = given.dtype.kind in "iu" or (values.max() > 1 and np.array_equal(values, values // 1))
    largest = 255 if whole else 1
    if values.min() < 0 or values.max() > largest:
        raise ValueError(
            f"`image` (from {values.min():g} to {values.max():g}) must hold whole numbers from 0 "
            "to 255, or real ones in [0, 1]: divide by 255 what is between; of normalised inputs "
            "divide the pictures, by `from_processor(…).regions`"
        )
    levels = np.rint(values * (255 / largest)).astype(np.uint8).reshape(*values.shape[:2], -1)
    return np.ascontiguousarray(np.broadcast_to(levels, (*levels.shape[:2], 3))[..., ::-1])


def _ximgproc() -> Any:
    """OpenCV's module of superpixels."""
    wanted = "this division needs `cv2.ximgproc`: pip install 'captum-xplique-submod[opencv]'"
    try:
        import cv2
    except ImportError as error:
        raise ImportError(wanted) from error
    ximgproc: Any = getattr(cv2, "ximgproc", None)
    if not hasattr(ximgproc, "createSuperpixelSEEDS"):
        raise ImportError(
            f"{wanted}. The cv2 that is installed ({getattr(cv2, '__version__', 'unknown')}) has "
            "none of its functions; packages of OpenCV overwrite each other: uninstall "
            "opencv-python and opencv-python-headless, then pip install --force-reinstall "
            "--no-deps opencv-contrib-python-headless"
        )
    return ximgproc
