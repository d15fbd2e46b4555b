"""Reads a published file of any era as a stream of canonical record batches, in bounded memory.

Columns are found by name (`column_mapping.py`) and converted to their canonical types without losing a digit
(`type_conversion.py`); rows are numbered by `source_row`. Nothing is judged here: `cleaning.py` does that.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from isal import igzip
from pyarrow import csv as arrow_csv

from taxi_assets.atomic_files import DAMAGE
from taxi_assets.errors import ContractError, CorruptFileError, message_of
from taxi_assets.model.columns import Column
from taxi_assets.model.datasets import FileFormat
from taxi_assets.progress import Tracker, track
from taxi_assets.transform.arrow import row_numbers
from taxi_assets.transform.column_mapping import ColumnMapping, map_columns
from taxi_assets.transform.type_conversion import converted, csv_type, misfit_pickups

BATCH_ROWS = 32_768
MAX_ROWS = 100_000_000
"""No month of any dataset has had more than 21 million rows; a file that unpacks to more than this is refused."""
PUBLISHED_TEXT = "published_text"
_BLOCK_BYTES = 256 << 10
"""How much of a CSV file is parsed, or of a Parquet column read, at a time. 1 MB takes 25 MB more and saves no time."""
_PEEK_BYTES = 64 << 10


@dataclass(frozen=True)
class TripStream:
    """The rows of a published file, to be read once.

    `schema` has the published columns of the dataset in canonical order (null where the file lacks them), the columns
    that nobody has described (`unknown` has their published names), `source_row` (the position of the row in the file,
    from 0), and `published_text` (the row as published, where it or its pickup time cannot be read; else null).
    `published` has the file's own name of each column that it has. `first_rows` is the limit of a try-out.
    """

    schema: pa.Schema
    batches: Iterator[pa.RecordBatch]
    unknown: tuple[str, ...]
    published: dict[str, str] = field(default_factory=dict)
    first_rows: int | None = None


@dataclass(frozen=True)
class _Block:
    """Rows as columns in the order of the file; `unreadable` has the lines that do not fit the header, by row."""

    columns: Sequence[pa.Array]
    rows: int
    unreadable: dict[int, str] = field(default_factory=dict)
    lines: Sequence[str] = ()


class _NotPlainError(Exception):
    """The fast parser has met something that it would silently drop."""


def read_month(path: Path, file_format: FileFormat, columns: Sequence[Column]) -> TripStream:
    """Reads a published file as batches of about BATCH_ROWS rows; `columns` are the dataset's published ones.

    Raises CorruptFileError when the file is not whole, ContractError when a required column is missing or a value does
    not fit its column. Both may also be raised while the batches are read.
    """
    read = _read_parquet if file_format == "parquet" else _read_csv
    with _translated_errors():
        mapping, blocks = read(path, columns)
    schema = pa.schema([*mapping.schema, ("source_row", pa.int64()), (PUBLISHED_TEXT, pa.string())])
    return TripStream(schema, _canonical(blocks, mapping, schema), mapping.unknown, mapping.published)


def _read_parquet(path: Path, columns: Sequence[Column]) -> tuple[ColumnMapping, Iterator[_Block]]:
    file = pq.ParquetFile(path, pre_buffer=False, buffer_size=_BLOCK_BYTES)
    mapping = map_columns([(published.name, published.type) for published in file.schema_arrow], columns)
    return mapping, _parquet_blocks(file)


def _parquet_blocks(file: pq.ParquetFile) -> Iterator[_Block]:
    work, done = track("reading", rows=file.metadata.num_rows), 0
    for batch in file.iter_batches(BATCH_ROWS):
        yield _Block(batch.columns, batch.num_rows)
        done += batch.num_rows
        work.update(rows=done)


def _read_csv(path: Path, columns: Sequence[Column]) -> tuple[ColumnMapping, Iterator[_Block]]:
    names, first_row = _header(path)
    mapping = map_columns([(name, pa.string()) for name in names], columns)
    types: list[pa.DataType] = [pa.string()] * max(len(names), len(first_row))
    for source, column in zip(mapping.sources, mapping.columns, strict=True):
        if source is not None and not column.text_of:
            types[source] = csv_type(column, first_row[source] if source < len(first_row) else "")
    return mapping, _csv_blocks(path, types, len(names))


def _header(path: Path) -> tuple[list[str], list[str]]:
    """The column names of a csv.gz, and the fields of its first row; in some eras there are more fields than names."""
    with igzip.open(path, "rb") as file:
        lines = file.read(_PEEK_BYTES).decode("utf-8-sig", errors="replace").splitlines()
    rows = [_fields(line) for line in lines[:8] if line.strip()]
    if len(rows) < 2:
        raise CorruptFileError("The file has no rows.", "Look at what the publisher serves under this name.")
    return rows[0], rows[1]


def _csv_blocks(path: Path, types: Sequence[pa.DataType], width: int) -> Iterator[_Block]:
    """The rows as Arrow parses them; from the first block that it cannot parse on, line by line."""
    work, done = track("reading", size=path.stat().st_size), 0
    try:
        for batch in _merged(_parsed(path, types, work)):
            _check_plain(batch.columns[width:])
            yield _Block(batch.columns, batch.num_rows)
            done += batch.num_rows
            work.update(rows=done)
    except (pa.ArrowInvalid, _NotPlainError):
        for block in _careful_blocks(path, width, done, work):
            yield block
            done += block.rows
            work.update(rows=done)


def _check_plain(stray: Sequence[pa.Array]) -> None:
    """Raises _NotPlainError when a field beyond the header is not empty."""
    if any(array.null_count < len(array) for array in stray):
        raise _NotPlainError


def _parsed(path: Path, types: Sequence[pa.DataType], work: Tracker) -> Iterator[pa.RecordBatch]:
    names = [str(position) for position in range(len(types))]
    convert = arrow_csv.ConvertOptions(
        column_types=dict(zip(names, types, strict=True)), null_values=[""], strings_can_be_null=True
    )
    with path.open("rb") as packed, igzip.open(packed, "rb") as file:
        for batch in arrow_csv.open_csv(
            pa.PythonFile(file, "r"),
            arrow_csv.ReadOptions(column_names=names, skip_rows=1, block_size=_BLOCK_BYTES),
            convert_options=convert,
        ):
            work.update(size=packed.tell())
            yield batch


def _merged(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Merges the parser's small blocks into batches of about BATCH_ROWS rows."""
    waiting: list[pa.RecordBatch] = []
    rows = 0
    for batch in batches:
        waiting.append(batch)
        rows += batch.num_rows
        if rows >= BATCH_ROWS:
            yield pa.concat_batches(waiting)
            waiting, rows = [], 0
    if waiting:
        yield pa.concat_batches(waiting)


