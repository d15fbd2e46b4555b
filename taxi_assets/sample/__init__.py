"""The sample publisher's files: TLC-shaped months with TLC's faults, in any layout, the same every time.

    python -m taxi_assets.sample yellow 2021-01 --rows 1370000 --format csv.gz --to FOLDER_OR_FILE

A file is made and written chunk by chunk, so that memory does not grow with its rows: first the metered
trips, then the dispatched ones, whose driver-entered fields are missing. What trips look like is in
`sample/shapes.py`, how they are made in `sample/trips.py`, their faults in `sample/faults.py`, the file
formats in `sample/writing.py`. An era is added as a layout, a dataset as a layout and a shape.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from taxi_assets.datasets import Dataset
from taxi_assets.layouts import FileFormat, layout
from taxi_assets.months import Month
from taxi_assets.sample.faults import add_faults
from taxi_assets.sample.shapes import SHAPES, in_force
from taxi_assets.sample.trips import NULL, Chunk, Trips, ordinary_trips
from taxi_assets.sample.writing import FileColumn, write_csv, write_parquet

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CHUNK_ROWS: Final = 65_536

# Fields of dispatched trips that this publication leaves empty, as counted. Passengers, rate code, trip type,
# airport fee and store_and_fwd_flag are empty in every publication: `sample/trips.py` makes none.
EMPTY_WHEN_DISPATCHED: Final[dict[tuple[str, FileFormat], tuple[str, ...]]] = {
    ("yellow", "csv.gz"): ("vendor_id", "payment_type"),
    ("yellow", "parquet"): ("congestion_surcharge",),
    ("green", "csv.gz"): ("vendor_id", "payment_type", "congestion_surcharge"),
    ("green", "parquet"): ("payment_type", "congestion_surcharge"),
}


def write_sample(dataset: Dataset, month: Month, path: Path, *, rows: int = 50_000, file_format: FileFormat) -> None:
    """Writes a month of exactly `rows` trips to `path`.

    CSV and Parquet of the same month and rows hold the same trips, but for the empty fields of dispatched
    ones.
    Raises ValueError for fewer than 1 row, LookupError for a month or a column that has no sample.
    """
    if rows < 1:
        raise ValueError(f"a sample has at least 1 row, not {rows}")
    columns = file_columns(dataset, month, file_format)
    write = write_parquet if file_format == "parquet" else write_csv
    write(path, columns, (published_trips(chunk, file_format) for chunk in chunks(dataset, month, rows)))


def file_columns(dataset: Dataset, month: Month, file_format: FileFormat) -> list[FileColumn]:
    """The columns of a month's layout, each with the canonical column that its values come from."""
    by_name = {name.lower(): column for column in dataset.published_columns for name in column.published}
    published = layout(dataset, month, file_format).columns
    return [FileColumn(name, kind, by_name[name.strip().lower()]) for name, kind in published]


def chunks(dataset: Dataset, month: Month, rows: int) -> Iterator[Chunk]:
    """A file's chunks in order, each of at most CHUNK_ROWS rows."""
    dispatched = rows * in_force(SHAPES[dataset.name].dispatched, month) // 1000
    for of, is_dispatched in ((rows - dispatched, False), (dispatched, True)):
        pieces = -(-of // CHUNK_ROWS)
        for piece in range(pieces):
            first, end = of * piece // pieces, of * (piece + 1) // pieces
            yield Chunk(dataset.name, month, is_dispatched, first, end - first, of, rows)


def published_trips(chunk: Chunk, file_format: FileFormat) -> Trips:
    """The trips of a chunk as one of the two publications shows them."""
    trips = ordinary_trips(chunk)
    add_faults(chunk, trips)
    if chunk.dispatched:
        for name in EMPTY_WHEN_DISPATCHED[chunk.dataset, file_format]:
            trips[name][:] = NULL
    return trips
