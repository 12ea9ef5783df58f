"""Folder of a run: a local one, or one behind a URL that fsspec knows."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any, Protocol

from submod_core._checks import check_type
from submod_core._files import UNFINISHED, alone_on, path_of, whole_file
from submod_core.dataset._extras import needed

MANIFEST = "manifest.json"


class Folder(Protocol):
    """Place of files that are written whole or not at all."""

    def read(self, name: str) -> bytes:
        """Contents of a file; FileNotFoundError where there is none."""

    def write(self, name: str, data: bytes) -> None:
        """Write a file whole."""

    def names(self, folder: str) -> list[str]:
        """Names of the files in a folder of it, hidden ones left out; empty where it is missing."""


class LocalFolder:
    """A folder of this machine, or of a disk that several machines share.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as path:
    ...     folder = LocalFolder(path)
    ...     folder.write("shards/0", b"first")
    ...     folder.names("shards"), folder.read("shards/0")
    (['0'], b'first')
    """

    def __init__(self, path: str | os.PathLike[str], name: str = "folder") -> None:
        self.path = os.path.abspath(path_of(path, name))

    def __repr__(self) -> str:
        return f"LocalFolder({self.path!r})"

    def read(self, name: str) -> bytes:
        """See `Folder`."""
        with open(os.path.join(self.path, name), "rb") as stream:
            return stream.read()

    def write(self, name: str, data: bytes) -> None:
        """See `Folder`."""
        target = os.path.join(self.path, name)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with whole_file(target) as unfinished, open(unfinished, "wb") as stream:
            stream.write(data)

    def names(self, folder: str) -> list[str]:
        """See `Folder`."""
        try:
            found = os.listdir(os.path.join(self.path, folder))
        except FileNotFoundError:
            return []
        return sorted(name for name in found if not name.startswith("."))

    def clear(self) -> None:
        """Remove the unfinished files that killed writers left."""
        for left in Path(self.path).rglob(f".*{UNFINISHED}*"):
            left.unlink(missing_ok=True)


class RemoteFolder:
    """A folder behind a URL: object stores and what else fsspec knows.

    Examples
    --------
    >>> folder = RemoteFolder("memory://example")
    >>> folder.write("shards/0", b"first")
    >>> folder.names("shards"), folder.read("shards/0")
    (['0'], b'first')
    """

    def __init__(self, url: str) -> None:
        fsspec = needed("fsspec", "a folder behind a URL")
        check_type("url", url, str, "a URL")
        self.url = url.rstrip("/")
        try:
            self._system, self._path = fsspec.core.url_to_fs(self.url)
        except (ValueError, ImportError) as error:
            raise ValueError(f"`folder` (={url!r}) cannot be opened: {error}") from error

    def __repr__(self) -> str:
        return f"RemoteFolder({self.url!r})"

    def read(self, name: str) -> bytes:
        """See `Folder`."""
        found: bytes = self._system.cat_file(f"{self._path}/{name}")
        return found

    def write(self, name: str, data: bytes) -> None:
        """See `Folder`."""
        target = f"{self._path}/{name}"
        self._system.makedirs(target.rpartition("/")[0], exist_ok=True)
        # Object stores show a file once it is whole; other systems get it under another name first.
        unfinished = (
            f"{target.rpartition('/')[0]}/.unfinished.{os.getpid()}.{PurePosixPath(name).name}"
        )
        self._system.pipe_file(unfinished, data)
        self._system.mv(unfinished, target)

    def names(self, folder: str) -> list[str]:
        """See `Folder`."""
        try:
            self._system.invalidate_cache()
            found = self._system.ls(f"{self._path}/{folder}", detail=False)
        except FileNotFoundError:
            return []
        names = (PurePosixPath(path).name for path in found)
        return sorted(name for name in names if not name.startswith("."))


def folder_of(place: Any, name: str = "folder") -> Folder:
    """Open a folder from a path or a URL; a `Folder` is returned as it is.

    Parameters
    ----------
    place : str, PathLike or Folder
    name : str
        The argument, for errors.

    Raises
    ------
    TypeError, ValueError
        If it is neither a path nor a URL, or of a kind that fsspec does not know.

    Examples
    --------
    >>> folder_of("memory://example")
    RemoteFolder('memory://example')
    """
    if isinstance(place, LocalFolder | RemoteFolder):
        return place
    if isinstance(place, str) and place.startswith("file://"):
        return LocalFolder(place.removeprefix("file://"), name)
    if isinstance(place, str) and "://" in place:
        return RemoteFolder(place)
    return LocalFolder(place, name)


@contextmanager
def held(folder: Folder, lane: int | None) -> Iterator[None]:
    """Hold a folder for one run: a second one is told.

    Parameters
    ----------
    folder : Folder
        Of a local one a lock is held, which the system frees when the process ends. Folders behind
        URLs have no locks.
    lane : int or None
        Rank of one of several processes that share the work; None for a run that is alone.

    Raises
    ------
    ValueError
        If another run holds the folder, or it cannot be written to.
    """
    if not isinstance(folder, LocalFolder):
        yield
        return
    try:
        os.makedirs(folder.path, exist_ok=True)
    except OSError as error:
        raise ValueError(f"`folder` (={folder.path!r}) cannot be made: {error.strerror}") from error
    manifest = os.path.join(folder.path, MANIFEST)
    if lane is None:
        with alone_on(manifest, "folder"):
            folder.clear()
            yield
        return
    with alone_on(manifest, "folder", shared=True), alone_on(f"{manifest}.{lane}", "folder"):
        yield
