"""Manifest of a run: its plan and fingerprint, which a run that goes on must share."""

import json
from dataclasses import dataclass
from typing import Any

from submod_core._checks import check_flag
from submod_core.dataset.fingerprint import differences, digest
from submod_core.dataset.folder import MANIFEST, Folder, folder_of
from submod_core.dataset.kinds import KINDS, Kind
from submod_core.dataset.plan import Plan

_FORMAT = 1


class OtherRunError(ValueError):
    """The folder belongs to a run with other settings; the message says what differs."""


@dataclass(frozen=True)
class Manifest:
    """Content of a folder: results of one kind, for a plan, under one fingerprint.

    Attributes
    ----------
    kind : Kind
    plan : Plan
    settings : dict
        Description of everything that the results depend on: method, model, arguments, versions.

    Examples
    --------
    >>> from submod_core.dataset import LocalFolder
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as path:
    ...     manifest = Manifest(KINDS["maps"], Plan(("a", "b")), {"method": "Saliency"})
    ...     manifest.agreed(LocalFolder(path))
    ...     other = Manifest(KINDS["maps"], Plan(("a", "b")), {"method": "LiMA"})
    ...     other.agreed(LocalFolder(path))  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    submod_core.dataset.manifest.OtherRunError: `folder` (=LocalFolder('...')) holds another run:
    - settings.method: "Saliency", now "LiMA"
    """

    kind: Kind
    plan: Plan
    settings: dict[str, Any]

    @property
    def fingerprint(self) -> str:
        """Digest of all that must be the same for two rows to stand in one folder."""
        return digest(self._described())

    def _described(self) -> dict[str, Any]:
        plan = {"ids": list(self.plan.ids), "shard_size": self.plan.shard_size}
        return {"kind": self.kind.name, "settings": self.settings, **plan}

    def agreed(self, folder: Folder) -> None:
        """Write the manifest to a new folder; raise OtherRunError where it holds another run."""
        found = manifest_of(folder, missing_ok=True)
        if found is None:
            text = {"format": _FORMAT, "fingerprint": self.fingerprint, **self._described()}
            folder.write(MANIFEST, json.dumps(text, indent=1).encode())
            return
        if found.fingerprint != self.fingerprint:
            lines = differences(found._described(), self._described())
            shown = "\n".join(f"- {line}" for line in lines[:20])
            raise OtherRunError(f"`folder` (={folder!r}) holds another run:\n{shown}")


def manifest_of(folder: Folder, missing_ok: bool = False) -> Manifest | None:
    """Manifest of a folder.

    Raises
    ------
    FileNotFoundError
        If there is none, unless `missing_ok`.
    ValueError
        If the file is damaged or of a newer format, or the folder is a file.
    """
    check_flag("missing_ok", missing_ok)
    folder = folder_of(folder)
    try:
        data = folder.read(MANIFEST)
    except NotADirectoryError:
        raise ValueError(f"`folder` (={folder!r}) must be a folder: it is a file") from None
    except FileNotFoundError:
        if missing_ok:
            return None
        raise FileNotFoundError(
            f"`folder` (={folder!r}) holds no explanations: it has no {MANIFEST}"
        ) from None
    try:
        text = json.loads(data)
        if text["format"] != _FORMAT:
            raise ValueError(f"its format is {text['format']}, where this version reads {_FORMAT}")
        plan = Plan(tuple(text["ids"]), text["shard_size"])
        found = Manifest(KINDS[text["kind"]], plan, text["settings"])
        if found.fingerprint != text["fingerprint"]:
            raise ValueError("it does not fit its own fingerprint")
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{MANIFEST} of `folder` (={folder!r}) is damaged: {error}") from error
    return found
