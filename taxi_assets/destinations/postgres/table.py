"""Months in Postgres: one table per dataset, partitioned by trip_month, a month replaced whole or not at all.

A month is copied in binary into a table of its own, indexed, analysed, counted, and only then attached in place of
the old one, all in one transaction under an advisory lock for the month. Readers see the old month or the new one. A
writer that dies leaves nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, LiteralString

import psycopg
import pyarrow as pa
from psycopg.sql import SQL, Composed, Identifier, Literal

from taxi_assets.destinations.postgres.partition import MonthRows, NewMonth
from taxi_assets.destinations.postgres.session import column_types, connected, exists, lock, with_short_locks
from taxi_assets.errors import TaxiError
from taxi_assets.model.column_types import types_of
from taxi_assets.model.months import Month
from taxi_assets.transform.checksums import EPOCH, Checksums, from_groups, scale

if TYPE_CHECKING:
    import pandas as pd


_SETTINGS = {
    # How long to wait for another loader of the same month.
    "lock_timeout": "10min",
    # Pages go to disk while the rows come in, so that the commit has little left to wait for.
    "backend_flush_after": "2MB",
    # ANALYZE then samples 15,000 rows of the month: half the time, and enough for its histograms.
    "default_statistics_target": "50",
}
"""Of the transaction that loads a month."""
_SUMMING: tuple[LiteralString, ...] = (
    # Compiling fifty sums takes longer than adding them up.
    "SET jit = off",
    # A partitioned table has no statistics of its own: the planner expects so many groups that it would sort the month.
    "SET enable_sort = off",
)
"""Of the connection that sums up a month."""


@dataclass(frozen=True)
class PostgresTable:
    """One dataset's table: `url` as libpq reads it, `docs` the descriptions of its columns.

    `within_month`: all pickups lie in the row's month, which lets a query by pickup time skip the other months.
    """

    url: str
    schema: str
    name: str
    docs: Mapping[str, str]
    within_month: bool = True

    @property
    def quarantine(self) -> PostgresTable:
        """The table beside this one for the rows that are not clean."""
        return replace(self, name=f"{self.name}_quarantine", within_month=False)

    def replace_month(self, month: Month, rows: MonthRows, quarantined: MonthRows | None = None) -> int:
        """Makes `rows` the table's only rows of the month; returns how many they are.

        `quarantined` replaces the month in the quarantine, in the same transaction. Columns a table lacks are added to
        it. Raises TaxiError when a table is not ours, a column has another type, or the server cannot be reached (retry
        helps).
        """
        loads = [(self, rows)] if quarantined is None else [(self, rows), (self.quarantine, quarantined)]
        with connected(self.url) as connection:
            for table, part in loads:
                table._prepare(connection, part.schema)
            with connection.transaction():
                self._lock_month(connection, month)
                counts = [
                    NewMonth(connection, table._table, table._new(month)).load(part, table._checks(month))
                    for table, part in loads
                ]
                with_short_locks(connection, [step for table, _ in loads for step in table._swap(connection, month)])
        return counts[0]

    def count(self, month: Month) -> int:
        """Rows of the month; 0 when there is no table yet."""
        with connected(self.url) as connection:
            if not self._kind(connection):
                return 0
            query = SQL("SELECT count(*) FROM {} WHERE trip_month = {}").format(self._table, Literal(month.first_day))
            row = connection.execute(query).fetchone()
        return int(row[0]) if row else 0

    def source_file(self, month: Month) -> str | None:
        """The published file that a row of the month is from; None when there is no such month, or no table of ours."""
        with connected(self.url) as connection:
            if not self._kind(connection) or not {"trip_month", "source_file"} <= set(
                column_types(connection, self._table)
            ):
                return None
            query = SQL("SELECT source_file FROM {} WHERE trip_month = {} LIMIT 1")
            row = connection.execute(query.format(self._table, Literal(month.first_day))).fetchone()
        return str(row[0]) if row else None

    def checksums(self, month: Month) -> Checksums:
        """What the month's rows add up to, column by column: one scan of its partition."""
        with connected(self.url) as connection:
            types = column_types(connection, self._table)
            texts = [name for name, kind in types.items() if kind == "text"]
            numbers = [name for name, kind in types.items() if kind != "text"]
            sums = [
                SQL(part).format(*[Identifier(name)] * part.count("{}"))
                for name in numbers
                for part in ("count({})", _sum(name, types[name]))
            ]
            query = SQL("SELECT {} FROM {} WHERE trip_month = {} {}").format(
                SQL(", ").join([*map(Identifier, texts), SQL("count(*)"), *sums]),
                self._table,
                Literal(month.first_day),
                SQL("GROUP BY {}").format(SQL(", ").join(map(Identifier, texts))) if texts else SQL(""),
            )
            for setting in _SUMMING:
                connection.execute(setting)
            return from_groups(texts, numbers, connection.execute(query))

    def frame(self, month: Month) -> pd.DataFrame:
        """The whole month as a DataFrame: as much memory as that takes."""
        import pandas as pd
        import sqlalchemy

        table = sqlalchemy.table(self.name, sqlalchemy.column("trip_month"), schema=self.schema)
        query = sqlalchemy.select(sqlalchemy.text("*")).select_from(table).where(table.c.trip_month == month.first_day)
        engine = sqlalchemy.create_engine(self.url.replace("postgresql://", "postgresql+psycopg://", 1))
        try:
            return pd.read_sql(query, engine)
        finally:
            engine.dispose()

    @property
    def _table(self) -> Identifier:
        return Identifier(self.schema, self.name)

    def _partition(self, month: Month) -> str:
        return f"{self.name}_{month.year}_{month.month:02d}"

    def _new(self, month: Month) -> Identifier:
        return Identifier(self.schema, f"{self._partition(month)}_new")

    def _kind(self, connection: psycopg.Connection) -> str:
        """How the table is partitioned, `LIST (trip_month)`; `none` when it is not; empty when there is no table."""
        query = SQL(
            "SELECT coalesce(pg_get_partkeydef(c.oid), 'none') FROM pg_class c"
            " JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = {} AND c.relname = {}"
        ).format(Literal(self.schema), Literal(self.name))
        row = connection.execute(query).fetchone()
        return str(row[0]) if row else ""

    def _prepare(self, connection: psycopg.Connection, schema: pa.Schema) -> None:
        """The table exists, is ours, and has every column."""
        with connection.transaction():
            lock(connection, f"{self.schema}.{self.name}")
            kind = self._kind(connection)
            if not kind:
                self._create(connection, schema)
            elif kind != "LIST (trip_month)":
                raise TaxiError(
                    f"Postgres has a table {self.schema}.{self.name} not partitioned by trip_month: it is not ours.",
                    "Rename it, or set TAXI_POSTGRES_SCHEMA to a schema where we may make our own.",
                )
            else:
                self._add_columns(connection, schema)

    def _create(self, connection: psycopg.Connection, schema: pa.Schema) -> None:
        columns = SQL(", ").join(_column(field) for field in schema)
        connection.execute(SQL("CREATE SCHEMA IF NOT EXISTS {}").format(Identifier(self.schema)))
        connection.execute(SQL("CREATE TABLE {} ({}) PARTITION BY LIST (trip_month)").format(self._table, columns))
        self._comment(connection, schema.names)

    def _add_columns(self, connection: psycopg.Connection, schema: pa.Schema) -> None:
        present = column_types(connection, self._table)
        new = [field for field in schema if field.name not in present]
        for field in new:
            statement = SQL("ALTER TABLE {} ADD COLUMN {}").format(self._table, _column(field))
            with_short_locks(connection, [statement])
        self._comment(connection, [field.name for field in new])

    def _comment(self, connection: psycopg.Connection, names: list[str]) -> None:
        for name in names:
            doc = Literal(self.docs.get(name, "Not in TLC's data dictionary when this was written."))
            connection.execute(SQL("COMMENT ON COLUMN {}.{} IS {}").format(self._table, Identifier(name), doc))

    def _lock_month(self, connection: psycopg.Connection, month: Month) -> None:
        for name, value in _SETTINGS.items():
            connection.execute(SQL("SET LOCAL {} = {}").format(Identifier(name), Literal(value)))
        lock(connection, f"{self.schema}.{self.name} {month}")

    def _checks(self, month: Month) -> list[Composed]:
        """What is true of the month's rows: lets ATTACH skip a scan, and the planner skip the month by pickup time."""
        checks = [SQL("CHECK (trip_month IS NOT NULL AND trip_month = {})").format(Literal(month.first_day))]
        if self.within_month:
            bounds = (Literal(month.start), Literal(month.end))
            checks.append(SQL("CHECK (pickup_datetime >= {} AND pickup_datetime < {})").format(*bounds))
        return checks

    def _swap(self, connection: psycopg.Connection, month: Month) -> list[Composed]:
        """The statements that put the new table in the old one's place."""
        partition = self._partition(month)
        old = Identifier(self.schema, partition)
        steps = [
            SQL("ALTER TABLE {} RENAME TO {}").format(self._new(month), Identifier(partition)),
            SQL("ALTER TABLE {} ATTACH PARTITION {} FOR VALUES IN ({})").format(
                self._table, old, Literal(month.first_day)
            ),
        ]
        if exists(connection, self.schema, partition):
            detach = SQL("ALTER TABLE {} DETACH PARTITION {}").format(self._table, old)
            steps = [detach, SQL("DROP TABLE {}").format(old), *steps]
        return steps


def _sum(name: str, kind: str) -> LiteralString:
    """The sum of a column's whole numbers, as `checksums.py` defines them."""
    if kind == "double precision":
        return f"sum(floor({{}} * {scale(name)} + 0.5))"
    if kind == "timestamp without time zone":
        return f"sum(trunc(date_part('epoch', {{}} - timestamp '{EPOCH}'))::bigint)"
    return "sum({} - date '1970-01-01')" if kind == "date" else "sum({})"


def _column(field: pa.Field) -> Composed:
    return SQL("{} {}").format(Identifier(field.name), SQL(types_of(field.type).postgres))
