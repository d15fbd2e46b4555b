"""Months as Parquet objects in a Google Cloud Storage bucket.

Imported only where a bucket is set: Google's clients are slow to load.
"""

from collections.abc import Mapping
from typing import Any

from dagster import OutputContext, ResourceDependency
from dagster_gcp.gcs import GCSResource

from taxi_assets.datasets import Dataset
from taxi_assets.io_managers.base import MonthIOManager
from taxi_assets.io_managers.parquet import month_as, object_name
from taxi_assets.metadata import file_metadata
from taxi_assets.months import Month
from taxi_assets.stores.gcs import Bucket
from taxi_assets.stores.parquet import MonthFile


class GCSBucket(MonthIOManager):
    """Uploads a month's file as it is; gives it back like the Parquet IO managers do, downloading only when rows are
    asked for.
    """

    gcs: ResourceDependency[GCSResource]
    bucket: str

    def write(self, dataset: Dataset, month: Month, value: MonthFile, context: OutputContext) -> Mapping[str, Any]:
        with value.on_disk() as path:
            return file_metadata(self._bucket().upload(path, object_name(dataset, month)))

    def count(self, dataset: Dataset, month: Month) -> int:
        return self._bucket().file(object_name(dataset, month)).rows

    def look(self, dataset: Dataset, month: Month) -> str:
        return f"gs://{self.bucket}/{object_name(dataset, month)}"

    def read(self, dataset: Dataset, month: Month, wanted: type) -> object:
        return month_as(self._bucket().file(object_name(dataset, month)), wanted)

    def _bucket(self) -> Bucket:
        return Bucket(self.gcs.get_client(), self.bucket)
