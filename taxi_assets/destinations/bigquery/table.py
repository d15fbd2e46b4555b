"""Months in BigQuery: one table per dataset, partitioned by trip_month; a load job from the bucket replaces a
partition.

No row passes through this machine. Google's documentation: "Loading Parquet data from Cloud Storage", "Managing
partitioned table data" (a partition decorator with WRITE_TRUNCATE replaces one partition atomically).
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

import pyarrow as pa
from google.api_core.exceptions import Conflict, GoogleAPICallError, NotFound
from google.cloud import bigquery

from taxi_assets.destinations.bigquery.frames import frame_of
from taxi_assets.destinations.warehouse_month import WarehouseMonth
from taxi_assets.errors import MissingTableError, TaxiError
from taxi_assets.model.column_types import types_of
from taxi_assets.model.months import Month
from taxi_assets.model.zones import TABLE as ZONES
from taxi_assets.progress import track
from taxi_assets.transform.checksums import EPOCH, Checksums, from_groups, scale
from taxi_assets.transform.month_file import MonthFile

if TYPE_CHECKING:
    import pandas as pd
    from google.cloud.bigquery.table import RowIterator

CLUSTERED_BY = ("pickup_location_id", "pickup_datetime")
_ATTEMPTS = 5
_LISTED = 4
_LOOK_SECONDS = 1.0


@dataclass(frozen=True)
class BigQueryTable:
    """One dataset's table; `docs` are the descriptions of its columns, `doc` that of the table."""

    client: bigquery.Client
    dataset: str
    name: str
    doc: str
    docs: Mapping[str, str]

    @property
    def quarantine(self) -> BigQueryTable:
        """The table beside this one for the rows that are not clean."""
        return replace(self, name=f"{self.name}_quarantine", doc=f"{self.doc} Here: the rows that are not clean.")

    @property
    def id(self) -> str:
        return f"{self.client.project}.{self.dataset}.{self.name}"

    def replace_month(self, month: Month, file: MonthFile, job_id: str) -> int:
        """Makes the object's rows the table's only rows of the month; returns how many they are.

        `job_id` names the load: called again with the same one, a load that is under way or done is found and not
        repeated; one that failed is followed by another. Raises TaxiError when the load fails.
        """
        try:
            self._prepare(file.schema)
            rows = self._load(month, file, job_id)
        except GoogleAPICallError as error:
            raise refusal(error, self.id) from error
        if rows != file.rows:
            raise TaxiError(
                f"BigQuery loaded {rows:,} of {file.rows:,} rows from {file.uri}.",
                "Run it again.",
                retry=True,
            )
        return file.rows

    def count(self, month: Month) -> int:
        """Rows of the month; 0 when there is no table yet."""
        try:
            return int(next(iter(self._select("COUNT(*) AS n", month))).n)
        except NotFound:
            return 0

    def checksums(self, month: Month) -> Checksums:
        """What the month's rows add up to, column by column."""
        types = {field.name: field.field_type for field in self.client.get_table(self.id).schema}
        texts = [name for name, kind in types.items() if kind == "STRING"]
        numbers = [name for name, kind in types.items() if kind != "STRING"]
        sums = [part for name in numbers for part in (f"COUNT(`{name}`)", _sum(name, types[name]))]
        what = [*(f"`{name}`" for name in texts), "COUNT(*)", *sums]
        group = f"GROUP BY {', '.join(f'`{name}`' for name in texts)}" if texts else ""
        rows = self._select(", ".join(f"{part} AS c{place}" for place, part in enumerate(what)), month, group)
        return from_groups(texts, numbers, (row.values() for row in rows))

    def month(self, month: Month) -> WarehouseMonth:
        """The month, to be asked by SQL."""
        trips = f"SELECT * FROM `{self.id}` WHERE trip_month = DATE '{month.key}'"  # noqa: S608 names are our own
        zones = f"SELECT * FROM `{self.client.project}.{self.dataset}.{ZONES}`"  # noqa: S608 names are our own
        return WarehouseMonth(trips, zones, self._ask)

    def _ask(self, query: str) -> pd.DataFrame:
        try:
            return frame_of(self.client.query(query).result())
        except NotFound as error:
            raise MissingTableError(
                f"BigQuery lacks a table: {error.message}.", f"Materialize bq_table and {ZONES} first."
            ) from error

    def first_rows(self, month: Month) -> list[dict[str, Any]]:
        """A few rows of the month, for people; none when they cannot be had.

        Listed and not queried: a query would be charged for all rows of the month.
        """
        try:
            return self._listed(month, _LISTED)
        except GoogleAPICallError:
            return []

    def source_file(self, month: Month) -> str | None:
        """The published file that a row of the month is from; None when there is no such month. Raises TaxiError."""
        try:
            rows = self._listed(month, 1)
        except NotFound:
            return None
        except GoogleAPICallError as error:
            raise refusal(error, self.id) from error
        return str(rows[0]["source_file"]) if rows else None

    def _listed(self, month: Month, count: int) -> list[dict[str, Any]]:
        schema = self.client.get_table(self.id).schema
        partition = bigquery.Table(f"{self.id}${month.compact}", schema)
        return [dict(row.items()) for row in self.client.list_rows(partition, max_results=count)]

    def frame(self, month: Month) -> pd.DataFrame:
        """The whole month as a DataFrame: as much memory as that takes."""
        return frame_of(self._select("*", month))

    def _select(self, what: str, month: Month, group: str = "") -> RowIterator:
        query = f"SELECT {what} FROM `{self.id}` WHERE trip_month = @month {group}"  # noqa: S608 names are our own
        parameter = bigquery.ScalarQueryParameter("month", "DATE", month.first_day)
        return self.client.query(query, bigquery.QueryJobConfig(query_parameters=[parameter])).result()

    def _schema(self, schema: pa.Schema) -> list[bigquery.SchemaField]:
        return [
            bigquery.SchemaField(
                field.name,
                types_of(field.type).bigquery,
                mode="REPEATED" if pa.types.is_list(field.type) else "NULLABLE",
                description=self.docs.get(field.name, "Not in TLC's data dictionary when this was written."),
            )
            for field in schema
        ]

    def _prepare(self, schema: pa.Schema) -> None:
        """The dataset and the table exist, and the table has every column."""
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
        known = {field.name for field in table.schema}
        new = [field for field in self._schema(schema) if field.name not in known]
        if new:
            table.schema = [*table.schema, *new]
            self.client.update_table(table, ["schema"])

    def _create(self, schema: pa.Schema) -> None:
        self.client.create_dataset(self.dataset, exists_ok=True)
        table = bigquery.Table(self.id, schema=self._schema(schema))
        table.description = self.doc
        table.time_partitioning = bigquery.TimePartitioning(
            type_=bigquery.TimePartitioningType.MONTH, field="trip_month"
        )
        table.require_partition_filter = True
        table.clustering_fields = [name for name in CLUSTERED_BY if name in schema.names]
        self.client.create_table(table, exists_ok=True)

    def _load(self, month: Month, file: MonthFile, job_id: str) -> int:
        """Runs the load to its end, in the job of an earlier try if one did not fail; returns its rows."""
        for attempt in range(_ATTEMPTS):
            job, is_new = self._job(month, file, f"{job_id}_{attempt}")
            if is_new or not (job.done() and job.error_result):
                _wait(job)
                job.result()
                return int(job.output_rows or 0)
        raise TaxiError(f"BigQuery failed {_ATTEMPTS} times to load {file.uri}: {job.error_result}.")

    def _job(self, month: Month, file: MonthFile, job_id: str) -> tuple[bigquery.LoadJob, bool]:
        """The load job of this name, and whether it was made just now."""
        config = bigquery.LoadJobConfig(
            source_format=bigquery.SourceFormat.PARQUET,
            schema=self._schema(file.schema),
            write_disposition=bigquery.WriteDisposition.WRITE_TRUNCATE,
            create_disposition=bigquery.CreateDisposition.CREATE_NEVER,
            schema_update_options=[bigquery.SchemaUpdateOption.ALLOW_FIELD_ADDITION],
        )
        # Without it a list would arrive as a record that holds a list of records.
        config.parquet_options = bigquery.ParquetOptions()
        config.parquet_options.enable_list_inference = True
        partition = f"{self.id}${month.compact}"
        try:
            return self.client.load_table_from_uri(file.uri, partition, job_id=job_id, job_config=config), True
        except (Conflict, NotFound):
            # Conflict: an earlier try made this job. NotFound: the answer was lost, and the job may be there.
            return cast("bigquery.LoadJob", self.client.get_job(job_id)), False


def _wait(job: bigquery.LoadJob) -> None:
    work = track("BigQuery is loading")
    while not job.done():
        time.sleep(_LOOK_SECONDS)
        work.update()


def refusal(error: GoogleAPICallError, table: str) -> TaxiError:
    """What BigQuery's error says to people."""
    code = error.code or 0
    advice = ""
    if code in {401, 403}:
        advice = "Grant roles/bigquery.dataEditor on the dataset and roles/bigquery.jobUser on the project."
    return TaxiError(f"BigQuery failed on {table}: {error.message}.", advice, retry=code in {408, 429} or code >= 500)


def _sum(name: str, kind: str) -> str:
    """The sum of a column's whole numbers, as `checksums.py` defines them."""
    column = f"`{name}`"
    if kind in {"FLOAT", "FLOAT64"}:
        return f"SUM(CAST(FLOOR({column} * {scale(name)} + 0.5) AS INT64))"
    if kind == "DATETIME":
        return f"SUM(DIV(DATETIME_DIFF({column}, DATETIME '{EPOCH}', MICROSECOND), 1000000))"
    return f"SUM(DATE_DIFF({column}, DATE '1970-01-01', DAY))" if kind == "DATE" else f"SUM({column})"
