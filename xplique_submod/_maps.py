"""The heatmaps of other methods: SMDL's prior, and the maps that SEA-NN learns from."""

from typing import Any

import numpy as np
import tensorflow as tf

from submod_core._docs import documented
from submod_core.engine._finite import check_finite_maps
from submod_core.sea_nn.options import OPTIONS


@documented(OPTIONS)
def heatmaps(
    source: Any, images: tf.Tensor, targets: tf.Tensor, name: str, *, absolute: bool
) -> np.ndarray:
    """One map for each image, (N, H, W), or (1, H, W) for all, in double precision.

    Parameters
    ----------
    source : array_like, explainer or callable
        Maps (N, H, W), (N, H, W, C) or one of them for all; an Xplique explainer; or a function of
        inputs and targets. Maps of another height and width than the images are interpolated.
    {source}
    """
    maps = np.asarray(source(images, targets) if callable(source) else source, dtype=np.float64)
    maps = maps[..., None] if maps.ndim == 3 else maps
    if maps.ndim != 4 or len(maps) not in (1, len(images)):
        raise ValueError(
            f"`{name}` (of shape {maps.shape}) must be maps (N, H, W) or (N, H, W, C) for the "
            f"{len(images)} inputs, or one for all"
        )
    check_finite_maps(maps, name)
    summed = (np.abs(maps) if absolute else maps).sum(-1, keepdims=True)
    size = tuple(images.shape[1:3])
    if summed.shape[1:3] != size:
        summed = tf.image.resize(summed, size).numpy()
    return summed[..., 0].astype(np.float64)
