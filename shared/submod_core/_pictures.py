"""Images as arrays, for all that is drawn, and their files: without matplotlib."""

import struct
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from submod_core._checks import as_numbers
from submod_core._types import AnyArray, FloatArray


def as_picture(image: Any, shape: tuple[int, ...]) -> FloatArray:
    """RGB array (H, W, 3) in [0, 1], from any form of image that `plot_explanation` takes.

    Raises
    ------
    ValueError
        If the image is not of the size `shape`, or has another number of channels than 1 or 3.

    Examples
    --------
    >>> as_picture(np.array([[0, 255]]), (1, 2))
    array([[[0., 0., 0.],
            [1., 1., 1.]]])
    """
    array = as_array(image)
    as_numbers("image", array)
    # Channels go last: an image (C, H, W) of the regions' size, with 1 or 3 channels, is moved.
    if array.ndim == 3 and array.shape[1:] == shape and array.shape[2] not in (1, 3):
        array = np.moveaxis(array, 0, -1)
    if array.ndim == 2:
        array = array[..., None]
    if array.ndim != 3 or array.shape[:2] != shape:
        raise ValueError(
            f"`image` (of shape {np.shape(image)}) must have the size of the explanation's "
            f"regions, {shape}"
        )
    if array.shape[2] not in (1, 3):
        raise ValueError(
            f"`image` (of shape {np.shape(image)}) has {array.shape[2]} channels; give the 1 or 3 "
            "of them that are to be drawn"
        )
    picture = array.astype(np.float64) / (255 if array.dtype.kind in "iu" else 1)
    if picture.min() < 0 or picture.max() > 1:
        picture = (picture - picture.min()) / (np.ptp(picture) or 1.0)
    return np.broadcast_to(picture, (*shape, 3)).copy()


def as_array(data: Any) -> AnyArray:
    """A NumPy array of any array or tensor, on whatever device.

    Examples
    --------
    >>> as_array([1, 2])
    array([1, 2])
    """
    if hasattr(data, "detach"):
        data = data.detach().cpu()
        data = data.float() if data.is_floating_point() else data  # NumPy has no bfloat16
    return np.asarray(data)


def png(picture: NDArray[np.uint8]) -> bytes:
    """File of an RGB picture (H, W, 3) of uint8; equal pictures give equal bytes.

    The format is that of the
    PNG specification (W3C, third edition), with the filter "Paeth" in every row.

    Examples
    --------
    >>> from io import BytesIO
    >>> from skimage.io import imread
    >>> picture = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
    >>> bool((imread(BytesIO(png(picture))) == picture).all())
    True
    """
    height, width, _ = picture.shape
    whole = np.pad(picture.astype(np.int16), ((1, 0), (1, 0), (0, 0)))
    left, above, corner = whole[1:, :-1], whole[:-1, 1:], whole[:-1, :-1]
    # The neighbour nearest to left + above − corner foretells the pixel; of equals, the first.
    ahead = left + above - corner
    near = [abs(ahead - one) for one in (left, above, corner)]
    foretold = np.choose(np.argmin(near, axis=0), (left, above, corner))
    rows = ((whole[1:, 1:] - foretold) % 256).astype(np.uint8).reshape(height, -1)
    filtered = np.pad(rows, ((0, 0), (1, 0)), constant_values=4).tobytes()
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", zlib.compress(filtered, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in chunks
    )
