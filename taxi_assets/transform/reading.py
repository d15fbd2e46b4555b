"""Reads a published file of any era as a stream of canonical record batches, in bounded memory.

Columns are found by name (`column_mapping.py`) and converted to their canonical types without losing a digit
(`type_conversion.py`); rows are numbered by `source_row`. Nothing is judged here: `cleaning.py` does that.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa
from isal import igzip
from pyarrow import csv as arrow_csv

from taxi_assets import bounds
from taxi_assets.atomic_files import DAMAGE
from taxi_assets.errors import ContractError, CorruptFileError, message_of
from taxi_assets.model.columns import Column
from taxi_assets.model.datasets import FileFormat
from taxi_assets.progress import Tracker, track
from taxi_assets.transform.arrow import row_numbers, text_array
from taxi_assets.transform.column_mapping import ColumnMapping, map_columns
from taxi_assets.transform.parquet_input import ADVICE, parquet_batches, read_footer
from taxi_assets.transform.rules import UNREADABLE_ROWS, UNREADABLE_SHARE
from taxi_assets.transform.texts import NULL_WORDS, decoded, shown
from taxi_assets.transform.type_conversion import Converter, csv_type

BATCH_ROWS = 32_768
PUBLISHED_TEXT = "published_text"
_BLOCK_BYTES = bounds.CELL_BYTES
"""How much of a CSV file is parsed at a time. 1 MB takes 25 MB more and saves no time."""
_PEEK_BYTES = 64 << 10


@dataclass(frozen=True)
class TripStream:
    """The rows of a published file, to be read once.

    `schema`: the published columns of the dataset in canonical order (null where the file lacks them), the columns
    nobody has seen before (named as published in `unknown`), `source_row` (the row's position in the file from 0),
    and `published_text` (what could not be read, as published: the row, or `column: value`; else null).
    `published`: the file's own names of the columns it has. `first_rows`: after how many rows a try-out ends.
    """

    schema: pa.Schema
    batches: Iterator[pa.RecordBatch]
    unknown: tuple[str, ...]
    published: dict[str, str] = field(default_factory=dict)
    first_rows: int | None = None


@dataclass(frozen=True)
class _Block:
    """Rows by column position in the file; `unreadable` holds the text of rows that are no rows of the table,
    `undecodable`, by column position and row, values that are no UTF-8.
    """

    columns: Sequence[pa.Array]
    rows: int
    unreadable: dict[int, str] = field(default_factory=dict)
    undecodable: dict[int, dict[int, str]] = field(default_factory=dict)


@dataclass
class _Misfits:
    """How many values did not fit their column, and the first of each."""

    counts: Counter[str] = field(default_factory=Counter)
    examples: dict[str, str] = field(default_factory=dict)

    def add(self, column: str, values: Iterable[str]) -> None:
        for value in values:
            self.counts[column] += 1
            self.examples.setdefault(column, value)

    def check(self, rows: int, *, first_batch: bool) -> None:
        """Raises ContractError when so many values of a column are unreadable that its meaning must have changed."""
        for column, count in self.counts.most_common(1):
            if first_batch and count < rows:
                return
            if first_batch or count > max(UNREADABLE_ROWS, UNREADABLE_SHARE * rows):
                raise ContractError(
                    f"Column {column} cannot be read in {count:,} of {rows:,} rows, for example "
                    f"{self.examples[column]!r}.",
                    "Its meaning or its format has changed. Nothing was replaced. Load the month from another "
                    "publisher, or teach the column to read such values (docs/how-to/column.md).",
                )


class _NotPlainError(Exception):
    """The fast parser has met something that it would silently drop."""


def read_month(path: Path, file_format: FileFormat, columns: Sequence[Column]) -> TripStream:
    """Reads a published file as batches of about BATCH_ROWS rows; `columns` are the dataset's published ones.

    Raises CorruptFileError when the file is not whole, ContractError when a required column is missing, a column's type
    cannot be what it should be, or more than a small share of its values does not fit; both also while the batches are
    read.
    """
    read = _read_parquet if file_format == "parquet" else _read_csv
    with _translated_errors():
        mapping, blocks = read(path, columns)
    schema = pa.schema([*mapping.schema, ("source_row", pa.int64()), (PUBLISHED_TEXT, pa.string())])
    return TripStream(schema, _canonical(blocks, mapping, schema), mapping.unknown, mapping.published)


def _read_parquet(path: Path, columns: Sequence[Column]) -> tuple[ColumnMapping, Iterator[_Block]]:
    footer = read_footer(path)
    schema = footer.schema.to_arrow_schema()
    mapping = map_columns([(published.name, published.type) for published in schema], columns)
    return mapping, _parquet_blocks(path, footer.num_rows)


def _parquet_blocks(path: Path, rows: int) -> Iterator[_Block]:
    work, done = track("reading", rows=rows), 0
    for batch in parquet_batches(path, BATCH_ROWS):
        yield _Block(batch.columns, batch.num_rows)
        done += batch.num_rows
        work.update(rows=done)


def _read_csv(path: Path, columns: Sequence[Column]) -> tuple[ColumnMapping, Iterator[_Block]]:
    names, first_row = _header(path)
    if (width := max(len(names), len(first_row))) > bounds.COLUMNS:
        raise CorruptFileError(f"The file has {width:,} columns; {bounds.COLUMNS:,} is the most.", ADVICE)
    mapping = map_columns([(name, pa.string()) for name in names], columns)
    types: list[pa.DataType] = [pa.string()] * width
    for source, column in zip(mapping.sources, mapping.columns, strict=True):
        if source is not None and not column.text_of:
            types[source] = csv_type(column, first_row[source] if source < len(first_row) else "")
    return mapping, _csv_blocks(path, types, len(names))


def _header(path: Path) -> tuple[list[str], list[str]]:
    """The column names of a csv.gz, and the fields of its first row; in some eras there are more fields than names."""
    with igzip.open(path, "rb") as file:
        lines = file.read(_PEEK_BYTES).decode("utf-8-sig", errors="backslashreplace").splitlines()
    rows = [_fields(line) for line in lines[:8] if line.strip()]
    if len(rows) < 2:
        raise CorruptFileError("The file has no rows.", "Look at what the publisher serves under this name.")
    return rows[0], rows[1]


def _csv_blocks(path: Path, types: Sequence[pa.DataType], width: int) -> Iterator[_Block]:
    """The rows by Arrow's parser: typed; from the first value that does not fit on as bytes; from the first row with
    another number of fields on line by line.
    """
    work, done = track("reading", size=path.stat().st_size), 0
    readers: tuple[Callable[[int], Iterator[_Block]], ...] = (
        lambda _done: (_Block(batch.columns, batch.num_rows) for batch in _merged(_parsed(path, types, work, width))),
        lambda done: _bytes_blocks(path, width, len(types), done, work),
        lambda done: _careful_blocks(path, width, done, work),
    )
    for reader in readers:
        try:
            for block in reader(done):
                yield block
                done += block.rows
                work.update(rows=done)
        except (pa.ArrowInvalid, _NotPlainError):
            continue
        return


def _check_plain(stray: Sequence[pa.Array]) -> None:
    """Raises _NotPlainError when a field beyond the header is not empty."""
    if any(array.null_count < len(array) for array in stray):
        raise _NotPlainError


def _parsed(path: Path, types: Sequence[pa.DataType], work: Tracker, width: int) -> Iterator[pa.RecordBatch]:
    names = [str(position) for position in range(len(types))]
    convert = arrow_csv.ConvertOptions(
        column_types=dict(zip(names, types, strict=True)), null_values=NULL_WORDS, strings_can_be_null=True
    )
    with path.open("rb") as packed, igzip.open(packed, "rb") as file:
        for batch in arrow_csv.open_csv(
            pa.PythonFile(file, "r"),
            arrow_csv.ReadOptions(column_names=names, skip_rows=1, block_size=_BLOCK_BYTES),
            convert_options=convert,
        ):
            work.update(size=packed.tell())
            _check_plain(batch.columns[width:])
            yield batch


def _bytes_blocks(path: Path, width: int, fields: int, skip: int, work: Tracker) -> Iterator[_Block]:
    """The rows after the first `skip` ones as text; those with bytes that are no UTF-8 as unreadable."""
    for batch in _merged(_parsed(path, [pa.binary()] * fields, work, width)):
        left = batch.slice(min(skip, batch.num_rows))
        skip -= batch.num_rows - left.num_rows
        if left.num_rows:
            columns = [decoded(column) for column in left.columns[:width]]
            undecodable = {place: misfits for place, (_, misfits) in enumerate(columns) if misfits}
            yield _Block([texts for texts, _ in columns], left.num_rows, undecodable=undecodable)


def _merged(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Merges the parser's small blocks into batches of about BATCH_ROWS rows, fewer where they are long."""
    waiting: list[pa.RecordBatch] = []
    rows = size = 0
    for batch in batches:
        waiting.append(batch)
        rows += batch.num_rows
        size += batch.nbytes
        if rows >= BATCH_ROWS or size >= bounds.BATCH_BYTES // 2:
            yield pa.concat_batches(waiting)
            waiting, rows, size = [], 0, 0
    if waiting:
        yield pa.concat_batches(waiting)


def _careful_blocks(path: Path, width: int, skip: int, work: Tracker) -> Iterator[_Block]:
    """The rows after the first `skip` ones, all as text; as unreadable those with too few or too many fields, or with
    bytes that are no UTF-8.
    """
    lines: list[bytes] = []
    size = 0
    with path.open("rb") as packed, igzip.open(packed, "rb") as file:
        for number, line in enumerate(line for line in _lines(file) if line.strip()):
            if number > skip:  # the header is number 0
                lines.append(line)
                size += len(line)
            if len(lines) == BATCH_ROWS or size >= bounds.BATCH_BYTES // 2:
                work.update(size=packed.tell())
                yield _careful_block(lines, width)
                lines, size = [], 0
    if lines:
        yield _careful_block(lines, width)


def _lines(file: BinaryIO) -> Iterator[bytes]:
    """The lines without their ends. Raises CorruptFileError for one that is too long."""
    while line := file.readline(bounds.CELL_BYTES + 1):
        if len(line) > bounds.CELL_BYTES:
            raise CorruptFileError(f"The file has a line of more than {bounds.CELL_BYTES:,} bytes.", ADVICE)
        yield line.rstrip(b"\r\n")


def _careful_block(lines: list[bytes], width: int) -> _Block:
    unreadable: dict[int, str] = {}
    rows: list[list[str]] = []
    for number, line in enumerate(lines):
        try:
            fields = _fields(line.decode())
        except (UnicodeDecodeError, csv.Error):  # csv.Error: a value is longer than 131,072 characters
            fields = []
        if len(fields) < width or any(fields[width:]):
            unreadable[number] = shown(line)
            fields = [""] * width
        rows.append(fields[:width])
    columns = [text_array(values) for values in zip(*rows, strict=True)]
    return _Block(columns, len(lines), unreadable)


def _fields(line: str) -> list[str]:
    return next(csv.reader([line])) if '"' in line else line.split(",")


def _canonical(blocks: Iterator[_Block], mapping: ColumnMapping, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    converters = [Converter(column) for column in mapping.columns]
    misfits = _Misfits()
    first = size = 0
    with _translated_errors():
        for block in blocks:
            columns = [
                converter.convert(None if source is None else block.columns[source], block.rows)
                for source, converter in zip(mapping.sources, converters, strict=True)
            ]
            found = {
                name: {**each.misfits, **block.undecodable.get(-1 if source is None else source, {})}
                for name, each, source in zip(schema.names, columns, mapping.sources, strict=False)
            }
            for name, values in found.items():
                misfits.add(name, values.values())
            if first == 0:
                misfits.check(block.rows, first_batch=True)
            arrays = [each.values for each in columns]
            texts = _published_texts(block, found)
            yield pa.record_batch([*arrays, row_numbers(first, block.rows), texts], schema=schema)
            first += block.rows
            size += sum(array.nbytes for array in arrays)
            if first > bounds.ROWS:
                raise CorruptFileError(f"The file has more than {bounds.ROWS:,} rows.", ADVICE)
            if size > bounds.UNPACKED_BYTES:
                raise CorruptFileError(f"The file unpacks to more than {bounds.UNPACKED_BYTES:,} bytes.", ADVICE)
        misfits.check(first, first_batch=False)
    if first == 0:
        raise CorruptFileError("The file has no rows.", "Look at what the publisher serves under this name.")


def _published_texts(block: _Block, misfits: Mapping[str, Mapping[int, str]]) -> pa.Array:
    """What was published of the rows that cannot be read, and of those with a value that does not fit its column;
    null for the others.
    """
    values: dict[int, list[str]] = {}
    for name, of_column in misfits.items():
        for row, value in of_column.items():
            values.setdefault(row, []).append(f"{name}: {value}")
    texts = {row: shown("; ".join(parts)) for row, parts in values.items()}
    texts |= block.unreadable
    if not texts:
        return pa.nulls(block.rows, pa.string())
    return text_array([texts.get(row) for row in range(block.rows)])


@contextmanager
def _translated_errors() -> Iterator[None]:
    """Turns the errors of the decoders into those that say what is wrong with the file."""
    try:
        yield
    except DAMAGE as error:
        raise CorruptFileError(
            f"The file is cut off or damaged: {message_of(error)}.", "Materialize raw_trips again to fetch it anew."
        ) from error
    except (pa.ArrowException, csv.Error, UnicodeError, OverflowError, RecursionError) as error:
        raise ContractError(
            f"The file cannot be parsed: {message_of(error)}.", "Look at what the publisher serves under this name."
        ) from error
