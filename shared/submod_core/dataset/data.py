"""Datasets of any map-style form, read one example at a time."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from submod_core._checks import check_callable, check_count, check_sized, check_type
from submod_core._files import path_of
from submod_core._types import AnyArray
from submod_core.dataset.sources import resolved

_PLAIN = (bool, int, float, str)
_IMAGES = {".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff", ".gif"}


@dataclass(frozen=True)
class Example:
    """One example of a dataset.

    Attributes
    ----------
    index : int
        Place in the dataset.
    id : str
    input : array, tensor, or mapping of names to them
        Without a batch axis.
    target : object
        In the form that the host's methods take for one example; None for what the model predicts.
    """

    index: int
    id: str
    input: Any
    target: Any


def read_image(file: str | os.PathLike[str]) -> AnyArray:
    """Read an image of any form as (H, W, 3) of uint8.

    Raises
    ------
    OSError
        If there is no such file, or it is no image or a truncated one.
    """
    from PIL import Image  # which scikit-image brings

    with Image.open(file) as image:
        return np.asarray(image.convert("RGB"))


class ImageFolder:
    """Images of a folder and of the folders in it, as a map-style dataset.

    Parameters
    ----------
    path : str or PathLike
    targets : mapping of str to int, or None
        Class of each image, by its name or its path inside the folder; images that are not in it
        are left out. None to explain what the model predicts.

    Raises
    ------
    ValueError
        If there is no such folder, or no image in it that has a target.

    Examples
    --------
    >>> import tempfile
    >>> from skimage.io import imsave
    >>> with tempfile.TemporaryDirectory() as path:
    ...     imsave(f"{path}/cat.png", np.zeros((4, 6, 3), np.uint8), check_contrast=False)
    ...     images = ImageFolder(path, {"cat.png": 281})
    ...     images.ids, images[0][0].shape, images[0][1]
    (('cat.png',), (4, 6, 3), 281)
    """

    def __init__(
        self, path: str | os.PathLike[str], targets: Mapping[str, int] | None = None
    ) -> None:
        self.path, self.targets = Path(path_of(path, "path")), targets
        if targets is not None:
            check_type("targets", targets, Mapping, "a mapping of names to classes")
            for target in targets.values():
                check_count("targets", target, least=0)
        if not self.path.is_dir():
            raise ValueError(f"`path` (={str(path)!r}) must be a folder")
        found = (p for p in self.path.rglob("*") if p.suffix.lower() in _IMAGES)
        names = sorted(p.relative_to(self.path).as_posix() for p in found)
        self.ids = tuple(n for n in names if targets is None or self._target(n) is not None)
        if not self.ids:
            which = "" if targets is None else " that `targets` names"
            raise ValueError(f"`path` (={str(path)!r}) must hold at least one image{which}")

    def _target(self, name: str) -> int | None:
        targets = self.targets or {}
        return targets.get(name, targets.get(Path(name).name))

    def __len__(self) -> int:
        return len(self.ids)

    def __getitem__(self, index: int) -> tuple[AnyArray, int | None]:
        """Image, (H, W, 3) of uint8, and its target."""
        name = self.ids[index]
        return read_image(self.path / name), self._target(name)


class Arrays:
    """Arrays or tensors of inputs and targets, as a map-style dataset.

    Examples
    --------
    >>> data = Arrays(np.zeros((2, 3)), np.array([1, 0]))
    >>> len(data), data[0][1]
    (2, np.int64(1))
    """

    def __init__(self, inputs: Any, targets: Any = None) -> None:
        self.inputs, self.targets = inputs, targets
        check_sized("inputs", inputs)
        if targets is None:
            return
        check_sized("targets", targets)
        if len(targets) != len(inputs):
            raise ValueError(
                f"`inputs` (of length {len(inputs)}) and `targets` (of length {len(targets)}) of "
                "`dataset` must be of one length"
            )

    def __len__(self) -> int:
        return len(self.inputs)

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        return self.inputs[index], None if self.targets is None else self.targets[index]


class Unbatched:
    """Examples of a Keras `PyDataset` or `Sequence`, whose items are batches of one size.

    Raises
    ------
    TypeError
        If a batch is not (inputs, targets), with weights at most.
    ValueError
        If there is none, or one but the last is of another size than the first.
    """

    def __init__(self, batches: Any) -> None:
        check_sized("batches", batches)
        if not len(batches):
            raise ValueError("`batches` of `dataset` must be at least one")
        self.batches, self._number = batches, -1
        self.size = len(self._batch(0)[0])
        self._length = (len(batches) - 1) * self.size + len(self._batch(len(batches) - 1)[0])

    def _batch(self, number: int) -> Any:
        if number != self._number:
            held = self.batches[number]
            if not isinstance(held, tuple | list) or len(held) < 2:
                raise TypeError(
                    f"`batches` of `dataset` (the first of type {type(held).__name__}) must be "
                    "(inputs, targets), each"
                )
            self._held, self._number = held[:2], number
        return self._held

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        number, place = divmod(index, self.size)
        inputs, targets = self._batch(number)
        if number < len(self.batches) - 1 and len(inputs) != self.size:
            raise ValueError(
                f"`dataset` has batches of {self.size} and of {len(inputs)} examples: all but the "
                "last must be of one size, without a shuffle"
            )
        return inputs[place], targets[place]


def dataset_of(source: Any) -> Any:
    """Open a map-style dataset.

    Parameters
    ----------
    source : object
        A dataset with a length and items; a tuple of arrays, inputs and targets; one array of
        inputs; a Keras `Sequence`; or a function that makes one, itself or as "module:function".

    Raises
    ------
    TypeError
        If it is none of them, such as an iterable without length.

    Examples
    --------
    >>> len(dataset_of((np.zeros((2, 3)), [0, 1])))
    2
    """
    # A class has the methods of its objects: it is a function that makes one.
    made = resolved(
        source, "dataset", lambda x: hasattr(x, "__getitem__") and not isinstance(x, type)
    )
    if isinstance(made, tuple):
        if len(made) != 2:
            raise TypeError(
                f"`dataset` (a tuple of {len(made)}) must be (inputs, targets); a dataset of "
                "examples is a list, or another object with a length and items"
            )
        return Arrays(*made)
    if isinstance(made, Mapping):
        raise TypeError(
            f"`dataset` (a {type(made).__name__}) must be one of its entries, which are "
            f"{sorted(map(str, made))}"
        )
    if hasattr(made, "shape") and hasattr(made, "dtype"):
        return Arrays(made)
    if any(c.__name__ == "PyDataset" for c in type(made).__mro__):
        return Unbatched(made)
    if not (hasattr(made, "__getitem__") and hasattr(made, "__len__")):
        raise TypeError(
            f"`dataset` (a {type(made).__name__}) must be map-style: with a length, and an item "
            "for each number"
        )
    return made


def reading(dataset: Any, transform: Callable[[Any], Any] | None) -> Callable[[int, str], Example]:
    """Make the function that reads an example by its place, and gives it its id.

    Parameters
    ----------
    dataset : object
        Map-style, with items (input, target), or inputs alone.
    transform : callable, optional
        From an item to (input, target), or to an input alone.

    Examples
    --------
    >>> reading([3.0], lambda x: (np.array([x]), 1))(0, "a")
    Example(index=0, id='a', input=array([3.]), target=1)
    """
    if transform is not None:
        check_callable("transform", transform)

    def read(index: int, name: str) -> Example:
        item = dataset[index]
        item = item if transform is None else transform(item)
        if isinstance(item, Mapping):
            raise TypeError(
                f"`dataset` has items with the keys {sorted(map(str, item))}: `transform` must "
                "make (input, target) of them"
            )
        pair = item if isinstance(item, tuple | list) else (item, None)
        if len(pair) != 2:
            raise TypeError(
                f"`dataset` has items of {len(pair)} entries: `transform` must make (input, "
                "target) of them"
            )
        return Example(index, name, pair[0], pair[1])

    return read


def alike(examples: Sequence[Example]) -> Iterator[list[Example]]:
    """Runs of examples whose inputs have one form, shape and dtype, which can stand in one batch.

    Examples
    --------
    >>> some = [Example(i, str(i), np.zeros(n), 0) for i, n in enumerate((2, 2, 3))]
    >>> [len(run) for run in alike(some)]
    [2, 1]
    """
    groups: dict[tuple[Any, ...], list[Example]] = {}
    for one in examples:
        groups.setdefault((_form(one.input), one.target is None), []).append(one)
    yield from groups.values()


def _form(value: Any) -> Any:
    """Shape and dtype of an input, of each entry where it is a mapping.

    A mapping's plain entries, which a batch shares, are part of its form, and so are the names of
    those that are explained.
    """
    if isinstance(value, Mapping):
        entries = tuple(
            (name, repr(entry) if entry is None or isinstance(entry, _PLAIN) else _form(entry))
            for name, entry in sorted(value.items())
        )
        return entries, getattr(value, "explain", None)
    return tuple(np.shape(value)), str(getattr(value, "dtype", ""))
