"""Months as Parquet objects in a Google Cloud Storage bucket.

Imported only where a bucket is set: Google's clients are slow to import.
"""

from collections.abc import Mapping
from typing import Any

from dagster import OutputContext, ResourceDependency
from dagster_gcp.gcs import GCSResource

from taxi_assets.asset_keys import GCS_PARQUET
from taxi_assets.destinations.gcs.bucket import Bucket
from taxi_assets.destinations.gcs.object_names import object_names
from taxi_assets.errors import MissingObjectError, TaxiError
from taxi_assets.io_managers.base import CopyIOManager
from taxi_assets.io_managers.loading import load_files_as
from taxi_assets.metadata.places import file_metadata
from taxi_assets.model.datasets import Dataset
from taxi_assets.model.months import Month
from taxi_assets.transform.month_file import MonthFiles


class GCSBucket(CopyIOManager):
    """Keeps a month's files as objects; downloads one only when its rows are read."""

    gcs: ResourceDependency[GCSResource]
    bucket: str

    def write(self, dataset: Dataset, month: Month, value: MonthFiles, context: OutputContext) -> Mapping[str, Any]:
        clean, quarantine = object_names(dataset, month)
        with value.quarantine.on_disk() as path:
            self._bucket().upload(path, quarantine)
        with value.clean.on_disk() as path:
            return file_metadata(self._bucket().upload(path, clean))

    def count(self, dataset: Dataset, month: Month) -> int:
        name = object_names(dataset, month)[0]
        return self._bucket().file(name).rows if self._bucket().has(name) else 0

    def source_file(self, dataset: Dataset, month: Month) -> str | None:
        name = object_names(dataset, month)[0]
        return self._bucket().file(name).source_file() if self._bucket().has(name) else None

    def inspect_command(self, dataset: Dataset, month: Month) -> str:
        return f"gs://{self.bucket}/{object_names(dataset, month)[0]}"

    def read(self, dataset: Dataset, month: Month, wanted: type) -> object:
        try:
            clean, quarantine = (self._bucket().file(name) for name in object_names(dataset, month))
        except MissingObjectError as error:
            raise TaxiError(error.cause, f"Materialize {GCS_PARQUET} for this month first.") from error
        return load_files_as(wanted, MonthFiles(clean, quarantine))

    def _bucket(self) -> Bucket:
        return Bucket(self.gcs.get_client(), self.bucket)
