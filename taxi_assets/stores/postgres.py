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

from taxi_assets.checksums import EPOCH, Checksums, of_groups, scale
from taxi_assets.errors import TaxiError
from taxi_assets.months import Month
from taxi_assets.stores.postgres_copy import encoded, encoded_types
from taxi_assets.stores.postgres_session import column_types, connected, exists, lock, with_short_locks
from taxi_assets.stores.types import types_of

if TYPE_CHECKING:
    import pandas as pd

WAIT_FOR_OTHER_LOADER = "10min"
_ENCODED_AS = {
    "timestamp without time zone": "TIMESTAMP",
    "double precision": "FLOAT8",
    "bigint": "INT8",
    "integer": "INT4",
    "smallint": "INT2",
    "date": "DATE",
    "text": "TEXT",
    "text[]": "TEXT[]",
}
"""What the encoder must write for a column of each type in the catalog."""


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

    def replace_month(
        self, month: Month, rows: pa.RecordBatchReader, quarantined: pa.RecordBatchReader | None = None
    ) -> int:
        """Makes `rows` the table's only rows of the month; returns how many they are.

        `quarantined` replaces the month in the quarantine, in the same transaction. Columns a table lacks are added to
        it. Raises TaxiError when a table is not ours, a column has another type, or the server cannot be reached (retry
        helps).
        """
        loads = [(self, rows)] if quarantined is None else [(self, rows), (self.quarantine, quarantined)]
        with connected(self.url) as connection:
            for table, stream in loads:
                table._prepare(connection, stream.schema)
            with connection.transaction():
                self._lock_month(connection, month)
                counts = [table._load(connection, month, stream) for table, stream in loads]
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
            return of_groups(texts, numbers, connection.execute(query))

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

    def _check_types(self, connection: psycopg.Connection, schema: pa.Schema, table: Identifier) -> None:
        """A binary COPY does not check types: a float8 sent into a bigint would be stored as garbage."""
        present = column_types(connection, table)
        for name, sent in encoded_types(schema).items():
            if _ENCODED_AS.get(present[name]) != sent:
                raise TaxiError(
                    f"Postgres has {self.name}.{name} as {present[name]}; the month holds {sent.lower()}.",
                    "Change the column's type, or drop the column if it may go.",
                )

    def _lock_month(self, connection: psycopg.Connection, month: Month) -> None:
        connection.execute(SQL("SET LOCAL lock_timeout = {}").format(Literal(WAIT_FOR_OTHER_LOADER)))
        lock(connection, f"{self.schema}.{self.name} {month}")

    def _create_new(self, connection: psycopg.Connection, month: Month) -> None:
        """The month's new table. Its checks let ATTACH skip a scan, and the planner skip the month by pickup time."""
        checks = [SQL("CHECK (trip_month IS NOT NULL AND trip_month = {})").format(Literal(month.first_day))]
        if self.within_month:
            bounds = (Literal(month.start), Literal(month.end))
            checks.append(SQL("CHECK (pickup_datetime >= {} AND pickup_datetime < {})").format(*bounds))
        like = SQL("LIKE {} INCLUDING DEFAULTS INCLUDING COMMENTS").format(self._table)
        parts = SQL(", ").join([like, *checks])
        connection.execute(SQL("CREATE TABLE {} ({})").format(self._new(month), parts))

    def _load(self, connection: psycopg.Connection, month: Month, rows: pa.RecordBatchReader) -> int:
        """The month's rows in a table of their own, ready to be swapped in."""
        self._create_new(connection, month)
        self._check_types(connection, rows.schema, self._new(month))
        count = self._copy(connection, month, rows)
        self._index(connection, month)
        return count

    def _copy(self, connection: psycopg.Connection, month: Month, rows: pa.RecordBatchReader) -> int:
        columns = SQL(", ").join(Identifier(name) for name in rows.schema.names)
        statement = SQL("COPY {} ({}) FROM STDIN (FORMAT binary, FREEZE)").format(self._new(month), columns)
        sent = 0
        with connection.cursor() as cursor:
            with cursor.copy(statement) as copy:
                for count, data in encoded(rows):
                    copy.write(data)
                    sent += count
            if cursor.rowcount != sent:
                raise TaxiError(
                    f"Postgres took {cursor.rowcount:,} of {sent:,} rows.", "Nothing was changed.", retry=True
                )
        return sent

    def _index(self, connection: psycopg.Connection, month: Month) -> None:
        """BRIN: the files are nearly sorted by pickup, so a few kilobytes find an hour or a day."""
        new = self._new(month)
        connection.execute(SQL("CREATE INDEX ON {} USING brin (pickup_datetime)").format(new))
        connection.execute(SQL("ANALYZE {}").format(new))

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
