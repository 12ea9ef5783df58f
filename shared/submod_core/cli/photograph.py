"""One photograph as a model's input: resized, cropped to a square, in [0, 1]."""

import os
from typing import Any

import numpy as np

from submod_core._checks import check_count
from submod_core._types import AnyArray
from submod_core.dataset.data import read_image


def array_of(file: str | os.PathLike[str], size: int, *, channels_last: bool) -> AnyArray:
    """Read a photograph: its shorter side resized to `size`, cropped to the square in the middle.

    Parameters
    ----------
    file : str or PathLike
    size : int
        Height and width of the input, in pixels.
    channels_last : bool

    Returns
    -------
    ndarray of float32, (3, size, size) or (size, size, 3)
        In [0, 1].

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is no image.

    Examples
    --------
    >>> import tempfile
    >>> from skimage.io import imsave
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     imsave(folder + "/a.png", np.full((4, 8), 255, np.uint8), check_contrast=False)
    ...     array_of(folder + "/a.png", 2, channels_last=True).shape
    (2, 2, 3)
    """
    from skimage.transform import resize

    check_count("size", size)
    if not os.path.exists(file):
        raise FileNotFoundError(f"`image` (={os.fspath(file)!r}) is missing")
    try:
        image = read_image(file)
    except OSError as error:
        raise ValueError(f"`image` (={os.fspath(file)!r}) is no image: {error}") from error
    height, width = image.shape[:2]
    scale = size / min(height, width)
    shape = (max(size, round(height * scale)), max(size, round(width * scale)), 3)
    resized = resize(image, shape, anti_aliasing=True)
    top, left = (shape[0] - size) // 2, (shape[1] - size) // 2
    square = resized[top : top + size, left : left + size].astype(np.float32)
    return square if channels_last else np.ascontiguousarray(np.moveaxis(square, -1, 0))


def shown(image: AnyArray, channels_last: bool) -> Any:
    """The input as a picture with its channels last."""
    return image if channels_last else np.moveaxis(image, 0, -1)
