"""The zone lookup in the DuckDB file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import duckdb

from taxi_assets.destinations.duckdb.file import DuckDBFile, column_types
from taxi_assets.destinations.sql import DUCKDB, comment_statements
from taxi_assets.destinations.zone_table import ZoneRow, ZoneTable
from taxi_assets.model.zones import COLUMNS, TABLE, Zone


@dataclass(frozen=True)
class DuckDBZones(ZoneTable[duckdb.DuckDBPyConnection]):
    """The table taxi_zones of a schema."""

    file: DuckDBFile
    schema: str
    database = "The warehouse"
    dialect = DUCKDB

    def rows(self) -> list[Zone]:
        return super().rows() if self.file.path.exists() else []

    def _full_name(self, name: str) -> str:
        return f"{self.schema}.{name}"

    def _quoted(self, name: str) -> str:
        return DUCKDB.quoted(self.schema, name)

    @contextmanager
    def _opened(self, name: str, *, read_only: bool = False) -> Iterator[duckdb.DuckDBPyConnection]:
        with self.file.connected(read_only=read_only) as connection:
            connection.begin()
            yield connection
            connection.commit()

    def _columns(self, connection: duckdb.DuckDBPyConnection, name: str) -> list[str]:
        return list(column_types(connection, self.schema, name))

    def _read(self, connection: duckdb.DuckDBPyConnection) -> list[Any]:
        return connection.execute(f"FROM {self._quoted(TABLE)} ORDER BY location_id").fetchall()

    def _write(self, connection: duckdb.DuckDBPyConnection, rows: Sequence[ZoneRow]) -> None:
        columns = ", ".join(f"{column.name} {column.kind.value.duckdb}" for column in COLUMNS)
        connection.execute(f"CREATE SCHEMA IF NOT EXISTS {DUCKDB.quoted(self.schema)}")
        connection.execute(f"CREATE OR REPLACE TABLE {self._quoted(TABLE)} ({columns})")
        unnested = ", ".join("unnest(?)" for _ in COLUMNS)
        values = [list(column) for column in zip(*rows, strict=True)]
        connection.execute(f"INSERT INTO {self._quoted(TABLE)} SELECT {unnested}", values)
        comments = {column.name: column.description for column in COLUMNS}
        for statement in comment_statements(DUCKDB, self._quoted(TABLE), comments):
            connection.execute(statement)

    def _make_view(self, connection: duckdb.DuckDBPyConnection, name: str, select: str) -> None:
        connection.execute(f"CREATE OR REPLACE VIEW {self._quoted(name)} AS {select}")
