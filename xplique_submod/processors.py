"""Pixel space of a model's inputs, with channels last."""

from dataclasses import dataclass
from typing import Any

from submod_core._docs import documented
from submod_core.regions import pixels
from submod_core.regions.options import OPTIONS


@dataclass(frozen=True)
class PixelSpace(pixels.PixelSpace):
    """Pixel space of a model's inputs (N, H, W, C): `submod_core.regions.PixelSpace`.

    Examples
    --------
    >>> PixelSpace(mean=(0.5,), std=(0.25,)).baseline("white")
    array([[[[2.]]]], dtype=float32)
    """

    channels_first: bool = False


@documented(OPTIONS, images="(N, H, W, C)")
def from_processor(processor: Any) -> PixelSpace:
    """Make the pixel space of a model from its processor: baselines, divisions and pictures.

    {processor}

    Examples
    --------
    >>> pixels = from_processor({"mean": (0.5, 0.5, 0.5), "std": (0.5, 0.5, 0.5)})
    >>> pixels.baseline("black").shape
    (1, 1, 1, 3)
    """
    return PixelSpace.of(processor, channels_first=False)
