"""Shards of a run as Parquet files, one row an example."""

import io
import json
from collections.abc import Sequence
from typing import Any

from submod_core.dataset._extras import needed
from submod_core.dataset.folder import Folder
from submod_core.dataset.kinds import Kind, Row

_FOOTER = "submod"
"""Key of a file's footer under which the fingerprint and the shard's number stand."""

SHARDS = "shards"


def shard_name(k: int) -> str:
    """Name of the k-th shard's file.

    Examples
    --------
    >>> shard_name(7)
    'shards/000007.parquet'
    """
    return f"{SHARDS}/{k:06d}.parquet"


def schema_of(kind: Kind) -> Any:
    """Arrow schema of a kind's rows: what every row has, and the kind's own columns."""
    pa = needed("pyarrow", "a folder of explanations")
    common = {
        "index": pa.int64(),
        "id": pa.string(),
        "target": pa.int64(),
        "target_values": pa.list_(pa.float64()),
        "prediction": pa.int64(),
        "seed": pa.int64(),
        "seconds": pa.float64(),
        "error": pa.string(),
    }
    return pa.schema({**common, **kind.columns()})


def write_shard(folder: Folder, k: int, kind: Kind, rows: Sequence[Row], fingerprint: str) -> None:
    """Write the rows of a shard to one file, whole or not at all.

    Parameters
    ----------
    folder : Folder
    k : int
    kind : Kind
    rows : sequence of dict
        In the order of the plan.
    fingerprint : str
        Stands in the footer of the file.

    Raises
    ------
    OSError
        If the disk is full, or the folder cannot be written to.
    """
    pa, pq = needed("pyarrow", "a folder of explanations"), needed("pyarrow.parquet", "a folder")
    footer = {_FOOTER: json.dumps({"fingerprint": fingerprint, "shard": k})}
    schema = schema_of(kind)
    table = pa.Table.from_pylist(list(rows), schema=schema)
    stream = io.BytesIO()
    with pq.ParquetWriter(
        stream,
        schema,
        compression="zstd",
        compression_level=kind.level,
        use_dictionary=False,
        write_statistics=False,
        store_schema=False,
        # The bytes of numbers apart, those of one weight together: they compress better.
        use_byte_stream_split=_numbers(schema),
    ) as writer:
        writer.write_table(table)
        writer.add_key_value_metadata(footer)
    folder.write(shard_name(k), stream.getvalue())


def _numbers(schema: Any) -> list[str]:
    """Paths of the columns of lists of float64."""
    pa = needed("pyarrow", "a folder of explanations")
    lists = [(f.name, f.type) for f in schema]
    lists += [
        (f"{n}.{t.field(i).name}", t.field(i).type)
        for n, t in lists
        if pa.types.is_struct(t)
        for i in range(t.num_fields)
    ]
    return [f"{name}.list.element" for name, kind in lists if kind == pa.list_(pa.float64())]


def read_shard(folder: Folder, name: str) -> tuple[Any, str, int]:
    """Read a shard: its table, fingerprint and number.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file is no shard, or a damaged one; the message names it.
    """
    pq = needed("pyarrow.parquet", "a folder of explanations")
    data = folder.read(f"{SHARDS}/{name}")
    try:
        file = pq.ParquetFile(io.BytesIO(data))
        footer = json.loads(file.metadata.metadata[_FOOTER.encode()])
        return file.read(), str(footer["fingerprint"]), int(footer["shard"])
    # Bytes that are no Parquet file raise whatever the parts of the parser raise.
    except Exception as error:
        raise ValueError(
            f"{name!r} of {folder!r} is not a shard, or a damaged one ({error}); once it is "
            "removed, its examples can be run again"
        ) from error


def footer_of(folder: Folder, name: str) -> tuple[str, int, list[Any]]:
    """Fingerprint and number of a shard, and its errors: None for an example that did not fail."""
    table, fingerprint, k = read_shard(folder, name)
    return fingerprint, k, table.column("error").to_pylist()