def _careful_blocks(path: Path, width: int, skip: int, work: Tracker) -> Iterator[_Block]:
    """The rows after the first `skip` ones, all as text; those with too few or too many fields are unreadable."""
    lines: list[str] = []
    with path.open("rb") as packed, igzip.open(packed, "rb") as file:
        rows = (line.decode("utf-8", errors="replace").rstrip("\r\n") for line in file)
        for number, line in enumerate(line for line in rows if line.strip()):
            if number > skip:  # the header is number 0
                lines.append(line)
            if len(lines) == BATCH_ROWS:
                work.update(size=packed.tell())
                yield _careful_block(lines, width)
                lines = []
    if lines:
        yield _careful_block(lines, width)


def _careful_block(lines: list[str], width: int) -> _Block:
    unreadable: dict[int, str] = {}
    rows: list[list[str]] = []
    for number, line in enumerate(lines):
        fields = _fields(line)
        if len(fields) < width or any(fields[width:]):
            unreadable[number] = line
            fields = [""] * width
        rows.append(fields[:width])
    columns = [pa.array(values, pa.string()) for values in zip(*rows, strict=True)]
    return _Block(columns, len(lines), unreadable, lines)


def _fields(line: str) -> list[str]:
    return next(csv.reader([line])) if '"' in line else line.split(",")


def _canonical(blocks: Iterator[_Block], mapping: ColumnMapping, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    first = 0
    with _translated_errors():
        for block in blocks:
            texts = _unreadable_texts(block, mapping)
            arrays = [
                converted(column, None if source is None else block.columns[source], block.rows, first)
                for source, column in zip(mapping.sources, mapping.columns, strict=True)
            ]
            yield pa.record_batch([*arrays, row_numbers(first, block.rows), texts], schema=schema)
            first += block.rows
            if first > MAX_ROWS:
                raise CorruptFileError(
                    f"The file has more than {MAX_ROWS:,} rows, and no month is that large.",
                    "Look at what the publisher serves under this name.",
                )
    if first == 0:
        raise CorruptFileError("The file has no rows.", "Look at what the publisher serves under this name.")


def _unreadable_texts(block: _Block, mapping: ColumnMapping) -> pa.Array:
    """What was published of rows that cannot be read, or whose pickup time cannot; null for the others."""
    texts = dict(block.unreadable)
    place = [column.name for column in mapping.columns].index("pickup_datetime")
    source = mapping.sources[place]
    if source is not None:
        for row, value in misfit_pickups(block.columns[source]).items():
            texts.setdefault(row, block.lines[row] if block.lines else f"pickup_datetime: {value}")
    if not texts:
        return pa.nulls(block.rows, pa.string())
    return pa.array([texts.get(row) for row in range(block.rows)], pa.string())


@contextmanager
def _translated_errors() -> Iterator[None]:
    """Turns the errors of the decoders into those that say what is wrong with the file."""
    try:
        yield
    except DAMAGE as error:
        raise CorruptFileError(
            f"The file is cut off or damaged: {message_of(error)}.", "Materialize raw_trips again to fetch it anew."
        ) from error
    except (pa.ArrowInvalid, csv.Error) as error:
        raise ContractError(
            f"The file cannot be parsed: {message_of(error)}.", "Look at what the publisher serves under this name."
        ) from error
