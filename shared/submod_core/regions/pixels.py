"""Pixel space: pictures behind a model's normalised inputs, by the numbers of its processor."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from submod_core._checks import as_numbers, check_flag, check_type, is_whole
from submod_core._types import AnyArray, FloatArray
from submod_core.backends import backend_of
from submod_core.regions.baselines import BASELINES, named_baselines
from submod_core.regions.layout import Layout
from submod_core.regions.processors import settings_of
from submod_core.regions.superpixels import slico

# Colours of removed parts by name; None is the processor's mean, 0 in the model's inputs.
_COLOURS: dict[str, float | None] = {"black": 0.0, "white": 1.0, "mean": None}
# Resizing by splines overshoots black and white, by at most a tenth.
_OVERSHOOT = 0.1


@dataclass(frozen=True)
class PixelSpace:
    """Normalisation of pictures: x = (u − mean) / std, channel by channel, of values u in [0, 1].

    Made by `from_processor`, or by hand where a model has no processor.

    Parameters
    ----------
    mean, std : sequence of float, (C,)
        In the order of the model's channels, for pictures in [0, 1].
    bgr : bool
        Whether the model's channels are blue, green, red.
    channels_first : bool
        Whether the model's inputs are (N, C, H, W); else (N, H, W, C).

    Raises
    ------
    TypeError, ValueError
        If the numbers are not finite, differ in length, or a `std` is not above 0.

    Examples
    --------
    >>> pixels = PixelSpace(mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5))
    >>> pixels.baseline("black").ravel()
    array([-1., -1., -1.], dtype=float32)
    >>> pixels.pictures(np.zeros((1, 3, 4, 4))).shape
    (1, 4, 4, 3)
    """

    mean: Sequence[float]
    std: Sequence[float]
    bgr: bool = False
    channels_first: bool = True

    def __post_init__(self) -> None:
        mean, std = as_numbers("mean", self.mean), as_numbers("std", self.std)
        if mean.ndim != 1 or not len(mean):
            raise ValueError(f"`mean` (of shape {mean.shape}) must be (C,), a number a channel")
        if std.shape != mean.shape or (std <= 0).any():
            raise ValueError(f"`std` (={self.std!r}) must be above 0, one for each of {len(mean)}")
        check_flag("bgr", self.bgr)
        check_flag("channels_first", self.channels_first)
        for name, values in (("mean", mean), ("std", std)):
            object.__setattr__(self, name, tuple(values.tolist()))

    @classmethod
    def of(cls, processor: Any, channels_first: bool = True) -> Self:
        """The pixel space of a processor: see `from_processor`."""
        mean, std, bgr = settings_of(processor)
        return cls(tuple(mean), tuple(std), bgr, channels_first)

    @property
    def layout(self) -> Layout:
        """Axes of the model's inputs."""
        return Layout("NCHW" if self.channels_first else "NHWC")

    def pictures(self, inputs: Any) -> FloatArray:
        """Pictures behind inputs: the normalisation undone, for figures and divisions.

        Parameters
        ----------
        inputs : array, (N, C, H, W) or (N, H, W, C), or a mapping with `pixel_values`
            As the model takes them.

        Returns
        -------
        ndarray of float64, (N, H, W, C)
            RGB in [0, 1].

        Raises
        ------
        TypeError, ValueError
            If the inputs are no such images, or were not normalised by these numbers.
        """
        given: Any = inputs.get("pixel_values") if isinstance(inputs, Mapping) else inputs
        if hasattr(given, "detach") and given.is_floating_point():
            given = given.float()  # NumPy has no bfloat16
        array = as_numbers("inputs", backend_of(given, "inputs").to_numpy(given))
        if array.ndim != 4 or array.shape[self.layout.channel_axis or 1] != len(self.mean):
            raise ValueError(
                f"`inputs` (of shape {array.shape}) must be {self.layout} with {len(self.mean)} "
                "channels"
            )
        return self._undone(self.layout.channels_last(array), "inputs")

    def _undone(self, rows: AnyArray, name: str) -> FloatArray:
        """Values (…, C) in [0, 1], in the order red, green, blue."""
        values = rows * np.array(self.std) + np.array(self.mean)
        low, high = float(values.min()), float(values.max())
        if low < -_OVERSHOOT or high > 1 + _OVERSHOOT:
            raise ValueError(
                f"`{name}` (from {low:.2f} to {high:.2f} without the normalisation) must be "
                f"pictures in [0, 1], normalised by {self}"
            )
        clipped = np.clip(values, 0.0, 1.0)
        return np.ascontiguousarray(clipped[..., ::-1]) if self.bgr else clipped

    def normalised(self, pictures: Any) -> Any:
        """Inputs of the model, of pictures of its size.

        Parameters
        ----------
        pictures : array, (N, H, W, C)
            RGB: whole numbers from 0 to 255, or real ones in [0, 1].

        Returns
        -------
        float32, (N, C, H, W) or (N, H, W, C)
            An array of the host.

        Examples
        --------
        >>> pixels = PixelSpace(mean=(0.5,), std=(0.25,))
        >>> float(pixels.normalised(np.full((1, 1, 1, 1), 255)).item())
        2.0
        """
        given = np.asarray(pictures)
        values = as_numbers("pictures", given)
        if values.ndim != 4 or values.shape[-1] != len(self.mean):
            raise ValueError(
                f"`pictures` (of shape {values.shape}) must be (N, H, W, {len(self.mean)})"
            )
        values = values / 255 if given.dtype.kind in "iu" else values
        if values.min() < 0 or values.max() > 1:
            raise ValueError(
                "`pictures` must hold whole numbers from 0 to 255, or real ones in [0, 1]"
            )
        return self._native(self.layout.restored(self._done(values)))

    def _done(self, pictures: FloatArray) -> FloatArray:
        ordered = pictures[..., ::-1] if self.bgr else pictures
        done: FloatArray = (ordered - np.array(self.mean)) / np.array(self.std)
        return done

    def baseline(self, value: str | Sequence[float] = "black", inputs: Any = None) -> Any:
        """Baseline said in pixel space and given as the model's inputs are.

        Parameters
        ----------
        value : {"black", "white", "mean"}, sequence of float, or a name of `BASELINES`
            "mean" is the processor's mean colour; a sequence is a colour, RGB in [0, 1]. "blur",
            "channel_mean", "random_colour" and "noise" are made of `inputs`.
        inputs : array, optional
            As in `pictures`, for these.

        Returns
        -------
        float32
            An array of the host that broadcasts to the inputs: one colour, or a value for each
            element.

        Raises
        ------
        TypeError, ValueError
            If there is no such value, or `inputs` is missing.

        Examples
        --------
        >>> pixels = PixelSpace(mean=(0.5,), std=(0.25,), channels_first=False)
        >>> pixels.baseline("mean").shape, pixels.baseline("blur", np.ones((2, 4, 4, 1))).shape
        ((1, 1, 1, 1), (2, 4, 4, 1))
        """
        named = isinstance(value, str)
        if named and value in BASELINES:
            if inputs is None:
                raise ValueError(f"`inputs` is needed for `value` (={value!r})")
            rows = named_baselines(value, self.pictures(inputs), Layout("NHWC"), "value")
        elif named and value not in _COLOURS:
            known = [*_COLOURS, *BASELINES]
            raise ValueError(f"`value` (={value!r}) must be a colour or one of {known}")
        else:
            rows = self._colour(value)[None, None, None]
        return self._native(self.layout.restored(self._done(rows)))

    def _colour(self, value: Any) -> FloatArray:
        """One colour, (C,), RGB in [0, 1]."""
        if isinstance(value, str):
            level = _COLOURS[value]
            mean = np.array(self.mean[::-1] if self.bgr else self.mean)
            return mean if level is None else np.full(len(mean), level)
        colour = as_numbers("value", value)
        if colour.shape != (len(self.mean),) or colour.min() < 0 or colour.max() > 1:
            raise ValueError(f"`value` (={value!r}) must be {len(self.mean)} numbers in [0, 1]")
        return colour

    def regions(self, divide: int | Callable[[AnyArray], Any]) -> Callable[[AnyArray], Any]:
        """Division of inputs by what their pictures show, for `regions` of `LiMA`.

        Parameters
        ----------
        divide : int or callable
            About so many superpixels; or a function of a picture, uint8 (H, W, C), that returns a
            label map (H, W), such as
            ``lambda picture: from_masks(sam.generate(picture))``.

        Examples
        --------
        >>> pixels = PixelSpace(mean=(0.5,), std=(0.25,))
        >>> pixels.regions(lambda picture: picture[..., 0] > 127)(np.array([[[2.0], [-2.0]]]))
        array([[ True, False]])
        """
        if not callable(divide) and not (is_whole(divide) and divide >= 1):
            raise ValueError(f"`divide` (={divide!r}) must be a count ≥ 1 or a function")
        return PictureRegions(self, divide)

    def _native(self, array: FloatArray) -> Any:
        """A float32 array of the host."""
        return np.ascontiguousarray(array, dtype=np.float32)


@dataclass(frozen=True)
class PictureRegions:
    """Division of one normalised example (H, W, C) by its picture: see `PixelSpace.regions`."""

    pixels: PixelSpace
    divide: int | Callable[[AnyArray], Any]

    def __post_init__(self) -> None:
        check_type("pixels", self.pixels, PixelSpace, "a PixelSpace")

    def __call__(self, example: AnyArray) -> Any:
        """The label map (H, W) of an example."""
        picture = self.pixels._undone(np.asarray(example, dtype=np.float64), "inputs")
        if not callable(self.divide):
            return slico(picture, int(self.divide))
        return self.divide(np.rint(picture * 255).astype(np.uint8))
