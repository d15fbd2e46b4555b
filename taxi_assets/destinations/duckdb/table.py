"""Months in a DuckDB file: the warehouse of a laptop, where BigQuery would stand. A month is replaced in one
transaction.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from taxi_assets.destinations.duckdb.file import WAIT_SECONDS, DuckDBFile, insert, quoted
from taxi_assets.destinations.warehouse_month import WarehouseMonth
from taxi_assets.errors import MissingTableError, TaxiError, message_of
from taxi_assets.model.column_types import types_of
from taxi_assets.model.months import Month
from taxi_assets.model.zones import TABLE as ZONES
from taxi_assets.transform.checksums import EPOCH, Checksums, from_groups, scale

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from taxi_assets.transform.month_file import MonthFile


@dataclass(frozen=True)
class DuckDBTable:
    """One dataset's table in the database file; `docs` are the descriptions of its columns."""

    database: Path
    schema: str
    name: str
    docs: Mapping[str, str]
    wait_seconds: float = WAIT_SECONDS

    @property
    def quarantine(self) -> DuckDBTable:
        """The table beside this one for the rows that are not clean."""
        return replace(self, name=f"{self.name}_quarantine")

    def replace_month(self, month: Month, file: MonthFile, quarantined: MonthFile | None = None) -> int:
        """Makes the file's rows the table's only rows of the month; returns how many they are.

        `quarantined` replaces the month in the quarantine, in the same transaction. Columns a table lacks are added to
        it. Raises TaxiError when a column has another type, or when another program holds the database for longer than
        `wait_seconds` (retry helps).
        """
        with ExitStack() as stack:
            loads = [(self, file)] if quarantined is None else [(self, file), (self.quarantine, quarantined)]
            paths = [stack.enter_context(source.on_disk()) for _, source in loads]
            connection = stack.enter_context(self._file.connected(read_only=False))
            connection.begin()
            for (table, source), path in zip(loads, paths, strict=True):
                table._load(connection, month, source, path)
            connection.commit()
        return file.rows

    def count(self, month: Month) -> int:
        """Rows of the month; 0 when there is no table yet."""
        if not self.database.exists():
            return 0
        with self._file.connected() as connection:
            return self._rows(connection, month) if self._columns(connection) else 0

    def source_file(self, month: Month) -> str | None:
        """The published file that a row of the month is from; None when there is no such month."""
        if not self.database.exists():
            return None
        with self._file.connected() as connection:
            if "source_file" not in self._columns(connection):
                return None
            query = f"SELECT source_file FROM {self._table} WHERE trip_month = ? LIMIT 1"  # noqa: S608 quoted
            row = connection.execute(query, [month.first_day]).fetchone()
        return str(row[0]) if row else None

    def checksums(self, month: Month) -> Checksums:
        """What the month's rows add up to, column by column."""
        with self._file.connected() as connection:
            types = self._columns(connection)
            texts = [name for name, kind in types.items() if kind == "VARCHAR"]
            numbers = [name for name, kind in types.items() if kind != "VARCHAR"]
            sums = [part for name in numbers for part in (f"count({quoted(name)})", _sum(name, types[name]))]
            what = ", ".join([*map(quoted, texts), "count(*)", *sums])
            query = f"SELECT {what} FROM {self._table} WHERE trip_month = ?"  # noqa: S608 quoted
            if texts:
                query += f" GROUP BY {', '.join(map(quoted, texts))}"
            return from_groups(texts, numbers, connection.execute(query, [month.first_day]).fetchall())

    def frame(self, month: Month) -> pd.DataFrame:
        """The whole month as a DataFrame."""
        with self._file.connected() as connection:
            query = f"SELECT * FROM {self._table} WHERE trip_month = ?"  # noqa: S608 quoted
            return connection.execute(query, [month.first_day]).df()

    def month(self, month: Month) -> WarehouseMonth:
        """The month, to be asked by SQL."""
        trips = f"SELECT * FROM {self._table} WHERE trip_month = DATE '{month.key}'"  # noqa: S608 quoted
        return WarehouseMonth(trips, f"FROM {quoted(self.schema)}.{quoted(ZONES)}", self._ask)

    def _ask(self, query: str) -> pd.DataFrame:
        with self._file.connected() as connection:
            try:
                return connection.execute(query).df()
            except duckdb.CatalogException as error:
                raise MissingTableError(
                    f"The warehouse lacks a table: {message_of(error)}.", f"Materialize bq_table and {ZONES} first."
                ) from error

    @property
    def _file(self) -> DuckDBFile:
        return DuckDBFile(self.database, self.wait_seconds)

    @property
    def _table(self) -> str:
        return f"{quoted(self.schema)}.{quoted(self.name)}"

    def _rows(self, connection: duckdb.DuckDBPyConnection, month: Month) -> int:
        query = f"SELECT count(*) FROM {self._table} WHERE trip_month = ?"  # noqa: S608 quoted
        row = connection.execute(query, [month.first_day]).fetchone()
        return int(row[0]) if row else 0

    def _columns(self, connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
        query = "SELECT column_name, data_type FROM duckdb_columns() WHERE schema_name = ? AND table_name = ?"
        return dict(connection.execute(query, [self.schema, self.name]).fetchall())

    def _load(self, connection: duckdb.DuckDBPyConnection, month: Month, file: MonthFile, path: Path) -> None:
        self._prepare(connection, file.schema)
        connection.execute(f"DELETE FROM {self._table} WHERE trip_month = ?", [month.first_day])  # noqa: S608 quoted
        query = f"INSERT INTO {self._table} BY NAME SELECT * FROM read_parquet(?, hive_partitioning = false)"  # noqa: S608
        insert(connection, query, [str(path)], file.rows)
        count = self._rows(connection, month)
        if count != file.rows:
            raise TaxiError(f"DuckDB took {count:,} of {file.rows:,} rows.", "Nothing was changed.", retry=True)

    def _prepare(self, connection: duckdb.DuckDBPyConnection, schema: pa.Schema) -> None:
        """The table exists and has every column with its type."""
        wanted = {field.name: types_of(field.type).duckdb for field in schema}
        present = self._columns(connection)
        if not present:
            columns = ", ".join(f"{quoted(name)} {kind}" for name, kind in wanted.items())
            connection.execute(f"CREATE SCHEMA IF NOT EXISTS {quoted(self.schema)}")
            connection.execute(f"CREATE TABLE {self._table} ({columns})")
        for name, kind in wanted.items():
            if name not in present:
                self._add_column(connection, name, kind, created=not present)
            elif present[name] != kind:
                raise TaxiError(
                    f"DuckDB has {self.name}.{name} as {present[name]}; the month holds {kind}.",
                    "Change the column's type, or drop the column if it may go.",
                )

    def _add_column(self, connection: duckdb.DuckDBPyConnection, name: str, kind: str, *, created: bool) -> None:
        if not created:
            connection.execute(f"ALTER TABLE {self._table} ADD COLUMN {quoted(name)} {kind}")
        doc = self.docs.get(name, "Not in TLC's data dictionary when this was written.").replace("'", "''")
        connection.execute(f"COMMENT ON COLUMN {self._table}.{quoted(name)} IS '{doc}'")


def _sum(name: str, kind: str) -> str:
    """The sum of a column's whole numbers, as `checksums.py` defines them."""
    column = quoted(name)
    if kind == "DOUBLE":
        return f"sum(floor({column} * {scale(name)} + 0.5)::BIGINT)"
    if kind == "TIMESTAMP":
        return f"sum((epoch_us({column}) - epoch_us(TIMESTAMP '{EPOCH}')) // 1000000)"
    return f"sum(date_diff('day', DATE '1970-01-01', {column}))" if kind == "DATE" else f"sum({column})"
