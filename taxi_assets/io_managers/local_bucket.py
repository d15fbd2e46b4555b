"""Months in a folder that stands in for the bucket."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dagster import OutputContext

from taxi_assets.asset_keys import GCS_PARQUET
from taxi_assets.atomic_files import copy_to
from taxi_assets.destinations.gcs.object_names import object_names
from taxi_assets.errors import TaxiError
from taxi_assets.io_managers.base import CopyIOManager
from taxi_assets.io_managers.loading import load_files_as, rows_in
from taxi_assets.metadata.places import file_metadata, shell_quoted
from taxi_assets.model.datasets import Dataset
from taxi_assets.model.months import Month
from taxi_assets.transform.month_file import MonthFile, MonthFiles


class LocalBucket(CopyIOManager):
    """Keeps a month's files in a folder laid out like the bucket; see `object_names`."""

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

    def inspect_command(self, dataset: Dataset, month: Month) -> str:
        return shell_quoted(str(self._paths(dataset, month)[0]))

    def read(self, dataset: Dataset, month: Month, wanted: type) -> object:
        clean, quarantine = self._paths(dataset, month)
        if not (clean.exists() and quarantine.exists()):
            raise TaxiError(
                "The month is not in the bucket folder.", f"Materialize {GCS_PARQUET} for this month first."
            )
        return load_files_as(wanted, MonthFiles(MonthFile.local(clean), MonthFile.local(quarantine)))

    def _paths(self, dataset: Dataset, month: Month) -> tuple[Path, Path]:
        clean, quarantine = object_names(dataset, month)
        return Path(self.folder) / clean, Path(self.folder) / quarantine
