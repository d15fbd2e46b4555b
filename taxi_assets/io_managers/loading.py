"""A month's Parquet files as the type that the annotation of an asset's input asks for."""

import sys
from pathlib import Path
from typing import Any

import pyarrow as pa

from taxi_assets.io_managers.base import wrong_type
from taxi_assets.transform.checksums import CHECKSUMS, Checksums
from taxi_assets.transform.month_file import MonthFile, MonthFiles


def rows_in(path: Path) -> int:
    """Rows of a Parquet file; 0 when there is none."""
    return MonthFile.local(path).rows if path.exists() else 0


def month_as(files: MonthFiles, wanted: type) -> object:
    """A month's files as the type an annotation asks for: both as `MonthFiles`, or the clean rows as anything else."""
    file = files.clean
    if wanted in (MonthFiles, Any):
        return files
    if wanted is MonthFile:
        return file
    if wanted is Checksums:
        return Checksums.from_json(file.facts[CHECKSUMS])
    if wanted is pa.RecordBatchReader:
        return file.batches()
    if wanted.__module__.startswith("pyarrow") and wanted.__name__.endswith("Dataset"):
        return file.dataset()
    if is_frame(wanted):
        return file.frame()
    raise wrong_type(
        wanted, "MonthFiles, MonthFile, pyarrow.RecordBatchReader, pyarrow.dataset.Dataset or pandas.DataFrame"
    )


def is_frame(wanted: type) -> bool:
    """Whether the annotation is pandas.DataFrame; pandas is not imported to find out."""
    pandas = sys.modules.get("pandas")
    return pandas is not None and wanted is pandas.DataFrame
