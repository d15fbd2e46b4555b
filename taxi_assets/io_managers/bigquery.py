"""Months in BigQuery, loaded from the bucket.

Imported only where a dataset is set: Google's clients are slow to load.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from dagster import MetadataValue, OutputContext, ResourceDependency
from dagster_gcp.bigquery.resources import BigQueryResource

from taxi_assets.destinations.bigquery.table import BigQueryTable
from taxi_assets.destinations.bigquery.zones import BigQueryZones
from taxi_assets.destinations.warehouse_month import WarehouseMonth
from taxi_assets.io_managers.base import TableIOManager, wrong_type
from taxi_assets.io_managers.loading import is_frame
from taxi_assets.metadata.contents import preview_metadata
from taxi_assets.metadata.links import table_url
from taxi_assets.metadata.places import table_metadata
from taxi_assets.model.datasets import Dataset
from taxi_assets.model.months import Month
from taxi_assets.model.zones import Zone
from taxi_assets.transform.checksums import Checksums
from taxi_assets.transform.month_file import MonthFiles


class BigQueryWarehouse(TableIOManager):
    """Loads a month's object into its partition of the dataset's table; gives a month back as `pandas.DataFrame`."""

    bigquery: ResourceDependency[BigQueryResource]
    dataset_name: str

    def write(self, dataset: Dataset, month: Month, value: MonthFiles, context: OutputContext) -> Mapping[str, Any]:
        with self.bigquery.get_client() as client:
            table = self._table(dataset, client)
            job_id = f"taxi_assets_{dataset.name}_{month.compact}_{context.run_id}"
            table.quarantine.replace_month(month, value.quarantine, f"{job_id}_quarantine")
            rows = table.replace_month(month, value.clean, job_id)
            place = client.project, self.dataset_name, dataset.table
            return {
                **table_metadata("bigquery", table.id, rows, value.clean.size, self._query(dataset, month)),
                "object": value.clean.uri,
                "console": MetadataValue.url(table_url(*place)),
                **preview_metadata(table.first_rows(month)),
            }

    def read(self, dataset: Dataset, month: Month, wanted: type) -> object:
        with self.bigquery.get_client() as client:
            if is_frame(wanted):
                return self._table(dataset, client).frame(month)
            if wanted is Checksums:
                return self._table(dataset, client).checksums(month)
            if wanted is WarehouseMonth:
                return self._table(dataset, client).month(month)
        raise wrong_type(wanted, "pandas.DataFrame, Checksums or WarehouseMonth")

    def count(self, dataset: Dataset, month: Month) -> int:
        with self.bigquery.get_client() as client:
            return self._table(dataset, client).count(month)

    def source_file(self, dataset: Dataset, month: Month) -> str | None:
        with self.bigquery.get_client() as client:
            return self._table(dataset, client).source_file(month)

    def inspect_command(self, dataset: Dataset, month: Month) -> str:
        return f"bq query --nouse_legacy_sql '{self._query(dataset, month)} LIMIT 5'"

    def zones(self) -> Sequence[Zone]:
        with self.bigquery.get_client() as client:
            return BigQueryZones(client, self.dataset_name).rows()

    def replace_zones(self, zones: Sequence[Zone]) -> str:
        with self.bigquery.get_client() as client:
            return BigQueryZones(client, self.dataset_name).replace(zones)

    def join_zones(self, dataset: Dataset) -> str:
        with self.bigquery.get_client() as client:
            return BigQueryZones(client, self.dataset_name).join(dataset.table)

    def _query(self, dataset: Dataset, month: Month) -> str:
        table = f"{self.bigquery.project}.{self.dataset_name}.{dataset.table}"
        return f'SELECT * FROM `{table}` WHERE trip_month = "{month.key}"'

    def _table(self, dataset: Dataset, client: Any) -> BigQueryTable:
        docs = {column.name: column.description for column in dataset.columns}
        doc = f"{dataset.title} trips as published by NYC TLC, cleaned; a partition a month of publication."
        return BigQueryTable(client, self.dataset_name, dataset.table, doc, docs)
