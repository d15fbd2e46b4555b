"""Months as Parquet files on this machine: clean months with their quarantine in the lake, and the bucket's local
stand-in.

Each gives a month back as `MonthFile`, `pyarrow.RecordBatchReader`, `pyarrow.dataset.Dataset` or `pandas.DataFrame`,
whichever the reading asset's annotation asks for. The bucket itself is in `gcs.py`.
"""

import sys
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pyarrow as pa
from dagster import OutputContext, ResourceDependency

from taxi_assets.cleaning import CleanedMonth
from taxi_assets.datasets import Dataset
from taxi_assets.errors import TaxiError
from taxi_assets.io_managers.base import MonthIOManager, wrong_type
from taxi_assets.metadata import file_metadata, tally_metadata
from taxi_assets.months import Month
from taxi_assets.resources.lake import LakeFolder
from taxi_assets.stores.files import copy_to, replacing
from taxi_assets.stores.parquet import MonthFile, MonthWriter


class CleanParquet(MonthIOManager):
    """Writes the stream of a `CleanedMonth` to two files, clean and quarantine; both whole before either takes its
    place.
    """

    lake: ResourceDependency[LakeFolder]

    def write(self, dataset: Dataset, month: Month, value: CleanedMonth, context: OutputContext) -> Mapping[str, Any]:
        lake = self.lake.lake
        target = lake.clean_file(dataset, month)
        with ExitStack() as files:
            clean_path = files.enter_context(replacing(target))
            quarantine_path = files.enter_context(replacing(lake.quarantine_file(dataset, month)))
            _write_both(value, clean_path, quarantine_path)
        return {**tally_metadata(value.tally), **file_metadata(MonthFile.local(target))}

    def count(self, dataset: Dataset, month: Month) -> int:
        return rows_in(self.lake.lake.clean_file(dataset, month))

    def count_quarantined(self, dataset: Dataset, month: Month) -> int:
        return rows_in(self.lake.lake.quarantine_file(dataset, month))

    def look(self, dataset: Dataset, month: Month) -> str:
        return str(self.lake.lake.clean_file(dataset, month))

    def look_quarantined(self, dataset: Dataset, month: Month) -> str:
        return str(self.lake.lake.quarantine_file(dataset, month))

    def read(self, dataset: Dataset, month: Month, wanted: type) -> object:
        path = self.lake.lake.clean_file(dataset, month)
        if not path.exists():
            raise TaxiError("The clean month is not here.", "Materialize clean_trips for this month first.")
        return month_as(MonthFile.local(path), wanted)


class LocalBucket(MonthIOManager):
    """A folder laid out like the bucket: `trips/{dataset}/trip_month=2021-01-01/{dataset}_tripdata_2021-01.parquet`."""

    folder: str

    def write(self, dataset: Dataset, month: Month, value: MonthFile, context: OutputContext) -> Mapping[str, Any]:
        target = Path(self.folder) / object_name(dataset, month)
        with value.on_disk() as source:
            copy_to(source, target)
        return file_metadata(MonthFile.local(target))

    def count(self, dataset: Dataset, month: Month) -> int:
        return rows_in(Path(self.folder) / object_name(dataset, month))

    def look(self, dataset: Dataset, month: Month) -> str:
        return str(Path(self.folder) / object_name(dataset, month))

    def read(self, dataset: Dataset, month: Month, wanted: type) -> object:
        path = Path(self.folder) / object_name(dataset, month)
        if not path.exists():
            raise TaxiError("The month is not in the bucket folder.", "Materialize gcs_parquet for this month first.")
        return month_as(MonthFile.local(path), wanted)


def object_name(dataset: Dataset, month: Month) -> str:
    """Where a month lies in the bucket: Hive-style, so that external tables and other engines find it."""
    return f"trips/{dataset.name}/trip_month={month.key}/{dataset.month_name(month)}.parquet"


def rows_in(path: Path) -> int:
    """Rows of a Parquet file; 0 when there is none."""
    return MonthFile.local(path).rows if path.exists() else 0


def month_as(file: MonthFile, wanted: type) -> object:
    """A month's file as the type an annotation asks for; without one, the `MonthFile` itself."""
    if wanted in (MonthFile, Any):
        return file
    if wanted is pa.RecordBatchReader:
        return file.batches()
    if wanted.__module__.startswith("pyarrow") and wanted.__name__.endswith("Dataset"):
        return file.dataset()
    if is_frame(wanted):
        return file.frame()
    raise wrong_type(wanted, "MonthFile, pyarrow.RecordBatchReader, pyarrow.dataset.Dataset or pandas.DataFrame")


def is_frame(wanted: type) -> bool:
    """Whether the annotation is pandas.DataFrame; pandas is not imported to find out."""
    pandas = sys.modules.get("pandas")
    return pandas is not None and wanted is pandas.DataFrame


def _write_both(month: CleanedMonth, clean_path: Path, quarantine_path: Path) -> None:
    with (
        MonthWriter(clean_path, month.schema) as clean,
        MonthWriter(quarantine_path, month.quarantine_schema) as quarantine,
    ):
        for good, bad in month:
            clean.write(good)
            quarantine.write(bad)
        facts = {"source_file": month.source_file, "raw_rows": str(month.tally.raw)}
        clean.finish(facts)
        quarantine.finish(facts)
