"""Tubes: regions of a video that are a part of the picture over all or some of time."""

from typing import Any

import numpy as np

from submod_core._checks import as_numbers, check_count, check_counts, is_whole
from submod_core._types import FloatArray, IntArray
from submod_core.regions.divisions import compact, grid
from submod_core.regions.superpixels import slico


def tubes(video: Any, regions: Any = 49, spans: int = 1) -> IntArray:
    """Tubes of a video: parts of the picture, each over a span of time.

    With one span a tube is there or not for the whole video, which asks *where* alone; with as many
    spans as frames each frame has regions of its own.

    Parameters
    ----------
    video : array_like, (T, H, W) or (T, H, W, C)
        Real values, read as by `slico`.
    regions : int, (int, int) or array_like of int, (H, W)
        Parts of the picture: about so many superpixels of each span's mean frame; rows and columns
        of patches; or a label map for all frames, in which −1 always stays.
    spans : int
        Number of spans of time, whose lengths differ by at most one frame.

    Returns
    -------
    ndarray of intp, (T, H, W)
        The label map, numbered span by span.

    Raises
    ------
    TypeError, ValueError
        If the video has other axes or non-finite values, there are fewer frames than spans, or
        `regions` are none of the above.

    Examples
    --------
    >>> tubes(np.zeros((4, 1, 2)), (1, 2), spans=2)[:, 0].tolist()
    [[0, 1], [0, 1], [2, 3], [2, 3]]

    As the regions of a method, with about 30 superpixels in each of 4 spans:

    >>> divide = lambda video: tubes(video, 30, spans=4)
    """
    frames = as_numbers("video", video)
    if frames.ndim not in (3, 4) or not frames.size:
        raise ValueError(
            f"`video` (of shape {frames.shape}) must be (T, H, W) or (T, H, W, C), with a pixel"
        )
    check_count("spans", spans)
    if spans > len(frames):
        raise ValueError(f"`spans` (={spans}) must be at most the number of frames, {len(frames)}")
    size = (frames.shape[1], frames.shape[2])
    fixed = None if is_whole(regions) else _parts(regions, size)
    labels = np.empty((len(frames), *size), dtype=np.intp)
    start = 0
    for span in np.split(np.arange(len(frames)), np.flatnonzero(_ends(len(frames), spans)) + 1):
        parts = _superpixels(frames[span], regions) if fixed is None else fixed
        labels[span] = np.where(parts < 0, -1, parts + start)
        start += int(parts.max()) + 1
    return labels


def _ends(n_frames: int, spans: int) -> IntArray:
    """Where a span follows another, for all frames but the last."""
    ends: IntArray = np.diff(np.arange(n_frames) * spans // n_frames)
    return ends


def _superpixels(frames: FloatArray, n: Any) -> IntArray:
    check_count("regions", n)
    return slico(frames.mean(0), n)


def _parts(regions: Any, size: tuple[int, int]) -> IntArray:
    """A label map of the picture, from rows and columns or as it was given."""
    if isinstance(regions, tuple) and len(regions) == 2:
        check_counts("regions", regions)
        if regions[0] > size[0] or regions[1] > size[1]:
            raise ValueError(f"`regions` (={regions}) must be at most the size of a frame, {size}")
        return grid(size, regions)
    given = as_numbers("regions", regions)
    whole = given.size > 0 and (given == np.rint(given)).all() and given.min() >= -1
    if given.shape != size or not whole or given.max() < 0:
        raise ValueError(
            f"`regions` (of shape {given.shape}) must be a count, (rows, columns) or a label map "
            f"of whole numbers from −1 on over a frame, {size}"
        )
    return compact(given)
