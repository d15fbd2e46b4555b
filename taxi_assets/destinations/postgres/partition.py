"""A month's own table in Postgres, made ready to be attached to the dataset's table as a partition."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import psycopg
import pyarrow as pa
from psycopg.sql import SQL, Composed, Identifier, Literal

from taxi_assets.destinations.postgres.copy import CopyEncoder, copy_encoder, copy_rows
from taxi_assets.destinations.postgres.session import column_types, generated_columns
from taxi_assets.errors import TaxiError

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
"""What the encoder must write, by the column's type in the catalog."""


@dataclass(frozen=True)
class MonthRows:
    """A month's rows on their way into a table.

    `batches` holds the columns that differ from row to row; `uniform` holds the other columns of `schema`, each
    with the one text, or null, of all rows. `count` is the number of rows, where it is known.
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
        """Makes the table, fills and indexes it; returns the number of rows.

        `checks` are constraints that let ATTACH skip a scan, and the planner skip the month. Raises TaxiError when a
        column has another type than the month's.
        """
        like = SQL("LIKE {} INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING COMMENTS").format(self.parent)
        parts = SQL(", ").join([like, *checks])
        self.connection.execute(SQL("CREATE TABLE {} ({})").format(self.name, parts))
        self._check_types(rows.schema)
        with self._kept_once(rows.uniform):
            count = copy_rows(self.connection, self.name, rows.batches, self.encoder, rows.count)
        self._index()
        return count

    def _check_types(self, schema: pa.Schema) -> None:
        """Raises TaxiError where the types differ: a binary COPY would store a float8 sent into a bigint as garbage."""
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
        """Adds the texts that all rows share after the rows: so the catalog holds each text once, and no row does.

        The name of the published file would be a sixth of the table. Columns without values are simply not sent.
        Columns that others have added, computed of these, come last.
        """
        generated = generated_columns(self.connection, self.parent)
        texts = [(Identifier(name), Literal(text)) for name, text in uniform.items() if text is not None]
        spared = [*(name for name, _ in texts), *map(Identifier, generated)]
        self._alter([SQL("DROP COLUMN {}").format(name) for name in spared])
        yield
        self._alter([SQL("ADD COLUMN {} text NOT NULL DEFAULT {}").format(name, text) for name, text in texts])
        self._alter([SQL("ALTER COLUMN {} DROP DEFAULT").format(name) for name, _ in texts])
        self._alter([SQL("ADD COLUMN {}").format(definition) for definition in generated.values()])

    def _alter(self, actions: Sequence[Composed]) -> None:
        if actions:
            self.connection.execute(SQL("ALTER TABLE {} {}").format(self.name, SQL(", ").join(actions)))

    def _index(self) -> None:
        """Adds a BRIN index: files are nearly sorted by pickup, so a few kilobytes find an hour or a day."""
        self.connection.execute(SQL("CREATE INDEX ON {} USING brin (pickup_datetime)").format(self.name))
        self.connection.execute(SQL("ANALYZE {}").format(self.name))
