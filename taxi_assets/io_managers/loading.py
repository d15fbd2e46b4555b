"""Months as Parquet files on this machine: clean months with their quarantine in the lake, and the bucket's local
stand-in.

Each gives a month back as `MonthFiles`, `MonthFile`, `pyarrow.RecordBatchReader`, `pyarrow.dataset.Dataset` or
`pandas.DataFrame`, whichever the reading asset's annotation asks for. The bucket itself is in `gcs.py`.
"""

import sys
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pyarrow as pa
from dagster import MetadataValue, OutputContext, ResourceDependency

from taxi_assets.atomic_files import copy_to, replacing
from taxi_assets.errors import TaxiError
from taxi_assets.io_managers.base import CopyIOManager, MonthIOManager, wrong_type
from taxi_assets.metadata.chart.counts import TripCounts
from taxi_assets.metadata.contents import picture_metadata, preview_metadata
from taxi_assets.metadata.numbers import tally_metadata
from taxi_assets.metadata.places import file_metadata
from taxi_assets.metadata.previews import first_rows
from taxi_assets.model.datasets import Dataset
from taxi_assets.model.months import Month
from taxi_assets.model.origin import PUBLISHER, SOURCE_FILE
from taxi_assets.resources.lake import LakeFolder
from taxi_assets.transform.checksums import CHECKSUMS, Checksums, Summing
from taxi_assets.transform.cleaning import CleanedMonth
from taxi_assets.transform.first_rows import facts_of, marked
from taxi_assets.transform.month_file import MonthFile, MonthFiles, MonthWriter


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
            counts = TripCounts(dataset, month)
            write_both(value, clean_path, quarantine_path, counts)
        file = MonthFile.local(target)
        return {
            **picture_metadata(counts, marked(f"{dataset.title}, {month}", value.stream.first_rows)),
            **tally_metadata(value.tally),
            **file_metadata(file),
            "quarantine": MetadataValue.path(str(lake.quarantine_file(dataset, month))),
            **preview_metadata(first_rows(file)),
        }

    def count(self, dataset: Dataset, month: Month) -> int:
        return rows_in(self.lake.lake.clean_file(dataset, month))

    def count_quarantined(self, dataset: Dataset, month: Month) -> int:
        return rows_in(self.lake.lake.quarantine_file(dataset, month))

    def look(self, dataset: Dataset, month: Month) -> str:
        return str(self.lake.lake.clean_file(dataset, month))

    def look_quarantined(self, dataset: Dataset, month: Month) -> str:
        return str(self.lake.lake.quarantine_file(dataset, month))

    def read(self, dataset: Dataset, month: Month, wanted: type) -> object:
        clean, quarantine = self.lake.lake.clean_file(dataset, month), self.lake.lake.quarantine_file(dataset, month)
        if not (clean.exists() and quarantine.exists()):
            raise TaxiError("The clean month is not here.", "Materialize clean_trips for this month first.")
        return month_as(MonthFiles(MonthFile.local(clean), MonthFile.local(quarantine)), wanted)


class LocalBucket(CopyIOManager):
    """A folder laid out like the bucket; see `object_names`."""

    folder: str

    def write(self, dataset: Dataset, month: Month, value: MonthFiles, context: OutputContext) -> Mapping[str, Any]:
        clean, quarantine = self._paths(dataset, month)
        for file, target in ((value.quarantine, quarantine), (value.clean, clean)):
            with file.on_disk() as source:
                copy_to(source, target)
        return file_metadata(MonthFile.local(clean))

    def count(self, dataset: Dataset, month: Month) -> int:
        return rows_in(self._paths(dataset, month)[0])

    def source_file(self, dataset: Dataset, month: Month) -> str | None:
        path = self._paths(dataset, month)[0]
        return MonthFile.local(path).source_file() if path.exists() else None

    def look(self, dataset: Dataset, month: Month) -> str:
        return str(self._paths(dataset, month)[0])

    def read(self, dataset: Dataset, month: Month, wanted: type) -> object:
        clean, quarantine = self._paths(dataset, month)
        if not (clean.exists() and quarantine.exists()):
            raise TaxiError("The month is not in the bucket folder.", "Materialize gcs_parquet for this month first.")
        return month_as(MonthFiles(MonthFile.local(clean), MonthFile.local(quarantine)), wanted)

    def _paths(self, dataset: Dataset, month: Month) -> tuple[Path, Path]:
        clean, quarantine = object_names(dataset, month)
        return Path(self.folder) / clean, Path(self.folder) / quarantine


def object_names(dataset: Dataset, month: Month) -> tuple[str, str]:
    """Where the clean month and its quarantine lie in the bucket.

    Hive-style, so that external tables and other engines find them.
    """
    place = f"{dataset.name}/trip_month={month.key}/{dataset.month_name(month)}.parquet"
    return f"trips/{place}", f"quarantine/{place}"


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


def write_both(month: CleanedMonth, clean_path: Path, quarantine_path: Path, counts: TripCounts) -> None:
    """Writes a month as it is cleaned, its batches being read once: clean and quarantined rows, and facts of both."""
    sums = Summing()
    with (
        MonthWriter(clean_path, month.schema) as clean,
        MonthWriter(quarantine_path, month.quarantine_schema) as quarantine,
    ):
        for good, bad in month:
            sums.add(good)
            counts.add(good)
            clean.write(good)
            quarantine.write(bad)
        facts = {
            SOURCE_FILE: month.source_file,
            PUBLISHER: month.publisher,
            "profile": month.profile.value,
            "raw_rows": str(month.tally.raw),
            "duplicate_rows": str(month.tally.duplicates),
            "unknown_columns": ", ".join(month.stream.unknown),
            **facts_of(month.stream),
        }
        clean.finish({**facts, CHECKSUMS: sums.checksums().to_json()})
        quarantine.finish(facts)
