"""A published file of any era → canonical record batches, as a stream in bounded memory.

Columns are found by name (`mapping.py`), cast to their canonical types without losing a digit, and numbered by
`source_row`. Nothing is judged here: that is `cleaning.py`'s work. Knows nothing of Dagster.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
from isal import igzip

from taxi_assets.arrow import row_numbers
from taxi_assets.columns import Column
from taxi_assets.errors import ContractError, CorruptFileError
from taxi_assets.integrity import DAMAGE
from taxi_assets.layouts import FileFormat
from taxi_assets.mapping import Mapping, map_columns

BATCH_ROWS = 65_536
MAX_ROWS = 100_000_000
"""No month of any dataset has had more than 21 million rows; a file that unpacks to more than this is refused."""
_BLOCK_BYTES = 1 << 20
_PEEK_BYTES = 64 << 10


@dataclass(frozen=True)
class TripStream:
    """The rows of a published file, to be read once.

    `schema`: the published columns of the dataset in canonical order (null where the file lacks them), the columns
    nobody has seen before (named as published in `unknown`), and source_row, the row's position in the file from 0.
    """

    schema: pa.Schema
    batches: Iterator[pa.RecordBatch]
    unknown: tuple[str, ...]


def read_month(path: Path, file_format: FileFormat, columns: Sequence[Column]) -> TripStream:
    """The rows of a published file as batches of up to 65,536 rows; `columns` are the dataset's published ones.

    Raises CorruptFileError when the file is not whole, ContractError when a required column is missing or a value
    does not fit its column; both also while the batches are read.
    """
    read = _read_parquet if file_format == "parquet" else _read_csv
    with _explained():
        mapping, batches = read(path, columns)
    return TripStream(mapping.schema, _canonical(batches, mapping), mapping.unknown)


def _read_parquet(path: Path, columns: Sequence[Column]) -> tuple[Mapping, Iterator[pa.RecordBatch]]:
    import pyarrow.parquet as pq

    file = pq.ParquetFile(path, pre_buffer=False, buffer_size=_BLOCK_BYTES)
    schema = file.schema_arrow
    mapping = map_columns([(field.name, field.type) for field in schema], columns)
    return mapping, file.iter_batches(BATCH_ROWS)


def _read_csv(path: Path, columns: Sequence[Column]) -> tuple[Mapping, Iterator[pa.RecordBatch]]:
    names, width = _header(path)
    mapping = map_columns([(name, pa.string()) for name in names], columns)
    positions = [str(position) for position in range(width)]
    types = dict.fromkeys(positions, pa.string())
    for source, field in zip(mapping.sources, mapping.schema, strict=False):
        if source is not None:
            types[positions[source]] = field.type
    return mapping, _merged(_csv_blocks(path, types))


def _header(path: Path) -> tuple[list[str], int]:
    """The column names of a csv.gz, and how many fields its first row of data has: in some eras more than names."""
    with igzip.open(path, "rb") as file:
        lines = file.read(_PEEK_BYTES).decode("utf-8-sig", errors="replace").splitlines()
    rows = list(csv.reader(line for line in lines[:4] if line.strip()))
    if len(rows) < 2:
        raise CorruptFileError("The file holds no row of data.", "Look at what the publisher serves under this name.")
    return rows[0], max(len(rows[0]), len(rows[1]))


def _csv_blocks(path: Path, types: dict[str, pa.DataType]) -> Iterator[pa.RecordBatch]:
    from pyarrow import csv as arrow_csv

    with igzip.open(path, "rb") as file:
        yield from arrow_csv.open_csv(
            pa.PythonFile(file, "r"),
            arrow_csv.ReadOptions(column_names=list(types), skip_rows=1, block_size=_BLOCK_BYTES),
            convert_options=arrow_csv.ConvertOptions(column_types=types, null_values=[""], strings_can_be_null=True),
        )


def _merged(blocks: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Batches of about BATCH_ROWS rows out of the parser's small blocks."""
    waiting: list[pa.RecordBatch] = []
    rows = 0
    for block in blocks:
        waiting.append(block)
        rows += block.num_rows
        if rows >= BATCH_ROWS:
            yield pa.concat_batches(waiting)
            waiting, rows = [], 0
    if waiting:
        yield pa.concat_batches(waiting)


def _canonical(batches: Iterator[pa.RecordBatch], mapping: Mapping) -> Iterator[pa.RecordBatch]:
    first = 0
    with _explained():
        for batch in batches:
            rows = batch.num_rows
            arrays = [
                pa.nulls(rows, field.type) if source is None else _cast(batch.column(source), field, first)
                for source, field in zip(mapping.sources, mapping.schema, strict=False)
            ]
            yield pa.record_batch([*arrays, row_numbers(first, rows)], schema=mapping.schema)
            first += rows
            if first > MAX_ROWS:
                raise CorruptFileError(
                    f"The file has more than {MAX_ROWS:,} rows.", "No month is that large: look at the file."
                )
    if first == 0:
        raise CorruptFileError("The file holds no row of data.", "Look at what the publisher serves under this name.")


def _cast(array: pa.Array, field: pa.Field, first: int) -> pa.Array:
    """`array` as the field's type; raises ContractError for the first value that would lose something."""
    if array.type == field.type:
        return array
    if pa.types.is_timestamp(array.type) and array.type.tz is not None:
        raise ContractError(
            f"{field.name} carries the time zone {array.type.tz}; TLC's times are naive.", "Not TLC's file."
        )
    try:
        return _convert(array, field.type)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        row, value = _misfit(array, field.type)
        raise ContractError(
            f"{field.name}: {value!r} in row {first + row} is no {field.type}.",
            "The column's meaning has changed.",
        ) from error


def _convert(array: pa.Array, arrow_type: pa.DataType) -> pa.Array:
    text = pa.types.is_string(array.type) or pa.types.is_large_string(array.type)
    if text and pa.types.is_integer(arrow_type):
        return pc.cast(pc.cast(array, pa.float64()), arrow_type)
    return pc.cast(array, arrow_type)


def _misfit(array: pa.Array, arrow_type: pa.DataType) -> tuple[int, object]:
    """Position and value of the first element that does not convert, found by halving."""
    low, high = 0, len(array)
    while high - low > 1:
        middle = (low + high) // 2
        try:
            _convert(array.slice(low, middle - low), arrow_type)
            low = middle
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            high = middle
    return low, array[low].as_py()


@contextmanager
def _explained() -> Iterator[None]:
    """Turns what the decoders raise into errors that say what is wrong with the file."""
    try:
        yield
    except DAMAGE as error:
        raise CorruptFileError(f"The file is cut off or damaged: {error}.", "Fetch it again.") from error
    except pa.ArrowInvalid as error:
        raise ContractError(f"The file cannot be parsed: {error}.", "Look at the row that is named.") from error
