"""Months in Postgres: one table per dataset, partitioned by trip_month.

A month is copied into a new table, which is indexed, analyzed and counted, and then attached in place of the old
partition, all in one transaction under an advisory lock for the month. Readers see the old month or the new one. A
writer that dies leaves nothing behind.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, LiteralString

import psycopg
import pyarrow as pa
from psycopg.sql import SQL, Composed, Identifier, Literal

from taxi_assets.destinations.descriptions import described, retyped
from taxi_assets.destinations.postgres.dependents import grants_again, refuse_dependents
from taxi_assets.destinations.postgres.partition import MonthRows, NewMonth
from taxi_assets.destinations.postgres.session import (
    column_types,
    connected,
    create_schema,
    exists,
    generated_columns,
    lock,
    with_short_locks,
)
from taxi_assets.destinations.sql import POSTGRES, checksums, comment_statements, month_query
from taxi_assets.destinations.warehouse_month import WarehouseMonth
from taxi_assets.destinations.zone_view import zone_view_name
from taxi_assets.errors import MissingTableError, TaxiError
from taxi_assets.model.column_types import types_of
from taxi_assets.model.months import Month
from taxi_assets.model.zones import TABLE as ZONES
from taxi_assets.transform.checksums import Checksums
from taxi_assets.transform.month_file import MonthFiles

if TYPE_CHECKING:
    import pandas as pd


_LOAD_SETTINGS = {
    # How long to wait for another loader of the same month.
    "lock_timeout": "10min",
    # Pages go to disk while the rows come in, so that the commit has little left to wait for.
    "backend_flush_after": "2MB",
    # ANALYZE then samples 15,000 rows of the month: half the time, and enough for its histograms.
    "default_statistics_target": "50",
}
"""Settings of the transaction that loads a month."""
_SUM_SETTINGS: tuple[LiteralString, ...] = (
    # Compiling fifty sums takes longer than adding them up.
    "SET LOCAL jit = off",
    # A partitioned table has no statistics of its own: the planner expects so many groups that it would sort the month.
    "SET LOCAL enable_sort = off",
)
"""Settings of the transaction that sums up a month; local ones, for a pooler hands the connection on to others."""


@dataclass(frozen=True)
class PostgresTable:
    """One dataset's table, a `TableStore`: `url` as libpq reads it, `descriptions` those of its columns.

    `within_month`: all pickups lie in the row's month, which lets a query by pickup time skip the other months.
    """

    url: str
    schema: str
    name: str
    descriptions: Mapping[str, str]
    within_month: bool = True

    @property
    def quarantine(self) -> PostgresTable:
        """The table beside this one for the rows that are not clean."""
        return replace(self, name=f"{self.name}_quarantine", within_month=False)

    def replace_month(self, month: Month, files: MonthFiles) -> int:
        return self.replace_rows(month, MonthRows.of(files.clean), MonthRows.of(files.quarantine))

    def replace_rows(self, month: Month, clean: MonthRows, quarantined: MonthRows | None = None) -> int:
        """Does what `replace_month` does with rows from anywhere; leaves the quarantine alone when there are none."""
        loads = [(self, clean)] if quarantined is None else [(self, clean), (self.quarantine, quarantined)]
        with connected(self.url) as connection:
            for table, rows in loads:
                table._prepare(connection, rows.schema)
            with connection.transaction():
                self._lock_month(connection, month)
                for table, _ in loads:
                    table._refuse_dependents(connection, month)
                counts = [
                    NewMonth(connection, table._table, table._new(month)).load(rows, table._checks(month))
                    for table, rows in loads
                ]
                with_short_locks(connection, [step for table, _ in loads for step in table._swap(connection, month)])
        return counts[0]

    def count(self, month: Month) -> int:
        with self._reading() as connection:
            if not self._kind(connection):
                return 0
            row = connection.execute(SQL(month_query(self._quoted, month, "count(*)"))).fetchone()
        return int(row[0]) if row else 0

    def source_file(self, month: Month) -> str | None:
        with self._reading() as connection:
            if not {"trip_month", "source_file"} <= set(self._columns(connection)):
                return None
            query = f"{month_query(self._quoted, month, 'source_file')} LIMIT 1"
            row = connection.execute(SQL(query)).fetchone()
        return str(row[0]) if row else None

    def checksums(self, month: Month) -> Checksums:
        with self._reading() as connection:
            types = self._columns(connection)
            for setting in _SUM_SETTINGS:
                connection.execute(setting)
            rows = month_query(self._quoted, month)
            return checksums(
                POSTGRES, self._quoted, types, self.descriptions, rows, lambda query: connection.execute(SQL(query))
            )

    def month(self, month: Month) -> WarehouseMonth:
        zones = f"SELECT * FROM {POSTGRES.quoted(self.schema, ZONES)}"  # noqa: S608 quoted
        return WarehouseMonth(month_query(self._quoted, month), zones, self._ask)

    def _ask(self, query: str) -> pd.DataFrame:
        import pandas as pd

        with self._reading() as connection:
            try:
                cursor = connection.execute(SQL(query))
            except psycopg.errors.UndefinedTable as error:
                raise MissingTableError(f"Postgres lacks a table: {error.diag.message_primary}.") from error
            columns = [column.name for column in cursor.description or ()]
            return pd.DataFrame.from_records(cursor.fetchall(), columns=columns, coerce_float=True)

    @contextmanager
    def _reading(self) -> Iterator[psycopg.Connection]:
        """A transaction that sees all rows, or fails where a policy of others would hide some."""
        with connected(self.url) as connection, connection.transaction():
            connection.execute("SET LOCAL row_security = off")
            yield connection

    @property
    def _table(self) -> Identifier:
        return Identifier(self.schema, self.name)

    @property
    def _quoted(self) -> str:
        return POSTGRES.quoted(self.schema, self.name)

    def _partition(self, month: Month) -> str:
        return f"{self.name}_{month.year}_{month.month:02d}"

    def _new(self, month: Month) -> Identifier:
        return Identifier(self.schema, f"{self._partition(month)}_new")

    def _columns(self, connection: psycopg.Connection) -> dict[str, str]:
        """The columns with their types, without those that others compute of them; none when there is no table."""
        if not self._kind(connection):
            return {}
        computed = generated_columns(connection, self._table)
        return {name: kind for name, kind in column_types(connection, self._table).items() if name not in computed}

    def _kind(self, connection: psycopg.Connection) -> str:
        """How the table is partitioned, such as `LIST (trip_month)`: `none` if it is not, empty without a table."""
        query = SQL(
            "SELECT coalesce(pg_get_partkeydef(c.oid), 'none') FROM pg_class c"
            " JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = {} AND c.relname = {}"
        ).format(Literal(self.schema), Literal(self.name))
        row = connection.execute(query).fetchone()
        return str(row[0]) if row else ""

    def _prepare(self, connection: psycopg.Connection, schema: pa.Schema) -> None:
        """Creates the table, or adds the columns that it lacks; raises TaxiError when the table is not ours."""
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
        create_schema(connection, self.schema)
        connection.execute(SQL("CREATE TABLE {} ({}) PARTITION BY LIST (trip_month)").format(self._table, columns))
        self._comment(connection, schema)

    def _add_columns(self, connection: psycopg.Connection, schema: pa.Schema) -> None:
        present = column_types(connection, self._table)
        self._retype(connection, retyped(schema, self.descriptions, present, POSTGRES.text))
        new = [field for field in schema if field.name not in present]
        for field in new:
            statement = SQL("ALTER TABLE {} ADD COLUMN {}").format(self._table, _column(field))
            with_short_locks(connection, [statement])
        self._comment(connection, new)

    def _retype(self, connection: psycopg.Connection, fields: list[pa.Field]) -> None:
        """Changes the types of columns in all months, which rewrites the table.

        Raises TaxiError when values do not fit, or when views of others use the columns.
        """
        if not fields:
            return
        names = ", ".join(field.name for field in fields)
        name = zone_view_name(self.name)
        view = Identifier(self.schema, name)
        definition = None
        if exists(connection, self.schema, name):
            definition = connection.execute("SELECT pg_get_viewdef(%s::regclass)", (view.as_string(),)).fetchone()
            connection.execute(SQL("DROP VIEW {}").format(view))
        cast = SQL("ALTER COLUMN {0} TYPE {1} USING {0}::text::{1}")
        casts = [cast.format(Identifier(field.name), SQL(types_of(field.type).postgres)) for field in fields]
        try:
            connection.execute(SQL("ALTER TABLE {} {}").format(self._table, SQL(", ").join(casts)))
        except (psycopg.errors.FeatureNotSupported, psycopg.errors.DataError) as error:
            raise TaxiError(
                f"Postgres cannot change the type of {names} in {self.schema}.{self.name}: "
                f"{error.diag.message_detail or error.diag.message_primary}.",
                "Drop the views that use it, or the column if it may go; nothing was changed.",
            ) from error
        if definition:
            connection.execute(SQL("CREATE VIEW {} AS {}").format(view, SQL(definition[0])))
        self._comment(connection, fields)

    def _comment(self, connection: psycopg.Connection, fields: Iterable[pa.Field]) -> None:
        for statement in comment_statements(POSTGRES, self._quoted, described(fields, self.descriptions)):
            connection.execute(SQL(statement))

    def _lock_month(self, connection: psycopg.Connection, month: Month) -> None:
        for name, value in _LOAD_SETTINGS.items():
            connection.execute(SQL("SET LOCAL {} = {}").format(Identifier(name), Literal(value)))
        lock(connection, f"{self.schema}.{self.name} {month}")

    def _refuse_dependents(self, connection: psycopg.Connection, month: Month) -> None:
        """Raises TaxiError, before anything is copied, when the month's old table cannot go."""
        partition = self._partition(month)
        if exists(connection, self.schema, partition):
            refuse_dependents(connection, Identifier(self.schema, partition), self._table)

    def _checks(self, month: Month) -> list[Composed]:
        """Constraints on the month's rows, with which ATTACH skips a scan, and the planner a month by pickup time."""
        checks = [SQL("CHECK (trip_month IS NOT NULL AND trip_month = {})").format(Literal(month.first_day))]
        if self.within_month:
            bounds = (Literal(month.start), Literal(month.end))
            checks.append(SQL("CHECK (pickup_datetime >= {} AND pickup_datetime < {})").format(*bounds))
        return checks

    def _swap(self, connection: psycopg.Connection, month: Month) -> list[Composed]:
        """The statements that put the new table in the place of the old partition."""
        partition = self._partition(month)
        old = Identifier(self.schema, partition)
        steps = [
            SQL("ALTER TABLE {} RENAME TO {}").format(self._new(month), Identifier(partition)),
            SQL("ALTER TABLE {} ATTACH PARTITION {} FOR VALUES IN ({})").format(
                self._table, old, Literal(month.first_day)
            ),
        ]
        if exists(connection, self.schema, partition):
            steps += grants_again(connection, old)
            detach = SQL("ALTER TABLE {} DETACH PARTITION {}").format(self._table, old)
            steps = [detach, SQL("DROP TABLE {}").format(old), *steps]
        return steps


def _column(field: pa.Field) -> Composed:
    return SQL("{} {}").format(Identifier(field.name), SQL(types_of(field.type).postgres))
