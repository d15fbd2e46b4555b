"""Months in a DuckDB file: the warehouse of a laptop, where BigQuery would stand."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from taxi_assets.destinations.descriptions import described, retyped
from taxi_assets.destinations.duckdb.file import WAIT_SECONDS, DuckDBFile, column_types, insert, with_enough_memory
from taxi_assets.destinations.sql import DUCKDB, checksums, comment_statements, month_query
from taxi_assets.destinations.warehouse_month import WarehouseMonth
from taxi_assets.destinations.zone_view import zone_view_name
from taxi_assets.errors import MissingTableError, TaxiError, message_of
from taxi_assets.model.column_types import types_of
from taxi_assets.model.months import Month
from taxi_assets.model.zones import TABLE as ZONES
from taxi_assets.transform.checksums import Checksums

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from taxi_assets.transform.month_file import MonthFile, MonthFiles


@dataclass(frozen=True)
class DuckDBTable:
    """One dataset's table in the database file, a `TableStore`; `descriptions` are those of its columns.

    A month is replaced in one transaction. Every method raises TaxiError (a retry may help) when another program holds
    the database for longer than `wait_seconds`.
    """

    database: Path
    schema: str
    name: str
    descriptions: Mapping[str, str]
    wait_seconds: float = WAIT_SECONDS

    @property
    def quarantine(self) -> DuckDBTable:
        """The table beside this one for the rows that are not clean."""
        return replace(self, name=f"{self.name}_quarantine")

    def replace_month(self, month: Month, files: MonthFiles) -> int:
        with ExitStack() as stack:
            loads = [
                (table, file, stack.enter_context(file.on_disk()))
                for table, file in ((self, files.clean), (self.quarantine, files.quarantine))
            ]
            connection = stack.enter_context(self._file.connected(read_only=False))

            def load() -> None:
                connection.begin()
                try:
                    for table, file, path in loads:
                        table._load(connection, month, file, path)
                except BaseException:
                    connection.rollback()
                    raise
                connection.commit()

            with_enough_memory(connection, load)
        return files.clean.rows

    def count(self, month: Month) -> int:
        if not self.database.exists():
            return 0
        with self._file.connected() as connection:
            return self._rows(connection, month) if self._columns(connection) else 0

    def source_file(self, month: Month) -> str | None:
        if not self.database.exists():
            return None
        with self._file.connected() as connection:
            if "source_file" not in self._columns(connection):
                return None
            row = connection.execute(f"{month_query(self._table, month, 'source_file')} LIMIT 1").fetchone()
        return str(row[0]) if row else None

    def checksums(self, month: Month) -> Checksums:
        with self._file.connected() as connection:
            types = self._columns(connection)
            rows = month_query(self._table, month)

            def run(query: str) -> list[Any]:
                return with_enough_memory(connection, lambda: connection.execute(query).fetchall())

            return checksums(DUCKDB, self._table, types, self.descriptions, rows, run)

    def month(self, month: Month) -> WarehouseMonth:
        zones = f"SELECT * FROM {DUCKDB.quoted(self.schema, ZONES)}"  # noqa: S608 quoted
        return WarehouseMonth(month_query(self._table, month), zones, self._ask)

    def _ask(self, query: str) -> pd.DataFrame:
        with self._file.connected() as connection:
            try:
                return connection.execute(query).df()
            except duckdb.CatalogException as error:
                raise MissingTableError(f"The warehouse lacks a table: {message_of(error)}.") from error

    @property
    def _file(self) -> DuckDBFile:
        return DuckDBFile(self.database, self.wait_seconds)

    @property
    def _table(self) -> str:
        return DUCKDB.quoted(self.schema, self.name)

    def _rows(self, connection: duckdb.DuckDBPyConnection, month: Month) -> int:
        row = connection.execute(month_query(self._table, month, "count(*)")).fetchone()
        return int(row[0]) if row else 0

    def _columns(self, connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
        return column_types(connection, self.schema, self.name)

    def _load(self, connection: duckdb.DuckDBPyConnection, month: Month, file: MonthFile, path: Path) -> None:
        self._prepare(connection, file.schema)
        connection.execute(f"DELETE FROM {self._table} WHERE trip_month = ?", [month.first_day])  # noqa: S608 quoted
        query = f"INSERT INTO {self._table} BY NAME SELECT * FROM read_parquet(?, hive_partitioning = false)"  # noqa: S608 quoted
        insert(connection, query, [str(path)], file.rows)
        count = self._rows(connection, month)
        if count != file.rows:
            raise TaxiError(f"DuckDB took {count:,} of {file.rows:,} rows.", "Nothing was changed.", retry=True)

    def _prepare(self, connection: duckdb.DuckDBPyConnection, schema: pa.Schema) -> None:
        """Creates the table where it is missing, or adds the columns that it lacks.

        Raises TaxiError when a column has another type than the month's.
        """
        wanted = {field.name: types_of(field.type).duckdb for field in schema}
        present = self._columns(connection)
        for field in retyped(schema, self.descriptions, present, DUCKDB.text):
            self._retype(connection, field.name, wanted[field.name])
            present[field.name] = wanted[field.name]
        for name, kind in wanted.items():
            if present.get(name, kind) != kind:
                raise TaxiError(
                    f"DuckDB has {self.name}.{name} as {present[name]}; the month holds {kind}.",
                    "Change the column's type, or drop the column if it may go.",
                )
        new = {name: f"{DUCKDB.quoted(name)} {kind}" for name, kind in wanted.items() if name not in present}
        if not present:
            connection.execute(f"CREATE SCHEMA IF NOT EXISTS {DUCKDB.quoted(self.schema)}")
            connection.execute(f"CREATE TABLE {self._table} ({', '.join(new.values())})")
        else:
            for column in new.values():
                connection.execute(f"ALTER TABLE {self._table} ADD COLUMN {column}")
        for statement in comment_statements(
            DUCKDB, self._table, described((schema.field(name) for name in new), self.descriptions)
        ):
            connection.execute(statement)

    def _retype(self, connection: duckdb.DuckDBPyConnection, name: str, kind: str) -> None:
        """Changes the type of a column in all months; remakes the view with zones, which knows the types of before.

        Raises TaxiError when values do not fit.
        """
        try:
            connection.execute(f"ALTER TABLE {self._table} ALTER COLUMN {DUCKDB.quoted(name)} TYPE {kind}")
        except duckdb.ConversionException as error:
            raise TaxiError(
                f"DuckDB cannot change the type of {name} in {self.name}: {message_of(error)}.",
                "Drop the column if it may go; nothing was changed.",
            ) from error
        view = zone_view_name(self.name)
        query = "SELECT sql FROM duckdb_views() WHERE schema_name = ? AND view_name = ?"
        if row := connection.execute(query, [self.schema, view]).fetchone():
            connection.execute(f"DROP VIEW {DUCKDB.quoted(self.schema, view)}")
            connection.execute(str(row[0]))
