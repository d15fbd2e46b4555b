"""Small months in Parquet files, with a column of every type."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pyarrow as pa
import pyarrow.parquet as pq

from taxi_assets.model.months import Month
from taxi_assets.transform.column_mapping import PUBLISHED_AS
from taxi_assets.transform.month_file import MonthFile, MonthFiles

JANUARY, FEBRUARY = Month(2021, 1), Month(2021, 2)
SOURCE_FILE = "it's 1%.csv"


def columns_of(month: Month, rows: int) -> dict[str, pa.Array]:
    """So many trips of a month: nulls, negative amounts, half cents, and a drop-off a thousand years later."""
    pickups = [month.start + timedelta(seconds=row) for row in range(rows)]
    dropoffs = [datetime(3019, 2, 3, 4, 5, 6, 7) if row == 0 else None for row in range(rows)]  # noqa: DTZ001 naive
    return {
        "pickup_datetime": pa.array(pickups, pa.timestamp("us")),
        "dropoff_datetime": pa.array(dropoffs, pa.timestamp("us")),
        "fare_amount": pa.array([(row - 3) / 8 for row in range(rows)], pa.float64()),
        "pickup_longitude": pa.array([-73.9855 if row % 2 else None for row in range(rows)], pa.float64()),
        "source_row": pa.array(range(rows), pa.int64()),
        "trip_month": pa.array([month.first_day] * rows, pa.date32()),
        "flags": pa.array([row % 3 for row in range(rows)], pa.int32()),
        "vendor_id": pa.array([None if row % 5 == 0 else 2 for row in range(rows)], pa.int16()),
        "pickup_location_id": pa.array([1 + row % 265 for row in range(rows)], pa.int16()),
        "dropoff_location_id": pa.array([4] * rows, pa.int16()),
        "base": pa.array([None if row % 7 == 0 else f"Ünï{row % 4}" for row in range(rows)], pa.string()),
        "source_file": pa.array([SOURCE_FILE] * rows, pa.string()),
    }


def ends(pickups: Sequence[int | None]) -> dict[str, pa.Array]:
    """Zones of trips: the pick-ups as given, all drop-offs in zone 4."""
    return {
        "pickup_location_id": pa.array(pickups, pa.int16()),
        "dropoff_location_id": pa.array([4] * len(pickups), pa.int16()),
    }


def month_files(
    folder: Path,
    month: Month,
    rows: int,
    extra: Mapping[str, pa.Array] | None = None,
    *,
    quarantined: int = 0,
    published: Mapping[str, str] | None = None,
) -> MonthFiles:
    """A month of so many clean and quarantined rows; `extra` are other or more columns of the clean ones, `published`
    the names in the published file of those that have others.
    """
    reasons = pa.array([["negative_fare", "too_long"]] * quarantined, pa.list_(pa.string()))
    clean = {**columns_of(month, rows), **(extra or {})}
    return MonthFiles(
        _written(folder, clean, published), _written(folder, {**columns_of(month, quarantined), "reasons": reasons})
    )


def damaged(file: MonthFile) -> MonthFile:
    """The file, whose footer is whole and whose last rows cannot be read."""
    if file.path is None:
        raise ValueError("only a local file can be damaged")
    footer = pq.ParquetFile(file.path).metadata
    last = footer.row_group(footer.num_row_groups - 1)
    with file.path.open("r+b") as data:
        for place in range(last.num_columns):
            column = last.column(place)
            data.seek(column.dictionary_page_offset or column.data_page_offset)
            data.write(b"\xff" * column.total_compressed_size)
    return MonthFile.local(file.path)


def _written(folder: Path, columns: Mapping[str, pa.Array], published: Mapping[str, str] | None = None) -> MonthFile:
    path = folder / f"{uuid4().hex}.parquet"
    names = {name: {PUBLISHED_AS: theirs} for name, theirs in (published or {}).items()}
    schema = pa.schema(pa.field(name, each.type, metadata=names.get(name)) for name, each in columns.items())
    pq.write_table(pa.table(dict(columns), schema), path, row_group_size=1_000)
    return MonthFile.local(path)
