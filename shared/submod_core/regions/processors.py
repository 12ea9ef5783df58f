"""Processors of images: the numbers by which they normalise, read and tried out."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from submod_core._checks import as_numbers
from submod_core._types import AnyArray, FloatArray

# A colour whose channels differ: what a processor makes of it tells their order.
_COLOUR = (40, 110, 200)
# Values of pictures agree to two levels of 255.
_TOLERANCE = 2 / 255
_BY_HAND = "give the numbers by `PixelSpace(mean=…, std=…)`"


class Settings(NamedTuple):
    """Mean and standard deviation of each channel for pictures in [0, 1], and their order.

    Examples
    --------
    >>> Settings(np.zeros(3), np.ones(3)).bgr
    False
    """

    mean: FloatArray
    std: FloatArray
    bgr: bool = False


def settings_of(processor: Any) -> Settings:
    """The numbers of a processor of any kind that `from_processor` takes.

    Raises
    ------
    TypeError
        If it is of no such kind.
    ValueError
        If its numbers do not say what it does, or it does something else.

    Examples
    --------
    >>> settings_of({"mean": (0.5,), "std": (0.25,), "crop_pct": 0.9}).std
    array([0.25])
    """
    processor = getattr(processor, "image_processor", processor)
    if hasattr(processor, "image_mean") and callable(processor):
        return _tried(processor, _of_hugging_face(processor))
    for step in reversed(list(getattr(processor, "transforms", None) or [])):
        if hasattr(step, "mean") and hasattr(step, "std"):  # a chain that ends in `Normalize`
            processor = step
            break
    mean, std = (_value(processor, name) for name in ("mean", "std"))
    if mean is None or std is None:
        raise TypeError(
            f"`processor` (a {type(processor).__name__}) must be an image processor of Hugging "
            f"Face, or have `mean` and `std` as entries or attributes; else {_BY_HAND}"
        )
    return _scaled(_numbers("mean", mean), _numbers("std", std, least=1e-9))


def _numbers(name: str, values: Any, least: float = -np.inf) -> FloatArray:
    """Numbers of a processor, each at least `least`, (C,)."""
    numbers = as_numbers(f"processor.{name}", values).ravel()
    if not len(numbers) or (numbers < least).any():
        raise ValueError(f"`processor.{name}` (={values!r}) must be a number above 0 a channel")
    return numbers


def _value(processor: Any, name: str) -> Any:
    return processor.get(name) if isinstance(processor, Mapping) else getattr(processor, name, None)


def _scaled(mean: FloatArray, std: FloatArray) -> Settings:
    """Numbers for pictures in [0, 1]; those for pictures from 0 to 255 are divided."""
    by = 255.0 if max(mean.max(initial=0), std.max(initial=0)) > 1 else 1.0
    return Settings(mean / by, std / by)


def _of_hugging_face(processor: Any) -> Settings:
    """The numbers that the attributes say: v · factor − offset, less the mean, over `image_std`."""
    mean, std = np.zeros(3), np.ones(3)
    if getattr(processor, "do_normalize", False):
        mean = _numbers("image_mean", processor.image_mean)
        std = _numbers("image_std", processor.image_std, least=1e-9)
    if not getattr(processor, "do_rescale", False):
        if not getattr(processor, "do_normalize", False):
            raise ValueError(
                f"`processor` neither rescales nor normalises, and so tells nothing: {_BY_HAND}"
            )
        return _scaled(mean, std)
    # u is the picture in [0, 1]: u · 255 · factor − offset is what the mean is taken from.
    by = 255.0 * float(processor.rescale_factor)
    moved = getattr(processor, "rescale_offset", False) or getattr(processor, "offset", False)
    return Settings((mean + float(bool(moved))) / by, std / by)


def _tried(processor: Any, said: Settings) -> Settings:
    """The numbers, where the processor does what they say to a picture of one colour.

    Raises
    ------
    ValueError
        If it does not: it normalises twice, divides images into patches, draws at random, …
    """
    found = _one_colour(processor)
    for bgr in (False, True):
        colour = np.array(_COLOUR[::-1] if bgr else _COLOUR) / 255
        if len(found) == len(said.mean) and len(found) == len(colour):
            off = np.abs(found * said.std + said.mean - colour)
            if (off <= _TOLERANCE).all():
                return said._replace(bgr=bgr)
    raise ValueError(
        f"`processor` (a {type(processor).__name__}) makes {found.round(3).tolist()} of a picture "
        f"of colour {_COLOUR}, which its `image_mean`, `image_std` and `rescale_factor` do not "
        f"say: {_BY_HAND}"
    )


def _one_colour(processor: Any) -> FloatArray:
    """The values (C,) that a processor makes of a picture of one colour."""
    side = min(max(_sides(processor), default=224), 1024)
    picture: AnyArray = np.empty((side, side, 3), dtype=np.uint8)
    picture[:] = _COLOUR
    if not getattr(processor, "do_rescale", False) and max(processor.image_mean) <= 1:
        picture = (picture / 255).astype(np.float32)  # such a processor takes pictures in [0, 1]
    try:
        made = processor(images=picture)["pixel_values"][0]
        values = np.asarray(made.detach() if hasattr(made, "detach") else made, dtype=np.float64)
    except Exception as error:
        raise ValueError(
            f"`processor` (a {type(processor).__name__}) made no pixel values of a picture: {error}"
            f"; {_BY_HAND}"
        ) from error
    axis = next((k for k in (-3, -1) if values.ndim >= 3 and values.shape[k] == 3), None)
    planes = np.empty((3, 0)) if axis is None else np.moveaxis(values, axis, 0).reshape(3, -1)
    colour: FloatArray = np.median(planes, axis=1) if planes.size else np.full(3, np.nan)
    # Around a picture that is smaller than the crop there may be a frame.
    if (np.abs(planes - colour[:, None]) < 1e-2).all(axis=0).sum() <= planes.shape[1] / 2:
        raise ValueError(
            f"`processor` (a {type(processor).__name__}) makes an array {values.shape} of a "
            f"picture, which is not of one colour as the picture is: {_BY_HAND}"
        )
    return colour


def _sides(processor: Any) -> list[int]:
    """Sides that a processor's sizes name."""
    found: list[int] = []
    for name in ("size", "crop_size"):
        size = getattr(processor, name, None)
        sizes = dict(size) if isinstance(size, Mapping) else getattr(size, "__dict__", {"": size})
        found += [side for side in sizes.values() if isinstance(side, int)]
    return found


def class_names(model: Any) -> list[str]:
    """Names of a model's classes, in order, for figures.

    Parameters
    ----------
    model : object or mapping
        With `config.id2label`, as Hugging Face's; with `meta["categories"]`, as the weights of
        torchvision; or a mapping from numbers to names itself.

    Raises
    ------
    TypeError, ValueError
        If there are no names, or not one for each number from 0 on.

    Examples
    --------
    >>> class_names({0: "cat", 1: "dog"})
    ['cat', 'dog']
    """
    names = getattr(getattr(model, "config", None), "id2label", model)
    meta = getattr(model, "meta", None)
    if isinstance(meta, Mapping) and "categories" in meta:
        names = dict(enumerate(meta["categories"]))
    if not isinstance(names, Mapping) or not names:
        raise TypeError(
            f"`model` (a {type(model).__name__}) must have `config.id2label`, "
            "`meta['categories']`, or be a mapping from numbers to names"
        )
    try:
        numbered = {int(number): str(name) for number, name in names.items()}
    except (TypeError, ValueError):
        numbered = {}
    if sorted(numbered) != list(range(len(names))):
        raise ValueError(f"`model` must name its classes from 0 on; it names {list(names)[:5]}, …")
    return [numbered[number] for number in range(len(numbered))]
