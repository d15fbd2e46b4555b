"""Months in BigQuery, loaded from the bucket.

Imported only where a dataset is set: Google's clients are slow to import.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from secrets import token_hex
from typing import Any, ClassVar

from dagster import MetadataValue, ResourceDependency
from dagster_gcp.bigquery.resources import BigQueryResource

from taxi_assets.destinations.bigquery.table import BigQueryTable
from taxi_assets.destinations.bigquery.zones import BigQueryZones
from taxi_assets.destinations.descriptions import descriptions_of
from taxi_assets.io_managers.base import TableIOManager
from taxi_assets.metadata.contents import preview_metadata
from taxi_assets.metadata.links import table_url
from taxi_assets.metadata.places import shell_quoted
from taxi_assets.model.datasets import Dataset
from taxi_assets.model.months import Month
from taxi_assets.transform.month_file import MonthFiles


class BigQueryWarehouse(TableIOManager):
    """Keeps months in a dataset of BigQuery, each a partition of the trips' table."""

    bigquery: ResourceDependency[BigQueryResource]
    dataset_name: str
    storage_kind: ClassVar[str] = "bigquery"

    @contextmanager
    def open_store(self, dataset: Dataset, run_id: str = "") -> Iterator[BigQueryTable]:
        description = f"{dataset.title} trips as published by NYC TLC, cleaned; one partition per month of publication."
        with self.bigquery.get_client() as client:
            yield BigQueryTable(
                client, self.dataset_name, dataset.table, description, descriptions_of(dataset), run_id or token_hex(8)
            )

    @contextmanager
    def open_zones(self) -> Iterator[BigQueryZones]:
        with self.bigquery.get_client() as client:
            yield BigQueryZones(client, self.dataset_name)

    def table_name(self, dataset: Dataset) -> str:
        return f"{self.bigquery.project}.{self.dataset_name}.{dataset.table}"

    def month_query(self, dataset: Dataset, month: Month) -> str:
        return f'SELECT * FROM `{self.table_name(dataset)}` WHERE trip_month = "{month.key}"'

    def more_metadata(self, store: Any, dataset: Dataset, month: Month, files: MonthFiles) -> Mapping[str, Any]:
        project, name, table = self.table_name(dataset).split(".")
        return {
            "object": files.clean.uri,
            "console": MetadataValue.url(table_url(project, name, table)),
            **preview_metadata(store.first_rows(month)),
        }

    def inspect_command(self, dataset: Dataset, month: Month) -> str:
        query = f"{self.month_query(dataset, month)} LIMIT 5"
        return f"bq query --nouse_legacy_sql {shell_quoted(query)}"
