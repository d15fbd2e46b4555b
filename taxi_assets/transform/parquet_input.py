"""A published Parquet file, opened so that nothing that it claims or holds takes more memory than `bounds.py` allows.

A small file can decode to a large one: a page may hold one long text and say that it stands in each of a million rows.
So texts are decoded to dictionaries, and batches that would be too large are cut before they are spelled out.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from taxi_assets import bounds
from taxi_assets.errors import CorruptFileError

ADVICE = "Look at what the publisher serves under this name. The bounds on files stand in taxi_assets/bounds.py."
_BUFFER_BYTES = 256 << 10
"""How much of a column is read at a time. 1 MB takes 25 MB more and saves no time."""
_TAIL_BYTES = 8
_MAGIC = b"PAR1"
_WIDEST_NUMBER = 16
_NESTED_ROWS = 1_024
"""Arrow does not decode texts within nested columns to dictionaries: fewer rows at a time."""
_AS_OBJECTS = 16
"""How much more memory nested values take as Python objects, as which they are spelled out."""


def read_footer(path: Path) -> pq.FileMetaData:
    """The footer of a Parquet file. Raises CorruptFileError when it claims what no month has, else Arrow's errors."""
    _check_footer_size(path)
    footer = pq.read_metadata(path)
    groups = [footer.row_group(place) for place in range(footer.num_row_groups)]
    rows = sum(group.num_rows for group in groups)
    columns = footer.num_columns
    if not 0 <= footer.num_rows <= bounds.ROWS:
        raise CorruptFileError(f"The file claims {footer.num_rows:,} rows; {bounds.ROWS:,} is the most.", ADVICE)
    if rows != footer.num_rows or any(group.num_rows < 0 for group in groups):
        raise CorruptFileError(f"The file claims {footer.num_rows:,} rows, and {rows:,} in its row groups.", ADVICE)
    if columns > bounds.COLUMNS:
        raise CorruptFileError(f"The file has {columns:,} columns; {bounds.COLUMNS:,} is the most.", ADVICE)
    # Not the sizes of its column chunks: pyarrow ends the process when it is asked for one that is damaged.
    size = sum(max(0, group.total_byte_size) for group in groups)
    if size > bounds.UNPACKED_BYTES:
        raise CorruptFileError(
            f"The file claims to unpack to {size:,} bytes; {bounds.UNPACKED_BYTES:,} is the most.", ADVICE
        )
    for leaf in _leaves(footer.schema):
        if leaf.length > bounds.CELL_BYTES:
            raise CorruptFileError(
                f"The values of column {leaf.path} have {leaf.length:,} bytes; {bounds.CELL_BYTES:,} is the most.",
                ADVICE,
            )
    return footer


def parquet_batches(path: Path, rows: int) -> Iterator[pa.RecordBatch]:
    """The rows in batches of up to `rows`, texts as dictionaries; fewer where they would be spelled out to more than
    BATCH_BYTES. Raises CorruptFileError for a value that is too long, else Arrow's errors.
    """
    footer = read_footer(path)
    leaves = _leaves(footer.schema)
    texts = {leaf.path for leaf in leaves if leaf.physical_type == "BYTE_ARRAY"}
    outermost = texts & set(footer.schema.to_arrow_schema().names)
    width = sum(max(leaf.length, _WIDEST_NUMBER) for leaf in leaves)
    file = pq.ParquetFile(
        path,
        pre_buffer=False,
        buffer_size=_BUFFER_BYTES,
        coerce_int96_timestamp_unit="us",
        read_dictionary=sorted(outermost),
    )
    most = min(rows, bounds.BATCH_BYTES // width, rows if texts == outermost else _NESTED_ROWS)
    for batch in file.iter_batches(max(1, most)):
        yield from _cut(batch)


def _cut(batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    """The batch in halves, and those in halves, until none is spelled out to more than BATCH_BYTES."""
    size = sum(map(_spelled_out_bytes, batch.columns))
    if size <= bounds.BATCH_BYTES:
        yield batch
    elif batch.num_rows == 1:
        raise CorruptFileError(f"A row of the file takes {size:,} bytes; {bounds.BATCH_BYTES:,} is the most.", ADVICE)
    else:
        half = batch.num_rows // 2
        yield from _cut(batch.slice(0, half))
        yield from _cut(batch.slice(half))


def _spelled_out_bytes(array: pa.Array) -> int:
    """The most that the values take as texts, with those of nested columns as Python objects."""
    if pa.types.is_dictionary(array.type):
        longest = pc.max(pc.binary_length(array.dictionary)).as_py() or 0
        if longest > bounds.CELL_BYTES:
            raise CorruptFileError(
                f"The file holds a value of {longest:,} bytes; {bounds.CELL_BYTES:,} is the most.", ADVICE
            )
        return int(longest) * len(array)
    return int(array.nbytes) * (_AS_OBJECTS if pa.types.is_nested(array.type) else 1)


def _check_footer_size(path: Path) -> None:
    """Raises CorruptFileError for a footer that is not there, or larger than allowed, before anything is read of it."""
    size = path.stat().st_size
    with path.open("rb") as file:
        file.seek(max(0, size - _TAIL_BYTES))
        tail = file.read(_TAIL_BYTES)
    claimed = int.from_bytes(tail[:4], "little")
    if not tail.endswith(_MAGIC) or claimed > size:
        raise CorruptFileError("The Parquet file is cut off or damaged: it does not end with its footer.", ADVICE)
    if claimed > bounds.FOOTER_BYTES:
        raise CorruptFileError(
            f"The Parquet file claims a footer of {claimed:,} bytes; {bounds.FOOTER_BYTES:,} is the most.", ADVICE
        )


def _leaves(schema: pq.ParquetSchema) -> list[pq.ColumnSchema]:
    return [schema.column(place) for place in range(len(schema))]
