"""Months in Postgres."""

from contextlib import AbstractContextManager, nullcontext
from typing import ClassVar

from dagster import ResourceDependency
from psycopg.conninfo import conninfo_to_dict

from taxi_assets.asset_keys import POSTGRES_TABLE
from taxi_assets.destinations.descriptions import descriptions_of
from taxi_assets.destinations.postgres.session import connected
from taxi_assets.destinations.postgres.table import PostgresTable
from taxi_assets.destinations.postgres.zones import PostgresZones
from taxi_assets.destinations.sql import POSTGRES
from taxi_assets.io_managers.base import TableIOManager
from taxi_assets.metadata.places import shell_quoted
from taxi_assets.model.datasets import Dataset
from taxi_assets.model.months import Month
from taxi_assets.resources.postgres import PostgresServer


class PostgresTables(TableIOManager):
    """Keeps months in a schema of the server, each a partition of the dataset's table."""

    server: ResourceDependency[PostgresServer]
    schema_name: str
    storage_kind: ClassVar[str] = "postgres"
    made_by: ClassVar[str] = POSTGRES_TABLE

    def open_store(self, dataset: Dataset, run_id: str = "") -> AbstractContextManager[PostgresTable]:
        url, descriptions = self.server.connection_url(), descriptions_of(dataset)
        return nullcontext(PostgresTable(url, self.schema_name, dataset.table, descriptions))

    def open_zones(self) -> AbstractContextManager[PostgresZones]:
        return nullcontext(PostgresZones(self.server.connection_url(), self.schema_name))

    def table_name(self, dataset: Dataset) -> str:
        url = self.server.connection_url()
        database = conninfo_to_dict(url).get("dbname")
        if not database:  # a service or the user's name says which it is
            with connected(url) as connection:
                database = connection.info.dbname
        return f"{database}.{self.schema_name}.{dataset.table}"

    def month_query(self, dataset: Dataset, month: Month) -> str:
        return f"SELECT * FROM {POSTGRES.shown(self.schema_name, dataset.table)} WHERE trip_month = '{month.key}'"

    def inspect_command(self, dataset: Dataset, month: Month) -> str:
        query = f"{self.month_query(dataset, month)} LIMIT 5"
        return f"{self.server.psql()} -c {shell_quoted(query)}"
