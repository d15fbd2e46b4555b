"""A file of made-up trips, for looking at or for tests."""

from __future__ import annotations

from pathlib import Path

from taxi_assets.atomic_files import replacing
from taxi_assets.model.datasets import Dataset, FileFormat
from taxi_assets.model.months import Month
from taxi_assets.publishers.sample.generator import write_sample


def write(dataset: Dataset, month: Month, rows: int, file_format: FileFormat | None, to: Path) -> Path:
    """Writes a sample month to the file `to`, or under its usual name to the folder `to`; returns the file's path.

    Without a format, a name that ends with .csv.gz gets CSV, and all others Parquet. Raises what `write_sample` does.
    """
    file_format = file_format or ("csv.gz" if to.name.endswith(".csv.gz") else "parquet")
    path = to / f"{dataset.month_name(month)}.{file_format}" if to.is_dir() else to
    with replacing(path) as unfinished:
        write_sample(dataset, month, unfinished, rows=rows, file_format=file_format)
    return path
