"""The zone lookup in BigQuery, and views of trips with the names of their zones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from google.api_core.exceptions import GoogleAPICallError, NotFound
from google.cloud import bigquery

from taxi_assets.destinations.bigquery.table import refusal
from taxi_assets.destinations.zone_view import zone_view_select
from taxi_assets.errors import MissingTableError
from taxi_assets.model.zones import COLUMNS, TABLE, Zone


@dataclass(frozen=True)
class BigQueryZones:
    """The table taxi_zones of a dataset."""

    client: bigquery.Client
    dataset: str

    def replace(self, zones: Sequence[Zone]) -> str:
        """Makes the zones the table's only rows, by one load job; returns the table's name.

        Raises TaxiError when BigQuery refuses.
        """
        rows = [zone.values() for zone in zones]
        try:
            # The lookup hardly ever changes, and every month's run comes by here.
            if self._rows() != rows:
                self._load(rows)
        except GoogleAPICallError as error:
            raise refusal(error, self._zones) from error
        return self._zones

    def rows(self) -> list[Zone]:
        """The zones that the table holds, by id; none when there is no table. Raises TaxiError as `replace` does."""
        try:
            return [Zone(*row) for row in self._rows()]
        except GoogleAPICallError as error:
            raise refusal(error, self._zones) from error

    def join(self, name: str) -> str:
        """Makes the view of a table of trips that has its zones' names, with all columns that the table has now.

        Returns the view's name. Whoever queries the view must say which months, as with the table. Raises TaxiError
        when a table is missing, or BigQuery refuses.
        """
        view = bigquery.Table(f"{self._id(name)}_with_zones")
        try:
            columns = [field.name for field in self.client.get_table(self._id(name)).schema]
            self.client.get_table(self._zones)
            view.view_query = zone_view_select(
                f"`{self._id(name)}`", f"`{self._zones}`", columns, lambda column: f"`{column}`"
            )
            self._make(view, columns)
        except NotFound as error:
            raise MissingTableError(
                f"BigQuery lacks a table: {error.message}.", f"Materialize bq_table and {TABLE} first."
            ) from error
        except GoogleAPICallError as error:
            raise refusal(error, str(view.reference)) from error
        return str(view.reference)

    def _make(self, view: bigquery.Table, columns: Sequence[str]) -> None:
        # By API: the console refuses to save a view of a table whose queries must say which months.
        try:
            known = {field.name for field in self.client.get_table(view).schema}
        except NotFound:
            self.client.create_table(view, exists_ok=True)
            return
        if not known.issuperset(columns):
            self.client.update_table(view, ["view_query"])

    def _rows(self) -> list[tuple[int, str | None, str | None, str | None]]:
        try:
            table = self.client.get_table(self._zones)
        except NotFound:
            return []
        return sorted(row.values() for row in self.client.list_rows(table))

    def _load(self, rows: Sequence[tuple[int, str | None, str | None, str | None]]) -> None:
        self.client.create_dataset(self.dataset, exists_ok=True)
        names = [column.name for column in COLUMNS]
        config = bigquery.LoadJobConfig(
            schema=[
                bigquery.SchemaField(column.name, column.kind.value.bigquery, description=column.description)
                for column in COLUMNS
            ],
            write_disposition=bigquery.WriteDisposition.WRITE_TRUNCATE,
        )
        records = [dict(zip(names, row, strict=True)) for row in rows]
        self.client.load_table_from_json(records, self._zones, job_config=config).result()

    def _id(self, name: str) -> str:
        return f"{self.client.project}.{self.dataset}.{name}"

    @property
    def _zones(self) -> str:
        return self._id(TABLE)
