"""Copies Arrow record batches into a table of Postgres, by a binary COPY.

One of two encoders writes the rows: pgpq's, or psycopg's where pgpq is not installed; it has no wheel for Linux on ARM.
Both leave the same values in the table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from queue import Queue
from threading import Thread
from typing import Protocol

import psycopg
import pyarrow as pa
import pyarrow.compute as pc
from psycopg.sql import SQL, Identifier

from taxi_assets.errors import TaxiError
from taxi_assets.progress import track

_QUEUED_BATCHES = 2
_ROWS_AS_OBJECTS = 10_000
"""How many rows are Python objects at once: about 10 MB of the widest dataset."""
_MICROSECONDS_TO_2000 = 946_684_800_000_000
_DAYS_TO_2000 = 10_957
"""Arrow counts from 1970, Postgres from 2000."""


def copy_rows(
    connection: psycopg.Connection,
    table: Identifier,
    rows: pa.RecordBatchReader,
    encoder: CopyEncoder,
    total: int | None = None,
) -> int:
    """Copies all rows into the table and returns how many they are; `total`, where it is known, is for the progress.

    The table must be new in the connection's transaction: rows are frozen. Raises TaxiError when Postgres took another
    number of rows than were sent.
    """
    columns = SQL(", ").join(Identifier(name) for name in rows.schema.names)
    statement = SQL("COPY {} ({}) FROM STDIN (FORMAT binary, FREEZE)").format(table, columns)
    sent = size = 0
    work = track("copying", rows=total)
    with connection.cursor() as cursor:
        with cursor.copy(statement) as copy:
            for count, written in encoder.write(copy, rows):
                sent += count
                size += written
                work.update(rows=sent, size=size)
        if cursor.rowcount != sent:
            raise TaxiError(f"Postgres took {cursor.rowcount:,} of {sent:,} rows.", "Nothing was changed.", retry=True)
    return sent


class CopyEncoder(Protocol):
    """Writes rows of Arrow into a COPY ... FROM STDIN (FORMAT binary)."""

    def types(self, schema: pa.Schema) -> dict[str, str]:
        """The Postgres type that is written for each column, such as `FLOAT8`."""

    def write(self, copy: psycopg.Copy, rows: pa.RecordBatchReader) -> Iterator[tuple[int, int]]:
        """Writes all rows; yields after each piece how many rows and bytes it had."""


def copy_encoder() -> CopyEncoder:
    """pgpq's encoder where it is installed; else psycopg's, with which a load takes one and a half times as long."""
    try:
        import pgpq  # noqa: F401
    except ImportError:
        return PsycopgEncoder()
    return PgpqEncoder()


class PgpqEncoder:
    """Encodes whole batches in another thread, while the server works on the previous piece."""

    def types(self, schema: pa.Schema) -> dict[str, str]:
        from pgpq import ArrowToPostgresBinaryEncoder

        columns = ArrowToPostgresBinaryEncoder(schema).schema().columns
        return {column.name: column.data_type.ddl() or "" for column in columns}

    def write(self, copy: psycopg.Copy, rows: pa.RecordBatchReader) -> Iterator[tuple[int, int]]:
        for count, data in _ahead(self._encoded(rows)):
            copy.write(data)
            yield count, len(data)

    def _encoded(self, rows: pa.RecordBatchReader) -> Iterator[tuple[int, bytes]]:
        from pgpq import ArrowToPostgresBinaryEncoder

        encoder = ArrowToPostgresBinaryEncoder(rows.schema)
        yield 0, encoder.write_header()
        for batch in rows:
            yield batch.num_rows, encoder.write_batch(batch)
        yield 0, encoder.finish()


class PsycopgEncoder:
    """Encodes row by row, from Python objects."""

    def types(self, schema: pa.Schema) -> dict[str, str]:
        return {field.name: _format_of(field.type).postgres for field in schema}

    def write(self, copy: psycopg.Copy, rows: pa.RecordBatchReader) -> Iterator[tuple[int, int]]:
        formats = [_format_of(field.type) for field in rows.schema]
        copy.set_types([each.written_as for each in formats])
        for batch in rows:
            for start in range(0, batch.num_rows, _ROWS_AS_OBJECTS):
                piece = batch.slice(start, _ROWS_AS_OBJECTS)
                columns = [each.values(column).to_pylist() for each, column in zip(formats, piece.columns, strict=True)]
                for row in zip(*columns, strict=True):
                    copy.write_row(row)
                yield piece.num_rows, piece.nbytes


@dataclass(frozen=True)
class _Format:
    """How psycopg writes a column of type `postgres`: its `values`, as the type `written_as`, which has the same bytes.

    Times are written as the whole numbers that Postgres stores, because Python's own times end with the year 9999.
    """

    postgres: str
    written_as: str
    values: Callable[[pa.Array], pa.Array] = lambda column: column


def _since_2000(times: pa.Array) -> pa.Array:
    return pc.subtract_checked(times.cast("int64"), _MICROSECONDS_TO_2000)


def _days_since_2000(days: pa.Array) -> pa.Array:
    return pc.subtract_checked(days.cast("int32"), pa.scalar(_DAYS_TO_2000, "int32"))


_FORMATS = {
    "timestamp[us]": _Format("TIMESTAMP", "int8", _since_2000),
    "date32[day]": _Format("DATE", "int4", _days_since_2000),
    "double": _Format("FLOAT8", "float8"),
    "int64": _Format("INT8", "int8"),
    "int32": _Format("INT4", "int4"),
    "int16": _Format("INT2", "int2"),
    "string": _Format("TEXT", "text"),
}
_TEXTS = _Format("TEXT[]", "text[]")


def _format_of(arrow_type: pa.DataType) -> _Format:
    """The format of a column; raises KeyError for a type that no dataset has."""
    if pa.types.is_list(arrow_type) and pa.types.is_string(arrow_type.value_type):
        return _TEXTS
    return _FORMATS[str(arrow_type)]


def _ahead(pieces: Iterator[tuple[int, bytes]]) -> Iterator[tuple[int, bytes]]:
    """The pieces, made in a thread while the previous ones are used."""
    queue: Queue[tuple[int, bytes] | BaseException | None] = Queue(_QUEUED_BATCHES)
    stop = False

    def make() -> None:
        try:
            for piece in pieces:
                if stop:
                    return
                queue.put(piece)
            queue.put(None)
        except BaseException as error:  # noqa: BLE001 raised again where the pieces are used
            queue.put(error)

    thread = Thread(target=make, name="copy-encoder", daemon=True)
    thread.start()
    try:
        while (item := queue.get()) is not None:
            if isinstance(item, BaseException):
                raise item
            yield item
    finally:
        stop = True
        while thread.is_alive():
            while not queue.empty():
                queue.get_nowait()
            thread.join(0.05)
