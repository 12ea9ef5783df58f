"""Arrays in .npz archives: written whole, and checked before they are unpacked."""

import math
import os
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np

from submod_core._files import path_of, whole_file
from submod_core._types import AnyArray

Path = str | os.PathLike[str]

_MOST = 1 << 30
"""Most bytes that a compressed archive may unpack to: a label map of 512³ voxels.

Deflated zeros take a thousandth of their size, so that a small file could fill the memory. Larger
arrays are written uncompressed: an archive may always unpack to its own size.
"""

_KINDS = {"b": "booleans", "iu": "whole numbers", "f": "floats", "iuf": "numbers"}


def write_arrays(file: Path, arrays: Mapping[str, AnyArray], *, compress: bool = True) -> None:
    """Write arrays to an .npz archive of exactly the given name.

    Parameters
    ----------
    file : str or PathLike
    arrays : mapping of str to ndarray
    compress : bool
        Deflate arrays that together are small enough to be unpacked again.

    Raises
    ------
    ValueError
        If an array holds Python objects.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_arrays(os.path.join(folder, "a"), {"x": np.arange(3)})
    ...     read_arrays(os.path.join(folder, "a"), "an archive")
    {'x': array([0, 1, 2])}
    """
    plain: dict[str, Any] = {name: np.asarray(array) for name, array in arrays.items()}
    for name, array in plain.items():
        if array.dtype.hasobject:
            raise ValueError(f"`{name}` holds Python objects, which files cannot hold")
    small = compress and sum(array.nbytes for array in plain.values()) <= _MOST // 2
    # numpy would add a suffix to a name without one, but not to a stream.
    with whole_file(file) as unfinished, open(unfinished, "wb") as stream:
        (np.savez_compressed if small else np.savez)(stream, **plain)


def read_arrays(file: Path, what: str, name: str = "file") -> dict[str, AnyArray]:
    """The arrays of an .npz archive, by their names.

    Sizes are checked before anything is unpacked, and Python objects are never loaded.

    Parameters
    ----------
    file : str or PathLike
    what : str
        What the file should be, for errors: "a saved explanation".
    name : str
        The argument, for errors.

    Raises
    ------
    OSError
        If there is no such file, or it cannot be opened.
    ValueError
        If it is no such archive: truncated, damaged, of another kind, or too large.
    """
    with open(path_of(file, name), "rb") as stream, blamed(file, what, name):
        try:
            with zipfile.ZipFile(stream) as archive:
                return _unpacked(archive, max(_MOST, os.fstat(stream.fileno()).st_size))
        except _UnusableError as error:
            raise ValueError(str(error)) from None
        # Bytes that are no archive raise whatever the parts of the parser raise.
        except Exception as error:
            raise ValueError(f"no archive of arrays, or a damaged one ({error})") from error


@contextmanager
def blamed(file: Path, what: str, name: str = "file") -> Iterator[None]:
    """Name the file in the ValueErrors of a block that reads it.

    Examples
    --------
    >>> with blamed("x.npz", "a saved explanation"):
    ...     raise ValueError("it has no `order`")
    Traceback (most recent call last):
    ValueError: `file` (='x.npz') is not a saved explanation: it has no `order`
    """
    try:
        yield
    except ValueError as error:
        raise ValueError(f"`{name}` (={os.fspath(file)!r}) is not {what}: {error}") from error


class _UnusableError(Exception):
    """A fault of an archive, in the words of the error that users get."""


def _unpacked(archive: zipfile.ZipFile, most: int) -> dict[str, AnyArray]:
    entries = archive.infolist()
    total = sum(entry.file_size for entry in entries)
    if total > most:
        raise _UnusableError(f"it unpacks to {total} bytes, where {most} are the most")
    names = [entry.filename.removesuffix(".npy") for entry in entries]
    if len(set(names)) < len(names) or any(not e.filename.endswith(".npy") for e in entries):
        raise _UnusableError("it holds something else than arrays of different names")
    return {name: _array(archive, e) for name, e in zip(names, entries, strict=True)}


def _array(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> AnyArray:
    """One array, whose header must ask for as many bytes as the archive says that it has."""
    with archive.open(entry) as stream:
        try:
            read = {(1, 0): np.lib.format.read_array_header_1_0}
            read[2, 0] = np.lib.format.read_array_header_2_0
            shape, _, dtype = read[np.lib.format.read_magic(stream)](stream)
        except (ValueError, KeyError):  # numpy's text would advise to trust the file
            raise _UnusableError(f"{entry.filename!r} is no array") from None
        size = stream.tell() + math.prod(shape) * dtype.itemsize
    if dtype.hasobject:
        raise _UnusableError(f"{entry.filename!r} holds Python objects, which are never loaded")
    if size != entry.file_size or any(length < 0 for length in shape):
        raise _UnusableError(f"{entry.filename!r} is said to be of shape {shape}, and is not")
    with archive.open(entry) as stream:
        return np.asarray(np.lib.format.read_array(stream, allow_pickle=False))


def check_names(found: Any, wanted: Any, optional: Any = ()) -> None:
    """Raise ValueError unless all wanted arrays were found, and no others.

    Examples
    --------
    >>> check_names(["a", "b"], ["a"], optional=["c"])
    Traceback (most recent call last):
    ValueError: it has the surplus arrays ['b']
    """
    if missing := set(wanted) - set(found):
        raise ValueError(f"it has no {sorted(missing)}")
    if surplus := set(found) - set(wanted) - set(optional):
        raise ValueError(f"it has the surplus arrays {sorted(surplus)}")


def check_array(
    name: str,
    array: AnyArray,
    kinds: str,
    shape: tuple[int, ...] | None,
    low: float = -math.inf,
    high: float = math.inf,
) -> AnyArray:
    """The array, if it holds finite numbers of some kinds, shape and range.

    Parameters
    ----------
    name : str
        For errors.
    array : ndarray
    kinds : {"b", "iu", "f", "iuf"}
        Of dtypes, by numpy's letters.
    shape : tuple of int, or None
        None for any.
    low, high : float

    Raises
    ------
    ValueError
        If it does not.

    Examples
    --------
    >>> check_array("order", np.array([0.5]), "iu", (2,), 0, 1)
    Traceback (most recent call last):
    ValueError: `order` (float64 of shape (1,)) must be whole numbers of shape (2,) from 0 to 1
    """
    array = np.asarray(array)
    rule = _KINDS[kinds] + ("" if shape is None else f" of shape {shape}")
    fits = array.dtype.kind in kinds and shape in (None, array.shape)
    received = f"{array.dtype} of shape {array.shape}"
    if fits and kinds != "b" and array.size:
        received += f" from {array.min():g} to {array.max():g}"
        fits = bool(np.isfinite(array).all() and array.min() >= low and array.max() <= high)
    if not fits:
        raise ValueError(f"`{name}` ({received}) must be {rule}{_bounds(low, high)}")
    return array


def _bounds(low: float, high: float) -> str:
    if math.isinf(low):
        return ", all finite"
    return f" of at least {low:g}" if math.isinf(high) else f" from {low:g} to {high:g}"
