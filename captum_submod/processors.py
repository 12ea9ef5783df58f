"""Pixel space of a model's inputs, with tensors."""

from typing import Any

import numpy as np
import torch

from submod_core._docs import documented
from submod_core._types import FloatArray
from submod_core.regions import pixels
from submod_core.regions.options import OPTIONS


class PixelSpace(pixels.PixelSpace):
    """Pixel space of a model's inputs (N, C, H, W): `submod_core.regions.PixelSpace` with tensors.

    Examples
    --------
    >>> PixelSpace(mean=(0.5,), std=(0.25,)).baseline("white")
    tensor([[[[2.]]]])
    """

    def _native(self, array: FloatArray) -> torch.Tensor:
        return torch.from_numpy(np.ascontiguousarray(array, dtype=np.float32))


@documented(OPTIONS, images="(N, C, H, W)")
def from_processor(processor: Any) -> PixelSpace:
    """Make the pixel space of a model from its processor: baselines, divisions and pictures.

    {processor}

    Examples
    --------
    >>> pixels = from_processor({"mean": (0.5, 0.5, 0.5), "std": (0.5, 0.5, 0.5)})
    >>> pixels.baseline("black").ravel()
    tensor([-1., -1., -1.])
    """
    return PixelSpace.of(processor)
