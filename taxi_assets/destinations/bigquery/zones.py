"""The zone lookup in BigQuery."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from google.api_core.exceptions import Conflict, NotFound
from google.cloud import bigquery

from taxi_assets.destinations.bigquery.session import translated_errors
from taxi_assets.destinations.sql import BIGQUERY
from taxi_assets.destinations.zone_table import ZoneRow, ZoneTable
from taxi_assets.model.zones import COLUMNS, TABLE

_SCHEMA = [
    bigquery.SchemaField(column.name, column.kind.value.bigquery, description=column.description) for column in COLUMNS
]


@dataclass(frozen=True)
class BigQueryZones(ZoneTable[bigquery.Client]):
    """The table taxi_zones of a dataset, written by one load job.

    A query of a view must say which months it reads, as a query of its table must.
    """

    client: bigquery.Client
    dataset: str
    database = "BigQuery"
    dialect = BIGQUERY

    def _full_name(self, name: str) -> str:
        return f"{self.client.project}.{self.dataset}.{name}"

    def _quoted(self, name: str) -> str:
        return BIGQUERY.quoted(self._full_name(name))

    @contextmanager
    def _opened(self, name: str, *, read_only: bool = False) -> Iterator[bigquery.Client]:
        with translated_errors(self._full_name(name)):
            yield self.client

    def _columns(self, connection: bigquery.Client, name: str) -> list[str]:
        try:
            return [field.name for field in connection.get_table(self._full_name(name)).schema]
        except NotFound:
            return []

    def _read(self, connection: bigquery.Client) -> list[Any]:
        return sorted(row.values() for row in connection.list_rows(self._full_name(TABLE), _SCHEMA))

    def _write(self, connection: bigquery.Client, rows: Sequence[ZoneRow]) -> None:
        connection.create_dataset(self.dataset, exists_ok=True)
        names = [column.name for column in COLUMNS]
        config = bigquery.LoadJobConfig(schema=_SCHEMA, write_disposition=bigquery.WriteDisposition.WRITE_TRUNCATE)
        records = [dict(zip(names, row, strict=True)) for row in rows]
        connection.load_table_from_json(records, self._full_name(TABLE), job_config=config).result()

    def _make_view(self, connection: bigquery.Client, name: str, select: str) -> None:
        # By the API: the console refuses to save a view of a table whose queries must say which months they read.
        view = bigquery.Table(self._full_name(name))
        view.view_query = select
        try:
            connection.create_table(view)
        except Conflict:
            connection.update_table(view, ["view_query"])
