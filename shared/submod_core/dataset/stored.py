"""Results of a run, read from its folder as they are asked for."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np

from submod_core._checks import check_flag, check_sized
from submod_core._types import FloatArray
from submod_core.dataset._extras import needed
from submod_core.dataset.folder import Folder, folder_of
from submod_core.dataset.kinds import Row
from submod_core.dataset.manifest import Manifest, manifest_of
from submod_core.dataset.shards import SHARDS, footer_of, read_shard, schema_of, shard_name
from submod_core.dataset.statistics import Scores
from submod_core.results import Explanation


class NotExplainedError(LookupError):
    """An example has no result: its shard was not run yet, or it failed."""


@dataclass(frozen=True)
class Verification:
    """State of a folder: every id once, or what is missing.

    Attributes
    ----------
    n_examples : int
        Of the plan.
    missing : tuple of str
        Ids without a row.
    failed : tuple of str
        Ids whose row holds an error.
    unreadable : tuple of str
        Files that cannot be read, each with the reason.
    foreign : tuple of str
        Files of another run, or that the plan does not know.

    Examples
    --------
    >>> Verification(3, missing=("c",)).complete
    False
    """

    n_examples: int
    missing: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    unreadable: tuple[str, ...] = ()
    foreign: tuple[str, ...] = ()

    @property
    def complete(self) -> bool:
        """Whether every id has its row, and no file is in the way; failed examples have one too."""
        return not (self.missing or self.unreadable or self.foreign)

    def __str__(self) -> str:
        parts = [f"{self.n_examples - len(self.missing)} of {self.n_examples} examples"]
        for name in ("missing", "failed", "unreadable", "foreign"):
            entries = getattr(self, name)
            if entries:
                more = f" and {len(entries) - 5} more" if len(entries) > 5 else ""
                parts.append(f"{len(entries)} {name}: {', '.join(entries[:5])}{more}")
        return "; ".join(parts)


class StoredExplanations(Sequence[Any]):
    """Results of a run, in the order of the dataset, read shard by shard as they are asked for.

    Examples
    --------
    >>> import tempfile
    >>> from submod_core.dataset import LocalFolder, Manifest, Plan, KINDS, write_shard
    >>> with tempfile.TemporaryDirectory() as path:
    ...     folder = LocalFolder(path)
    ...     manifest = Manifest(KINDS["scores"], Plan(("a", "b")), {})
    ...     manifest.agreed(folder)
    ...     rows = [{"index": i, "id": "ab"[i], "score": i / 2} for i in range(2)]
    ...     write_shard(folder, 0, manifest.kind, rows, manifest.fingerprint)
    ...     stored = open_explanations(path)
    ...     stored, stored[1], stored["a"], stored.verify().complete
    (StoredExplanations(2 of 2 scores), 0.5, 0.0, True)
    """

    def __init__(self, folder: Folder) -> None:
        self.folder = folder_of(folder)
        manifest = manifest_of(self.folder)
        assert manifest is not None, "a missing one is an error"
        self.manifest: Manifest = manifest
        self._rows = lru_cache(maxsize=4)(self._read)

    def __repr__(self) -> str:
        names = set(self.folder.names(SHARDS))
        plan = self.manifest.plan
        there = sum(len(plan.shard(k)) for k in range(plan.n_shards) if _file(k) in names)
        return f"{type(self).__name__}({there} of {len(self)} {self.manifest.kind.name})"

    def __len__(self) -> int:
        return len(self.manifest.plan.ids)

    @property
    def ids(self) -> tuple[str, ...]:
        """Ids in the order of the dataset."""
        return self.manifest.plan.ids

    @cached_property
    def _places(self) -> dict[str, int]:
        return {name: i for i, name in enumerate(self.ids)}

    def __getitem__(self, key: Any) -> Any:
        """The result of an example, by its place or its id; a list of them for a slice.

        Raises
        ------
        IndexError, KeyError
            If there is no such example.
        NotExplainedError
            If its shard was not run yet, or it failed; the message holds its error.
        """
        if isinstance(key, slice):
            return [self[i] for i in range(len(self))[key]]
        row = self.row(key)
        if row["error"] is not None:
            raise NotExplainedError(f"example {row['id']!r} failed: {row['error']}")
        return self.manifest.kind.result(row)

    def row(self, key: int | str) -> Row:
        """All columns of an example's row, by its place or its id; errors are those of items."""
        if isinstance(key, str):
            if key not in self._places:
                raise KeyError(f"no example has the id {key!r}")
            key = self._places[key]
        if not isinstance(key, int | np.integer) or not -len(self) <= key < len(self):
            raise IndexError(f"no example has the place {key!r}: there are {len(self)}")
        k, place = divmod(int(key) % len(self), self.manifest.plan.shard_size)
        row: Row = self._rows(k)[place]
        return row

    def _read(self, k: int) -> list[Row]:
        try:
            table, fingerprint, _ = read_shard(self.folder, _file(k))
        except FileNotFoundError:
            ids = self.manifest.plan.ids_of(k)
            raise NotExplainedError(
                f"examples {ids[0]!r} to {ids[-1]!r} are not explained yet"
            ) from None
        if fingerprint != self.manifest.fingerprint:
            raise ValueError(f"{_file(k)!r} of {self.folder!r} is of another run")
        rows: list[Row] = table.to_pylist()
        return rows

    def __iter__(self) -> Iterator[Any]:
        """Results in order; NotExplainedError where one is missing or failed."""
        return (self[i] for i in range(len(self)))

    @property
    def explained(self) -> list[int]:
        """Places of the examples that have a result."""
        return [i for i in range(len(self)) if self._there(i)]

    def _there(self, place: int) -> bool:
        try:
            return self.row(place)["error"] is None
        except NotExplainedError:
            return False

    @property
    def errors(self) -> dict[str, str]:
        """Error of each example that failed, by its id."""
        found = zip(
            *(self.table([name])[name].to_pylist() for name in ("id", "error")), strict=True
        )
        return {name: error for name, error in found if error is not None}

    def table(self, columns: Sequence[str] | None = None) -> Any:
        """Rows that are there as an Arrow table, ``.to_pandas()`` for a data frame.

        Parameters
        ----------
        columns : sequence of str, optional
            Some of `submod_core.dataset.schema_of`; all by default.

        Returns
        -------
        pyarrow.Table
        """
        pa = needed("pyarrow", "a folder of explanations")
        schema = schema_of(self.manifest.kind)
        check_sized("columns", () if columns is None else columns)
        names = schema.names if columns is None else list(columns)
        if unknown := [name for name in names if name not in schema.names]:
            raise ValueError(f"`columns` holds {unknown[0]!r}: there are {schema.names}")
        shards = [
            read_shard(self.folder, name)[0].replace_schema_metadata(None).select(names)
            for name in self.folder.names(SHARDS)
        ]
        return pa.concat_tables(shards) if shards else schema.empty_table().select(names)

    def map(self, key: int | str, signed: bool = False) -> FloatArray:
        """Map of an example, painted from its regions: for a figure or a metric.

        Parameters
        ----------
        key : int or str
        signed : bool
            The gains of LiMA's and SMDL's regions rather than their importance.

        Returns
        -------
        ndarray, (H, W) for images
        """
        check_flag("signed", signed)
        result = self[key]
        if isinstance(result, Explanation):
            if isinstance(result.regions, tuple):
                raise ValueError("explanations of several inputs have several maps: use `paint`")
            return np.asarray(result.paint(signed))
        if self.manifest.kind.name == "groups":
            target = self.row(key)["target"]
            return np.asarray(
                result.paint(int(result.logits.argmax()) if target is None else target)
            )
        if self.manifest.kind.name != "maps":
            raise ValueError(f"{self.manifest.kind.name} have no map")
        return np.asarray(result)

    def maps(self, signed: bool = False) -> Iterator[FloatArray]:
        """Maps of all examples in order, one at a time; see `map`."""
        return (self.map(i, signed) for i in range(len(self)))

    def scores(self) -> Scores:
        """Numbers of a metric, one for each example; NaN where it failed or is missing.

        Raises
        ------
        ValueError
            If the folder holds no numbers.
        """
        if self.manifest.kind.name != "scores":
            raise ValueError(f"`folder` (={self.folder!r}) holds {self.manifest.kind.name}")
        values = [self[i] if self._there(i) else np.nan for i in range(len(self))]
        return Scores(np.array(values), self.ids)

    def verify(self) -> Verification:
        """Check that every id stands in the folder once, in files of this run that can be read."""
        plan = self.manifest.plan
        known = {_file(k): k for k in range(plan.n_shards)}
        missing, failed, unreadable, foreign = set(range(plan.n_shards)), [], [], []
        for name in self.folder.names(SHARDS):
            try:
                fingerprint, k, errors = footer_of(self.folder, name)
            except (ValueError, OSError) as error:
                unreadable.append(str(error))
                continue
            ids = read_shard(self.folder, name)[0]["id"].to_pylist()
            fits = known.get(name) == k and fingerprint == self.manifest.fingerprint
            if not fits or ids != list(plan.ids_of(k)):
                foreign.append(name)
                continue
            missing.discard(k)
            failed += [i for i, error in zip(ids, errors, strict=True) if error is not None]
        lost = [name for k in sorted(missing) for name in plan.ids_of(k)]
        return Verification(len(plan.ids), *map(tuple, (lost, failed, unreadable, foreign)))


def _file(k: int) -> str:
    return shard_name(k).removeprefix(f"{SHARDS}/")


def open_explanations(folder: Any) -> StoredExplanations:
    """Open the results of a run, also while it goes on.

    Parameters
    ----------
    folder : str, PathLike or Folder
        Folder or URL of `attribute_dataset` or `evaluate_dataset`.

    Returns
    -------
    StoredExplanations

    Raises
    ------
    FileNotFoundError
        If the folder holds no run.
    ValueError
        If its manifest is damaged.
    ImportError
        If pyarrow is missing: it comes with the extra ``datasets``.

    Examples
    --------
    >>> open_explanations("nowhere")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    FileNotFoundError: `folder` (=LocalFolder('/.../nowhere')) holds no explanations: ...
    """
    return StoredExplanations(folder_of(folder))
