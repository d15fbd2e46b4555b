"""A month's own table in Postgres, from its creation to the moment when it is ready to be swapped in.

The rows are copied in binary and frozen, which the server allows in the transaction that makes the table.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import psycopg
import pyarrow as pa
from psycopg.sql import SQL, Composed, Identifier, Literal

from taxi_assets.destinations.postgres.copy import CopyEncoder, copy_encoder
from taxi_assets.destinations.postgres.session import column_types
from taxi_assets.errors import TaxiError
from taxi_assets.progress import track

if TYPE_CHECKING:
    from taxi_assets.transform.month_file import MonthFile

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
class MonthRows:
    """A month's rows on their way into a table: `batches` of the columns that differ from row to row.

    `uniform`: columns of `schema` that the batches leave out, with the one text, or null, that all rows have there.
    `count`: how many rows they are, where that is known.
    """

    schema: pa.Schema
    batches: pa.RecordBatchReader
    uniform: Mapping[str, str | None] = field(default_factory=dict)
    count: int | None = None

    @classmethod
    def of(cls, file: MonthFile) -> MonthRows:
        """The rows of a Parquet file."""
        uniform = file.uniform()
        return cls(file.schema, file.batches(leaving_out=uniform), uniform, file.rows)


@dataclass(frozen=True)
class NewMonth:
    """The table `name` that becomes a partition of `parent`, in the transaction of `connection`."""

    connection: psycopg.Connection
    parent: Identifier
    name: Identifier
    encoder: CopyEncoder = field(default_factory=copy_encoder)

    def load(self, rows: MonthRows, checks: Sequence[Composed]) -> int:
        """Makes the table and fills it; returns the number of rows.

        `checks` let ATTACH skip a scan, and the planner skip the month. Raises TaxiError.
        """
        like = SQL("LIKE {} INCLUDING DEFAULTS INCLUDING COMMENTS").format(self.parent)
        parts = SQL(", ").join([like, *checks])
        self.connection.execute(SQL("CREATE TABLE {} ({})").format(self.name, parts))
        self._check_types(rows.schema)
        with self._kept_once(rows.uniform):
            count = self._copy(rows.batches, rows.count)
        self._index()
        return count

    def _check_types(self, schema: pa.Schema) -> None:
        """A binary COPY does not check types: a float8 sent into a bigint would be stored as garbage."""
        present = column_types(self.connection, self.name)
        for name, sent in self.encoder.types(schema).items():
            if _ENCODED_AS.get(present[name]) != sent:
                where = self.parent.as_string()
                raise TaxiError(
                    f"Postgres has {name} of {where} as {present[name]}; the month holds {sent.lower()}.",
                    "Change the column's type, or drop the column if it may go.",
                )

    @contextmanager
    def _kept_once(self, uniform: Mapping[str, str | None]) -> Iterator[None]:
        """Texts that all rows share are added when the rows are in: then the catalog holds each once, and no row does.

        The name of the month's file would be a sixth of its table. Null columns are simply not sent.
        """
        texts = [(Identifier(name), Literal(text)) for name, text in uniform.items() if text is not None]
        self._alter([SQL("DROP COLUMN {}").format(name) for name, _ in texts])
        yield
        self._alter([SQL("ADD COLUMN {} text NOT NULL DEFAULT {}").format(name, text) for name, text in texts])
        self._alter([SQL("ALTER COLUMN {} DROP DEFAULT").format(name) for name, _ in texts])

    def _alter(self, actions: Sequence[Composed]) -> None:
        if actions:
            self.connection.execute(SQL("ALTER TABLE {} {}").format(self.name, SQL(", ").join(actions)))

    def _copy(self, rows: pa.RecordBatchReader, total: int | None) -> int:
        columns = SQL(", ").join(Identifier(name) for name in rows.schema.names)
        statement = SQL("COPY {} ({}) FROM STDIN (FORMAT binary, FREEZE)").format(self.name, columns)
        sent = size = 0
        work = track("copying", rows=total)
        with self.connection.cursor() as cursor:
            with cursor.copy(statement) as copy:
                for count, written in self.encoder.write(copy, rows):
                    sent += count
                    size += written
                    work.update(rows=sent, size=size)
            if cursor.rowcount != sent:
                raise TaxiError(
                    f"Postgres took {cursor.rowcount:,} of {sent:,} rows.", "Nothing was changed.", retry=True
                )
        return sent

    def _index(self) -> None:
        """BRIN: the files are nearly sorted by pickup, so a few kilobytes find an hour or a day."""
        self.connection.execute(SQL("CREATE INDEX ON {} USING brin (pickup_datetime)").format(self.name))
        self.connection.execute(SQL("ANALYZE {}").format(self.name))
