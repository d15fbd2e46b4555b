"""The zone lookup in Postgres, and views of trips with the names of their zones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.sql import SQL, Identifier, Literal

from taxi_assets.destinations.postgres.session import column_types, connected, exists, lock, with_short_locks
from taxi_assets.destinations.zone_view import zone_view_select
from taxi_assets.errors import MissingTableError
from taxi_assets.model.zones import COLUMNS, TABLE, Zone

_NAMES = SQL(", ").join(Identifier(column.name) for column in COLUMNS)


@dataclass(frozen=True)
class PostgresZones:
    """The table taxi_zones of a schema; `url` as libpq reads it."""

    url: str
    schema: str

    def replace(self, zones: Sequence[Zone]) -> str:
        """Makes the zones the table's only rows; returns the table's name.

        One transaction: readers see the old zones or the new ones. Raises TaxiError when the server cannot be used.
        """
        values = SQL(", ").join([SQL("%s")] * len(COLUMNS))
        insert = SQL("INSERT INTO {} ({}) VALUES ({})").format(self._zones, _NAMES, values)
        with connected(self.url) as connection, connection.transaction():
            lock(connection, f"{self.schema}.{TABLE}")
            self._prepare(connection)
            rows = [zone.values() for zone in zones]
            # The lookup hardly ever changes, and every month's run comes by here.
            if self._rows(connection) != rows:
                connection.execute(SQL("DELETE FROM {}").format(self._zones))
                with connection.cursor() as cursor:
                    cursor.executemany(insert, rows)
        return f"{self.schema}.{TABLE}"

    def rows(self) -> list[Zone]:
        """The zones that the table holds, by id; none when there is no table. Raises TaxiError as `replace` does."""
        with connected(self.url) as connection:
            return [Zone(*row) for row in self._rows(connection)] if exists(connection, self.schema, TABLE) else []

    def join(self, name: str) -> str:
        """Makes the view of a table of trips that has its zones' names, with all columns that the table has now.

        Returns the view's name. The view is only touched when it lacks a column. Raises TaxiError when a table is
        missing.
        """
        view, trips = f"{name}_with_zones", Identifier(self.schema, name)
        with connected(self.url) as connection, connection.transaction():
            lock(connection, f"{self.schema}.{view}")
            for table, asset in ((TABLE, TABLE), (name, "postgres_table")):
                if not exists(connection, self.schema, table):
                    raise MissingTableError(
                        f"Postgres has no table {self.schema}.{table}.", f"Materialize {asset} first."
                    )
            columns = list(column_types(connection, trips))
            if not self._has(connection, view, columns):
                select = zone_view_select(
                    trips.as_string(connection),
                    self._zones.as_string(connection),
                    columns,
                    lambda column: Identifier(column).as_string(connection),
                )
                make = SQL("CREATE OR REPLACE VIEW {} AS {}").format(Identifier(self.schema, view), SQL(select))
                with_short_locks(connection, [make])
        return f"{self.schema}.{view}"

    @property
    def _zones(self) -> Identifier:
        return Identifier(self.schema, TABLE)

    def _rows(self, connection: psycopg.Connection) -> list[tuple[Any, ...]]:
        return connection.execute(SQL("SELECT {} FROM {} ORDER BY 1").format(_NAMES, self._zones)).fetchall()

    def _prepare(self, connection: psycopg.Connection) -> None:
        if exists(connection, self.schema, TABLE):
            return
        columns = SQL(", ").join(
            SQL("{} {}").format(Identifier(column.name), SQL(column.kind.value.postgres)) for column in COLUMNS
        )
        connection.execute(SQL("CREATE SCHEMA IF NOT EXISTS {}").format(Identifier(self.schema)))
        connection.execute(SQL("CREATE TABLE {} ({}, PRIMARY KEY (location_id))").format(self._zones, columns))
        for column in COLUMNS:
            place = SQL("{}.{}").format(self._zones, Identifier(column.name))
            connection.execute(SQL("COMMENT ON COLUMN {} IS {}").format(place, Literal(column.description)))

    def _has(self, connection: psycopg.Connection, view: str, columns: Sequence[str]) -> bool:
        if not exists(connection, self.schema, view):
            return False
        return set(columns) <= set(column_types(connection, Identifier(self.schema, view)))
