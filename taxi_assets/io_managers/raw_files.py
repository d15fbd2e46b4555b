"""Published files in the lake folder, bytes unchanged."""

from collections.abc import Mapping
from typing import Any

from dagster import MetadataValue, OutputContext, ResourceDependency

from taxi_assets.asset_keys import RAW_TRIPS
from taxi_assets.destinations.lake.folder import Lake
from taxi_assets.errors import TaxiError
from taxi_assets.io_managers.base import MonthIOManager
from taxi_assets.metadata.places import shell_quoted
from taxi_assets.model.datasets import Dataset
from taxi_assets.model.months import Month
from taxi_assets.model.publication import Publication
from taxi_assets.transform.month_file import MonthFile


class RawFiles(MonthIOManager):
    """Keeps a fetched `Publication` in the lake."""

    lake: ResourceDependency[Lake]

    def write(self, dataset: Dataset, month: Month, value: Publication, context: OutputContext) -> Mapping[str, Any]:
        kept = self.lake.keep(value, dataset, month)
        return {"path": MetadataValue.path(str(kept.path)), "dagster/uri": kept.path.resolve().as_uri()}

    def count(self, dataset: Dataset, month: Month) -> int:
        """The number of published rows, as cleaning found them and noted it beside the clean rows; 0 before it has.

        The published file may be compressed CSV, which does not say how many rows it has.
        """
        path = self.lake.clean_file(dataset, month)
        return int(MonthFile.local(path).facts["raw_rows"]) if path.exists() else 0

    def inspect_command(self, dataset: Dataset, month: Month) -> str:
        publication = self.lake.publication(dataset, month)
        return shell_quoted(str(publication.path)) if publication else ""

    def read(self, dataset: Dataset, month: Month, wanted: type) -> Publication:
        publication = self.lake.publication(dataset, month)
        if publication is None:
            raise TaxiError("The published file is not here.", f"Materialize {RAW_TRIPS} for this month first.")
        return publication
