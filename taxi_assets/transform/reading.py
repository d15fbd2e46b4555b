"""Reads a published file of any era as a stream of canonical record batches, in bounded memory.

Columns are found by name (`column_mapping.py`) and converted to their canonical types without losing a digit
(`type_conversion.py`); rows are numbered by `source_row`. Nothing is judged here: `cleaning.py` does that.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa

from taxi_assets import bounds
from taxi_assets.atomic_files import DAMAGE
from taxi_assets.errors import ContractError, CorruptFileError, message_of
from taxi_assets.model.columns import Column
from taxi_assets.model.datasets import FileFormat
from taxi_assets.progress import track
from taxi_assets.transform.arrow import row_numbers, text_array
from taxi_assets.transform.block import BATCH_ROWS, Block
from taxi_assets.transform.column_mapping import ColumnMapping, map_columns
from taxi_assets.transform.csv_input import csv_blocks, csv_header
from taxi_assets.transform.parquet_input import ADVICE, parquet_batches, read_footer
from taxi_assets.transform.rules import UNREADABLE_ROWS, UNREADABLE_SHARE
from taxi_assets.transform.texts import shown
from taxi_assets.transform.type_conversion import Converter, csv_type

PUBLISHED_TEXT = "published_text"


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


def _read_parquet(path: Path, columns: Sequence[Column]) -> tuple[ColumnMapping, Iterator[Block]]:
    footer = read_footer(path)
    schema = footer.schema.to_arrow_schema()
    mapping = map_columns([(published.name, published.type) for published in schema], columns)
    return mapping, _parquet_blocks(path, footer.num_rows)


def _parquet_blocks(path: Path, rows: int) -> Iterator[Block]:
    work, done = track("reading", rows=rows), 0
    for batch in parquet_batches(path, BATCH_ROWS):
        yield Block(batch.columns, batch.num_rows)
        done += batch.num_rows
        work.update(rows=done)


def _read_csv(path: Path, columns: Sequence[Column]) -> tuple[ColumnMapping, Iterator[Block]]:
    names, first_row = csv_header(path)
    if (width := max(len(names), len(first_row))) > bounds.COLUMNS:
        raise CorruptFileError(f"The file has {width:,} columns; {bounds.COLUMNS:,} is the most.", ADVICE)
    mapping = map_columns([(name, pa.string()) for name in names], columns)
    types: list[pa.DataType] = [pa.string()] * width
    for source, column in zip(mapping.sources, mapping.columns, strict=True):
        if source is not None and not column.text_of:
            types[source] = csv_type(column, first_row[source] if source < len(first_row) else "")
    return mapping, csv_blocks(path, types, len(names))


def _canonical(blocks: Iterator[Block], mapping: ColumnMapping, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
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


def _published_texts(block: Block, misfits: Mapping[str, Mapping[int, str]]) -> pa.Array:
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
