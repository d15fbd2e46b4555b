"""The zone lookup in the DuckDB file, and views of trips with the names of their zones."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

import duckdb

from taxi_assets.destinations.duckdb.file import DuckDBFile, quoted
from taxi_assets.destinations.zone_view import zone_view_select
from taxi_assets.errors import MissingTableError, message_of
from taxi_assets.model.zones import COLUMNS, TABLE, Zone


@dataclass(frozen=True)
class DuckDBZones:
    """The table taxi_zones of a schema."""

    file: DuckDBFile
    schema: str

    def replace(self, zones: Sequence[Zone]) -> str:
        """Makes the zones the table's only rows, in one transaction; returns the table's name.

        Raises TaxiError when the file cannot be had.
        """
        columns = ", ".join(f"{quoted(column.name)} {column.kind.value.duckdb}" for column in COLUMNS)
        unnested = ", ".join("unnest(?)" for _ in COLUMNS)
        with self.file.connected(read_only=False) as connection:
            connection.begin()
            connection.execute(f"CREATE SCHEMA IF NOT EXISTS {quoted(self.schema)}")
            connection.execute(f"CREATE OR REPLACE TABLE {self._zones} ({columns})")
            rows = [list(values) for values in zip(*(zone.values() for zone in zones), strict=True)]
            connection.execute(f"INSERT INTO {self._zones} SELECT {unnested}", rows)
            for column in COLUMNS:
                doc = column.description.replace("'", "''")
                connection.execute(f"COMMENT ON COLUMN {self._zones}.{quoted(column.name)} IS '{doc}'")
            connection.commit()
        return f"{self.schema}.{TABLE}"

    def rows(self) -> list[Zone]:
        """The zones that the table holds, by id; none when there is no table."""
        if not self.file.path.exists():
            return []
        with self.file.connected() as connection, suppress(duckdb.CatalogException):
            return [Zone(*row) for row in connection.execute(f"FROM {self._zones} ORDER BY 1").fetchall()]
        return []

    def join(self, name: str) -> str:
        """Makes the view of a table of trips that has its zones' names, with all columns that the table has now.

        Returns the view's name. Raises TaxiError when a table is missing.
        """
        view, trips = f"{name}_with_zones", f"{quoted(self.schema)}.{quoted(name)}"
        with self.file.connected(read_only=False) as connection:
            try:
                columns = [column[0] for column in connection.execute(f"FROM {trips} LIMIT 0").description]
                select = zone_view_select(trips, self._zones, columns, quoted)
                connection.execute(f"CREATE OR REPLACE VIEW {quoted(self.schema)}.{quoted(view)} AS {select}")
            except duckdb.CatalogException as error:
                raise MissingTableError(
                    f"The warehouse lacks a table: {message_of(error)}.", f"Materialize bq_table and {TABLE} first."
                ) from error
        return f"{self.schema}.{view}"

    @property
    def _zones(self) -> str:
        return f"{quoted(self.schema)}.{quoted(TABLE)}"
