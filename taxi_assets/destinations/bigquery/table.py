"""Months in BigQuery: one table per dataset, partitioned by trip_month; a load job replaces a partition.

No row passes through this machine. Sources: Google's documentation, "Loading Parquet data from Cloud Storage" and
"Managing partitioned table data" (a partition decorator with WRITE_TRUNCATE replaces one partition atomically).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from google.api_core.exceptions import GoogleAPICallError, NotFound
from google.cloud import bigquery

from taxi_assets.destinations.bigquery.frames import frame_of
from taxi_assets.destinations.bigquery.loading import load, table_schema
from taxi_assets.destinations.bigquery.session import translated_errors
from taxi_assets.destinations.sql import BIGQUERY, checksums, month_query
from taxi_assets.destinations.warehouse_month import WarehouseMonth
from taxi_assets.errors import MissingTableError, TaxiError
from taxi_assets.model.months import Month
from taxi_assets.model.zones import TABLE as ZONES
from taxi_assets.transform.checksums import Checksums
from taxi_assets.transform.month_file import MonthFile, MonthFiles

if TYPE_CHECKING:
    import pandas as pd

CLUSTERED_BY = ("pickup_location_id", "pickup_datetime")
_PREVIEW_ROWS = 4


@dataclass(frozen=True)
class BigQueryTable:
    """One dataset's table, a `TableStore`.

    `descriptions` describe its columns, `description` the table. `run_id` is part of the load jobs' names: when a step
    is tried again, it finds the load that its last try left, under way or done, and does not repeat it.
    """

    client: bigquery.Client
    dataset: str
    name: str
    description: str
    descriptions: Mapping[str, str]
    run_id: str

    @property
    def quarantine(self) -> BigQueryTable:
        """The table beside this one for the rows that are not clean."""
        description = f"{self.description} Here: the rows that are not clean."
        return replace(self, name=f"{self.name}_quarantine", description=description)

    @property
    def id(self) -> str:
        """The full name: project, dataset and table."""
        return f"{self.client.project}.{self.dataset}.{self.name}"

    def replace_month(self, month: Month, files: MonthFiles) -> int:
        """Replaces the month as `TableStore` says, the quarantine first. The files are objects in Cloud Storage."""
        self.quarantine._replace(month, files.quarantine)
        return self._replace(month, files.clean)

    def count(self, month: Month) -> int:
        try:
            [[rows]] = self._run(month_query(self._quoted, month, "COUNT(*)"))
        except NotFound:
            return 0
        return int(rows)

    def source_file(self, month: Month) -> str | None:
        with translated_errors(self.id):
            rows = self._listed(month, 1)
        return str(rows[0]["source_file"]) if rows else None

    def checksums(self, month: Month) -> Checksums:
        types = {field.name: field.field_type for field in self._columns()}
        return checksums(BIGQUERY, self._quoted, types, self.descriptions, month_query(self._quoted, month), self._run)

    def month(self, month: Month) -> WarehouseMonth:
        zones = BIGQUERY.quoted(f"{self.client.project}.{self.dataset}.{ZONES}")
        return WarehouseMonth(month_query(self._quoted, month), f"SELECT * FROM {zones}", self._ask)  # noqa: S608 quoted

    def first_rows(self, month: Month) -> list[dict[str, Any]]:
        """A few rows of the month, for people; none when they cannot be had.

        Listed and not queried: a query would be charged for all rows of the month.
        """
        try:
            return self._listed(month, _PREVIEW_ROWS)
        except GoogleAPICallError:
            return []

    @property
    def _quoted(self) -> str:
        return BIGQUERY.quoted(self.id)

    def _columns(self) -> Sequence[bigquery.SchemaField]:
        try:
            return list(self.client.get_table(self.id).schema)
        except NotFound:
            return []

    def _run(self, query: str) -> Iterator[Sequence[Any]]:
        return (row.values() for row in self.client.query(query).result())

    def _ask(self, query: str) -> pd.DataFrame:
        try:
            return frame_of(self.client.query(query).result())
        except NotFound as error:
            raise MissingTableError(f"BigQuery lacks a table: {error.message}.") from error

    def _listed(self, month: Month, count: int) -> list[dict[str, Any]]:
        schema = self._columns()
        partition = bigquery.Table(f"{self.id}${month.compact}", schema)
        return [dict(row.items()) for row in self.client.list_rows(partition, max_results=count)] if schema else []

    def _replace(self, month: Month, file: MonthFile) -> int:
        job_id = f"taxi_assets_{self.name}_{month.compact}_{self.run_id}"
        with translated_errors(self.id):
            schema = table_schema(file.schema, self.descriptions)
            self._prepare(schema)
            rows = load(self.client, file, f"{self.id}${month.compact}", schema, job_id)
        if rows != file.rows:
            raise TaxiError(
                f"BigQuery loaded {rows:,} of {file.rows:,} rows from {file.uri}.", "Run it again.", retry=True
            )
        return rows

    def _prepare(self, schema: Sequence[bigquery.SchemaField]) -> None:
        """Creates the dataset and the table where they are missing; else adds columns and updates the clustering.

        Clustering that has changed applies to what is loaded from then on; BigQuery does not rewrite other months.
        """
        try:
            table = self.client.get_table(self.id)
        except NotFound:
            self._create(schema)
            return
        if table.time_partitioning is None or table.time_partitioning.field != "trip_month":
            raise TaxiError(
                f"BigQuery has a table {self.id} that is not partitioned by trip_month: it is not ours.",
                "Rename it, or set TAXI_BQ_DATASET to a dataset where we may make our own.",
            )
        known = {field.name: field.field_type for field in table.schema}
        for field in schema:
            if known.get(field.name, field.field_type) != field.field_type and (
                field.field_type == "STRING" or known[field.name] == "STRING"
            ):
                raise self._other_type(field.name, known[field.name], field.field_type)
        columns = [*table.schema, *(field for field in schema if field.name not in known)]
        changed = []
        if len(columns) > len(known):
            table.schema = columns
            changed.append("schema")
        if table.clustering_fields != clustering(columns):
            table.clustering_fields = clustering(columns)
            changed.append("clustering_fields")
        if changed:
            self.client.update_table(table, changed)

    def _other_type(self, name: str, present: str, wanted: str) -> TaxiError:
        """The error for a column that was carried along as another type before, or has been described since."""
        old, new, table = f"`{name}`", f"`{name}_new`", self._quoted
        steps = (
            f"ALTER TABLE {table} ADD COLUMN {new} {wanted}",
            f"UPDATE {table} SET {new} = CAST({old} AS {wanted}) WHERE trip_month IS NOT NULL",  # noqa: S608 for people
            f"ALTER TABLE {table} DROP COLUMN {old}",
            f"ALTER TABLE {table} RENAME COLUMN {new} TO {old}",
        )
        return TaxiError(
            f"BigQuery has {name} of {self.id} as {present}; the month holds {wanted}, and BigQuery cannot change that "
            "type in place.",
            f"Run there: {'; '.join(steps)}.",
        )

    def _create(self, schema: Sequence[bigquery.SchemaField]) -> None:
        self.client.create_dataset(self.dataset, exists_ok=True)
        table = bigquery.Table(self.id, schema=schema)
        table.description = self.description
        table.time_partitioning = bigquery.TimePartitioning(
            type_=bigquery.TimePartitioningType.MONTH, field="trip_month"
        )
        table.require_partition_filter = True
        table.clustering_fields = clustering(schema)
        self.client.create_table(table, exists_ok=True)


def clustering(columns: Sequence[bigquery.SchemaField]) -> list[str] | None:
    """The columns by which a table with these columns is clustered; None when it has none of them."""
    names = {column.name for column in columns}
    return [name for name in CLUSTERED_BY if name in names] or None
