"""The zone lookup in Postgres."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.sql import SQL, Identifier, Literal

from taxi_assets.destinations.postgres.session import (
    column_types,
    connected,
    create_schema,
    exists,
    lock,
    with_short_locks,
)
from taxi_assets.destinations.sql import POSTGRES, comment_statements
from taxi_assets.destinations.zone_table import ZoneRow, ZoneTable
from taxi_assets.model.zones import COLUMNS, TABLE


@dataclass(frozen=True)
class PostgresZones(ZoneTable[psycopg.Connection]):
    """The table taxi_zones of a schema; `url` as libpq reads it."""

    url: str
    schema: str
    database = "Postgres"
    dialect = POSTGRES

    def _full_name(self, name: str) -> str:
        return f"{self.schema}.{name}"

    def _quoted(self, name: str) -> str:
        return POSTGRES.quoted(self.schema, name)

    @contextmanager
    def _opened(self, name: str, *, read_only: bool = False) -> Iterator[psycopg.Connection]:
        with connected(self.url) as connection, connection.transaction():
            if not read_only:
                lock(connection, self._full_name(name))
            yield connection

    def _columns(self, connection: psycopg.Connection, name: str) -> list[str]:
        if not exists(connection, self.schema, name):
            return []
        return list(column_types(connection, Identifier(self.schema, name)))

    def _read(self, connection: psycopg.Connection) -> list[Any]:
        names = ", ".join(column.name for column in COLUMNS)
        return connection.execute(SQL(f"SELECT {names} FROM {self._quoted(TABLE)} ORDER BY 1")).fetchall()  # noqa: S608 quoted

    def _write(self, connection: psycopg.Connection, rows: Sequence[ZoneRow]) -> None:
        if not self._columns(connection, TABLE):
            self._create(connection)
        # Neither dropped and made again nor emptied: views depend on the table, and rows of others may refer to its.
        ids = [row[0] for row in rows]
        table = Identifier(self.schema, TABLE)
        connection.execute(SQL("DELETE FROM {} WHERE location_id <> ALL ({})").format(table, Literal(ids)))
        columns = [Identifier(column.name) for column in COLUMNS]
        taken = SQL(", ").join(SQL("{0} = excluded.{0}").format(column) for column in columns)
        values = SQL(", ").join(SQL("({})").format(SQL(", ").join(map(Literal, row))) for row in rows)
        connection.execute(
            SQL("INSERT INTO {} ({}) VALUES {} ON CONFLICT (location_id) DO UPDATE SET {}").format(
                table, SQL(", ").join(columns), values, taken
            )
        )

    def _create(self, connection: psycopg.Connection) -> None:
        columns = ", ".join(f"{column.name} {column.kind.value.postgres}" for column in COLUMNS)
        create_schema(connection, self.schema)
        connection.execute(SQL(f"CREATE TABLE {self._quoted(TABLE)} ({columns}, PRIMARY KEY (location_id))"))
        comments = {column.name: column.description for column in COLUMNS}
        for statement in comment_statements(POSTGRES, self._quoted(TABLE), comments):
            connection.execute(SQL(statement))

    def _make_view(self, connection: psycopg.Connection, name: str, select: str) -> None:
        make = SQL("CREATE OR REPLACE VIEW {} AS {}").format(Identifier(self.schema, name), SQL(select))
        with_short_locks(connection, [make])
