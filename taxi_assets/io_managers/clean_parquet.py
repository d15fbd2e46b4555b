"""Clean months with their quarantine, in the lake."""

from collections.abc import Mapping
from contextlib import ExitStack
from typing import Any

from dagster import MetadataValue, OutputContext, ResourceDependency

from taxi_assets.asset_keys import CLEAN_TRIPS
from taxi_assets.atomic_files import replacing
from taxi_assets.destinations.lake.folder import Lake
from taxi_assets.errors import TaxiError
from taxi_assets.io_managers.base import MonthIOManager
from taxi_assets.io_managers.loading import load_files_as, rows_in
from taxi_assets.metadata.chart.counts import TripCounts
from taxi_assets.metadata.contents import picture_metadata, preview_metadata
from taxi_assets.metadata.numbers import tally_metadata
from taxi_assets.metadata.places import file_metadata, shell_quoted
from taxi_assets.metadata.previews import first_rows
from taxi_assets.model.datasets import Dataset
from taxi_assets.model.months import Month
from taxi_assets.transform.cleaning import CleanedMonth
from taxi_assets.transform.first_rows import mark
from taxi_assets.transform.month_file import MonthFile, MonthFiles
from taxi_assets.transform.writing import write_both


class CleanParquet(MonthIOManager):
    """Writes the stream of a `CleanedMonth` to two files, clean and quarantine; neither is replaced before both are
    whole.
    """

    lake: ResourceDependency[Lake]

    def write(self, dataset: Dataset, month: Month, value: CleanedMonth, context: OutputContext) -> Mapping[str, Any]:
        target = self.lake.clean_file(dataset, month)
        with ExitStack() as files:
            clean_path = files.enter_context(replacing(target))
            quarantine_path = files.enter_context(replacing(self.lake.quarantine_file(dataset, month)))
            counts = TripCounts(dataset, month)
            write_both(value, clean_path, quarantine_path, counts)
            value.check_not_replaced()
        file = MonthFile.local(target)
        return {
            **picture_metadata(counts, mark(f"{dataset.title}, {month}", value.stream.first_rows)),
            **tally_metadata(value.tally),
            **file_metadata(file),
            "quarantine": MetadataValue.path(str(self.lake.quarantine_file(dataset, month))),
            **preview_metadata(first_rows(file)),
        }

    def count(self, dataset: Dataset, month: Month) -> int:
        return rows_in(self.lake.clean_file(dataset, month))

    def count_quarantined(self, dataset: Dataset, month: Month) -> int:
        return rows_in(self.lake.quarantine_file(dataset, month))

    def inspect_command(self, dataset: Dataset, month: Month) -> str:
        return shell_quoted(str(self.lake.clean_file(dataset, month)))

    def inspect_quarantine_command(self, dataset: Dataset, month: Month) -> str:
        return shell_quoted(str(self.lake.quarantine_file(dataset, month)))

    def read(self, dataset: Dataset, month: Month, wanted: type) -> object:
        clean, quarantine = self.lake.clean_file(dataset, month), self.lake.quarantine_file(dataset, month)
        if not (clean.exists() and quarantine.exists()):
            raise TaxiError("The clean month is not here.", f"Materialize {CLEAN_TRIPS} for this month first.")
        return load_files_as(wanted, MonthFiles(MonthFile.local(clean), MonthFile.local(quarantine)))
