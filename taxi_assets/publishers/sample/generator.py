"""The sample publisher's files: TLC-shaped months with TLC's faults, in any layout, the same every time.

    taxi-assets sample yellow 2021-01 --rows 1370000 --format csv.gz --to FOLDER_OR_FILE

A file is made and written chunk by chunk, so that memory does not grow with its rows: first the metered
trips, then the dispatched ones, whose driver-entered fields are missing; fhv and fhvhv have no such blocks. Trips are
made in `taxis.py`, `for_hire.py` and `high_volume.py`, their faults in `faults.py`, the
file formats in `writing.py` and `texts.py`. A new era is a layout, and what is new in it a line in one
of the tables of those modules.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Final

from taxi_assets.model.columns import Column, Kind
from taxi_assets.model.datasets import Dataset, FileFormat
from taxi_assets.model.eras import layout
from taxi_assets.model.made_up import SAMPLE_ROWS
from taxi_assets.model.months import Month
from taxi_assets.publishers.sample.csv_text import Form, form
from taxi_assets.publishers.sample.distributions import SHAPES, in_force
from taxi_assets.publishers.sample.faults import add_faults
from taxi_assets.publishers.sample.file_columns import FileColumn
from taxi_assets.publishers.sample.for_hire import for_hire_trips, publish_for_hire_trips
from taxi_assets.publishers.sample.gross import Gross
from taxi_assets.publishers.sample.high_volume import high_volume_trips, publish_high_volume_trips
from taxi_assets.publishers.sample.taxis import publish_taxi_trips, taxi_trips
from taxi_assets.publishers.sample.trips import Chunk, Trips
from taxi_assets.publishers.sample.undescribed import UNDESCRIBED
from taxi_assets.publishers.sample.writing import write_csv, write_parquet

if TYPE_CHECKING:
    from pathlib import Path

CHUNK_ROWS: Final = 65_536

# How ordinary trips are made, and how they are changed to what a publication shows of them.
Makers = tuple[Callable[[Chunk], Trips], Callable[[Chunk, Trips, FileFormat], None]]
MAKERS: Final[dict[str, Makers]] = {
    "yellow": (taxi_trips, publish_taxi_trips),
    "green": (taxi_trips, publish_taxi_trips),
    "fhv": (for_hire_trips, publish_for_hire_trips),
    "fhvhv": (high_volume_trips, publish_high_volume_trips),
}

# Codes that some eras publish as texts: the key of those.
TEXTS_OF: Final = {"vendor_id": "vendor_text", "payment_type": "payment_text", "sr_flag": "sr_text"}


def write_sample(
    dataset: Dataset,
    month: Month,
    path: Path,
    *,
    rows: int = SAMPLE_ROWS,
    file_format: FileFormat,
    faults: Sequence[str] = (),
) -> None:
    """Writes a month of exactly `rows` trips to `path`.

    CSV and Parquet of the same month and rows hold the same trips, but for the empty fields of dispatched
    ones. `faults` names gross faults; see `gross.py`.
    Raises ValueError for fewer than 1 row or a fault that cannot be, LookupError for a month or a column that has no
    sample.
    """
    if rows < 1:
        raise ValueError(f"a sample has at least 1 row, not {rows}")
    gross = Gross.of(dataset, month, rows, faults, file_format)
    columns = gross.columns(file_columns(dataset, month, file_format))
    published = gross.repeat(
        published_trips(chunk, file_format) | undescribed(chunk, columns) for chunk in chunks(dataset, month, rows)
    )
    if file_format == "parquet":
        write_parquet(path, columns, published)
    else:
        write_csv(path, layout(dataset, month, file_format), columns, published, gross)


def file_columns(dataset: Dataset, month: Month, file_format: FileFormat) -> list[FileColumn]:
    """The columns of a month's layout, each with where its values come from."""
    published = layout(dataset, month, file_format).columns
    canonical = canonical_columns(dataset, [name for name, _ in published])
    columns = []
    for name, kind in published:
        if column := canonical.get(name):
            text = TEXTS_OF.get(column.name) if kind == "string" else None
            held = Form(Kind.TEXT) if text else form(dataset, month, column)
            columns.append(FileColumn(name, kind, text or column.name, held))
        elif name in UNDESCRIBED:
            columns.append(FileColumn(name, kind, name, Form(UNDESCRIBED[name][0])))
        else:
            raise LookupError(f"the sample has no values for column {name} of {dataset.name} {month}")
    return columns


def canonical_columns(dataset: Dataset, names: Sequence[str]) -> dict[str, Column]:
    """By published name the canonical column that it is of; a column has the first of its names that is there."""
    free = {name.strip().lower(): name for name in names}
    found = {}
    for column in dataset.published_columns:
        name = next((name.lower() for name in column.published if name.lower() in free), None)
        if name is not None:
            found[free.pop(name)] = column
    return found


def chunks(dataset: Dataset, month: Month, rows: int) -> Iterator[Chunk]:
    """A file's chunks in order, each of at most CHUNK_ROWS rows."""
    shape = SHAPES.get(dataset.name)
    dispatched = rows * in_force(shape.dispatched, month) // 1000 if shape else 0
    for of, is_dispatched in ((rows - dispatched, False), (dispatched, True)):
        pieces = -(-of // CHUNK_ROWS)
        for piece in range(pieces):
            first, end = of * piece // pieces, of * (piece + 1) // pieces
            yield Chunk(dataset.name, month, is_dispatched, first, end - first, of, rows)


def published_trips(chunk: Chunk, file_format: FileFormat) -> Trips:
    """The trips of a chunk as one of the two publications shows them."""
    ordinary, publish = MAKERS[chunk.dataset]
    trips = ordinary(chunk)
    add_faults(chunk, trips)
    publish(chunk, trips, file_format)
    return trips


def undescribed(chunk: Chunk, columns: Sequence[FileColumn]) -> Trips:
    """The values of columns that are in no column table."""
    return {column.key: UNDESCRIBED[column.key][1](chunk) for column in columns if column.key in UNDESCRIBED}
