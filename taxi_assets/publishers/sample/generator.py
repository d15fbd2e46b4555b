"""Writes the sample publisher's files: months in TLC's layouts, with TLC's faults, the same every time.

    taxi-assets sample yellow 2021-01 --rows 1370000 --format csv.gz --to FOLDER_OR_FILE

A file is made and written chunk by chunk, so that memory does not grow with its rows: first the metered trips, then the
dispatched ones, whose driver-entered fields are missing; fhv and fhvhv have no such block. Trips are made in
`taxis.py`, `for_hire.py` and `high_volume.py`, their faults in `faults.py`, the file formats in `writing.py` and
`csv_text.py`.
A new era needs a layout, and what is new in it is mostly a line in one of the tables of those modules.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from taxi_assets.model.columns import Column, Kind
from taxi_assets.model.datasets import Dataset, FileFormat
from taxi_assets.model.made_up import SAMPLE_ROWS
from taxi_assets.model.months import Month
from taxi_assets.publishers.sample.csv_text import ValueFormat, value_format
from taxi_assets.publishers.sample.distributions import in_force
from taxi_assets.publishers.sample.faults import add_faults
from taxi_assets.publishers.sample.trips import Chunk, Trips, maker_of
from taxi_assets.publishers.sample.undescribed import UNDESCRIBED
from taxi_assets.publishers.sample.writing import FileColumn, write_csv, write_parquet

if TYPE_CHECKING:
    from pathlib import Path

CHUNK_ROWS: Final = 65_536

# Codes that some eras publish as texts: the key of those.
TEXTS_OF: Final = {"vendor_id": "vendor_text", "payment_type": "payment_text", "sr_flag": "sr_text"}


def write_sample(
    dataset: Dataset, month: Month, path: Path, *, rows: int = SAMPLE_ROWS, file_format: FileFormat
) -> None:
    """Writes a month of exactly `rows` trips to `path`.

    CSV and Parquet of the same month and number of rows hold the same trips, except for fields of dispatched trips that
    one of them leaves empty. Raises ValueError for fewer than 1 row, LookupError for a month or a column that has no
    sample.
    """
    if rows < 1:
        raise ValueError(f"a sample has at least 1 row, not {rows}")
    columns = file_columns(dataset, month, file_format)
    published = (_published(dataset, chunk, file_format, columns) for chunk in chunks(dataset, month, rows))
    if file_format == "parquet":
        write_parquet(path, columns, published)
    else:
        write_csv(path, dataset.layout(month, file_format), columns, published)


def file_columns(dataset: Dataset, month: Month, file_format: FileFormat) -> list[FileColumn]:
    """The columns of a month's file, each with the key of its values among those of the trips."""
    published = dataset.layout(month, file_format).columns
    canonical = canonical_columns(dataset, [name for name, _ in published])
    columns = []
    for name, kind in published:
        if column := canonical.get(name):
            text = TEXTS_OF.get(column.name) if kind == "string" else None
            held = ValueFormat(Kind.TEXT) if text else value_format(dataset, month, column)
            columns.append(FileColumn(name, kind, text or column.name, held))
        elif name in UNDESCRIBED:
            columns.append(FileColumn(name, kind, name, ValueFormat(UNDESCRIBED[name][0])))
        else:
            raise LookupError(
                f"no values for column {name} of {dataset.name} {month}: columns.py and undescribed.py lack it"
            )
    return columns


def canonical_columns(dataset: Dataset, names: Sequence[str]) -> dict[str, Column]:
    """The canonical columns by their names in a file; a column takes the first of its names that the file has."""
    free = {name.strip().lower(): name for name in names}
    found = {}
    for column in dataset.published_columns:
        name = next((name.lower() for name in column.published if name.lower() in free), None)
        if name is not None:
            found[free.pop(name)] = column
    return found


def chunks(dataset: Dataset, month: Month, rows: int) -> Iterator[Chunk]:
    """A file's chunks in order, each of at most CHUNK_ROWS rows."""
    shares = maker_of(dataset).dispatched
    dispatched = rows * in_force(shares, month) // 1000 if shares else 0
    for of, is_dispatched in ((rows - dispatched, False), (dispatched, True)):
        pieces = -(-of // CHUNK_ROWS)
        for piece in range(pieces):
            first, end = of * piece // pieces, of * (piece + 1) // pieces
            yield Chunk(dataset.name, month, is_dispatched, first, end - first, of, rows)


def published_trips(dataset: Dataset, chunk: Chunk, file_format: FileFormat) -> Trips:
    """The trips of a chunk as files of one format show them."""
    maker = maker_of(dataset)
    trips = maker.make(chunk)
    add_faults(chunk, trips)
    maker.publish(chunk, trips, file_format)
    return trips


def _published(dataset: Dataset, chunk: Chunk, file_format: FileFormat, columns: Sequence[FileColumn]) -> Trips:
    trips = published_trips(dataset, chunk, file_format) | undescribed(chunk, columns)
    if lacking := [column.name for column in columns if column.key not in trips]:
        raise LookupError(f"{dataset.sample} makes no values for {', '.join(lacking)} of {dataset.name} {chunk.month}")
    return trips


def undescribed(chunk: Chunk, columns: Sequence[FileColumn]) -> Trips:
    """The values of columns that are in no column table."""
    return {column.key: UNDESCRIBED[column.key][1](chunk) for column in columns if column.key in UNDESCRIBED}
