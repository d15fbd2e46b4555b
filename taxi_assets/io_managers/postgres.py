"""Months in Postgres."""

from collections.abc import Mapping, Sequence
from typing import Any

from dagster import OutputContext, ResourceDependency
from psycopg.conninfo import conninfo_to_dict

from taxi_assets.destinations.postgres.partition import MonthRows
from taxi_assets.destinations.postgres.table import PostgresTable
from taxi_assets.destinations.postgres.zones import PostgresZones
from taxi_assets.io_managers.base import TableIOManager, wrong_type
from taxi_assets.io_managers.loading import is_frame
from taxi_assets.metadata.places import table_metadata
from taxi_assets.model.datasets import Dataset
from taxi_assets.model.months import Month
from taxi_assets.model.zones import Zone
from taxi_assets.resources.postgres import PostgresServer
from taxi_assets.transform.checksums import Checksums
from taxi_assets.transform.month_file import MonthFiles


class PostgresTables(TableIOManager):
    """Copies a month's files as record batches into its partitions; gives a month back as `pandas.DataFrame`."""

    server: ResourceDependency[PostgresServer]
    schema_name: str

    def write(self, dataset: Dataset, month: Month, value: MonthFiles, context: OutputContext) -> Mapping[str, Any]:
        rows = self.table(dataset).replace_month(month, MonthRows.of(value.clean), MonthRows.of(value.quarantine))
        name = f"{conninfo_to_dict(self.server.connection_url())['dbname']}.{self.schema_name}.{dataset.table}"
        return table_metadata("postgres", name, rows, value.clean.size, self._query(dataset, month))

    def read(self, dataset: Dataset, month: Month, wanted: type) -> object:
        if is_frame(wanted):
            return self.table(dataset).frame(month)
        if wanted is Checksums:
            return self.table(dataset).checksums(month)
        raise wrong_type(wanted, "pandas.DataFrame or Checksums")

    def count(self, dataset: Dataset, month: Month) -> int:
        return self.table(dataset).count(month)

    def source_file(self, dataset: Dataset, month: Month) -> str | None:
        return self.table(dataset).source_file(month)

    def inspect_command(self, dataset: Dataset, month: Month) -> str:
        return f'{self.server.psql()} -c "{self._query(dataset, month)} LIMIT 5"'

    def zones(self) -> Sequence[Zone]:
        return self._zones().rows()

    def replace_zones(self, zones: Sequence[Zone]) -> str:
        return self._zones().replace(zones)

    def join_zones(self, dataset: Dataset) -> str:
        return self._zones().join(dataset.table)

    def _query(self, dataset: Dataset, month: Month) -> str:
        return f"SELECT * FROM {self.schema_name}.{dataset.table} WHERE trip_month = '{month.key}'"

    def _zones(self) -> PostgresZones:
        return PostgresZones(self.server.connection_url(), self.schema_name)

    def table(self, dataset: Dataset) -> PostgresTable:
        docs = {column.name: column.description for column in dataset.columns}
        return PostgresTable(self.server.connection_url(), self.schema_name, dataset.table, docs)
