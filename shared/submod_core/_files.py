"""Files that are written whole or not at all, and locks between processes."""

import os
import secrets
import socket
import stat
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

UNFINISHED = ".unfinished."


def path_of(file: Any, name: str = "file") -> str:
    """A path as text.

    Parameters
    ----------
    file : str or PathLike
    name : str
        The argument, for errors.

    Raises
    ------
    TypeError
        If it is no path: an open file, a buffer, a descriptor.
    ValueError
        If it is empty.

    Examples
    --------
    >>> path_of(Path("a") / "b.npz").endswith("b.npz")
    True
    """
    if isinstance(file, str | bytes | os.PathLike):
        if not (path := os.fsdecode(file)):
            raise ValueError(f"`{name}` must be the name of a file: it is empty")
        return path
    raise TypeError(f"`{name}` (a {type(file).__name__}) must be a path: a str or a PathLike")


@contextmanager
def whole_file(file: str | os.PathLike[str]) -> Iterator[str]:
    """Name of a temporary file, which takes the name of `file` once it is written.

    Whatever happens in between (an error, a full disk, an interrupt, a kill), `file` is the old one
    or the new one. Only a kill leaves the temporary file behind: a hidden one in the same folder,
    with "unfinished" in its name, which nothing reads.

    Parameters
    ----------
    file : str or PathLike
        Links are followed; an existing file keeps its permissions.

    Yields
    ------
    str
        To be written and closed by the block.

    Raises
    ------
    TypeError
        If `file` is no path.
    ValueError
        If there is something else of that name: a folder, a device.
    OSError
        If the folder is missing or full, or cannot be written to.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with whole_file(os.path.join(folder, "a.txt")) as unfinished:
    ...         written = Path(unfinished).write_text("all of it")
    ...     os.listdir(folder)
    ['a.txt']
    """
    # A link is replaced where it points to, so that it stays a link.
    target = os.path.realpath(path_of(file))
    check_regular(target, file, "file")
    unfinished = _unfinished(target)
    try:
        yield unfinished
        # The contents must be on the disk before the name is: after a power cut some file systems
        # would else have the new name with nothing in it.
        _flush(unfinished, os.O_RDWR)
        if os.path.exists(target):
            os.chmod(unfinished, stat.S_IMODE(os.stat(target).st_mode))
        os.replace(unfinished, target)
    except BaseException:
        with suppress(OSError):
            os.unlink(unfinished)
        raise
    with suppress(OSError):  # not every system can flush a folder
        _flush(os.path.dirname(target), os.O_RDONLY)


def check_regular(target: str, file: Any, name: str) -> None:
    """Raise ValueError if there is a folder or a device where a file is to be written."""
    if os.path.exists(target) and not os.path.isfile(target):
        kind = "a folder" if os.path.isdir(target) else "a device"
        raise ValueError(
            f"`{name}` (={os.fspath(file)!r}) must be the name of a file: it is {kind}"
        )


def _unfinished(target: str) -> str:
    """A temporary name in the folder of a file, with the file's suffixes: Keras goes by them."""
    folder, name = os.path.split(target)
    # Only the end of a long name: the whole would exceed what file systems allow.
    return os.path.join(folder, f".{secrets.token_hex(4)}{UNFINISHED}{name[-50:]}")


def _flush(path: str, flags: int) -> None:
    descriptor = os.open(path, flags)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def alone_on(file: str | os.PathLike[str], name: str, *, shared: bool = False) -> Iterator[None]:
    """Hold the lock of a file: a second holder, in any process, is told.

    The system frees the lock of a process that ends, however it ends, so that no lock is stale.
    Temporary files that killed writers of `file` left are removed. On Windows nothing is locked.

    Parameters
    ----------
    file : str or PathLike
        The lock stands beside it, with ".lock" behind its name, and is removed at the end.
    name : str
        The argument, for errors.
    shared : bool
        Hold it together with others that do so too.

    Raises
    ------
    ValueError
        If someone else holds it, or the folder is missing or cannot be written to.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with alone_on(os.path.join(folder, "run.npz"), "checkpoint"):
    ...         os.listdir(folder)
    ['run.npz.lock']
    """
    target = os.path.realpath(path_of(file, name))
    check_regular(target, file, name)
    lock = target + ".lock"
    try:
        descriptor = _locked(lock, shared)
    except BlockingIOError as error:
        raise ValueError(
            f"`{name}` (={os.fspath(file)!r}) is in use by another run, of {error.strerror}"
        ) from None
    except OSError as error:
        raise ValueError(
            f"`{name}` (={os.fspath(file)!r}) cannot be written: {error.strerror}"
        ) from error
    try:
        if not shared:
            for left in Path(target).parent.glob(f".*{UNFINISHED}{_escaped(target)}"):
                left.unlink(missing_ok=True)
        yield
    finally:
        with suppress(OSError):
            _try_lock(descriptor)  # of several holders the last removes the file
            os.unlink(lock)
        os.close(descriptor)


def _escaped(target: str) -> str:
    from glob import escape

    return escape(os.path.basename(target)[-50:])


def _locked(lock: str, shared: bool = False) -> int:
    """Descriptor of a lock file that this process now holds; BlockingIOError names the holder."""
    while True:
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            _try_lock(descriptor, shared)
            # The last holder may have removed the file between the two lines above; the lock is
            # then on a file that nobody else will find.
            if os.path.exists(lock) and os.path.samestat(os.stat(lock), os.fstat(descriptor)):
                os.truncate(lock, 0)
                os.write(descriptor, f"process {os.getpid()} on {socket.gethostname()}".encode())
                return descriptor
        except BlockingIOError as error:
            holder = os.read(descriptor, 200).decode(errors="replace")
            os.close(descriptor)
            raise BlockingIOError(error.errno, holder or "an unknown process") from None
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)


def _try_lock(descriptor: int, shared: bool = False) -> None:
    if sys.platform == "win32":
        return
    import fcntl

    try:
        fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except BlockingIOError:
        raise
    except OSError as error:
        warnings.warn(
            f"the file system has no locks ({error.strerror}): two runs on one file are not "
            "noticed",
            stacklevel=2,
        )
