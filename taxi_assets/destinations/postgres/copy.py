"""Arrow record batches written into a binary COPY of Postgres.

Two encoders do it, and `copy_encoder` chooses: pgpq's, or psycopg's own where pgpq cannot be had, as on Linux on ARM,
for which it has no wheel. What arrives in the table is the same.
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

_QUEUED_BATCHES = 2
_ROWS_AS_OBJECTS = 10_000
"""As many are Python objects at once: about 10 MB of the widest dataset."""
_MICROSECONDS_TO_2000 = 946_684_800_000_000
_DAYS_TO_2000 = 10_957
"""Arrow counts from 1970 on, Postgres from 2000 on."""


class CopyEncoder(Protocol):
    """Writes rows of Arrow into a COPY ... FROM STDIN (FORMAT binary)."""

    def types(self, schema: pa.Schema) -> dict[str, str]:
        """For each column the Postgres type that is written, e.g. `FLOAT8`."""

    def write(self, copy: psycopg.Copy, rows: pa.RecordBatchReader) -> Iterator[tuple[int, int]]:
        """Writes all rows; yields, piece by piece, how many rows and bytes were written."""


def copy_encoder() -> CopyEncoder:
    """pgpq's where it can be imported, else psycopg's, with which a load takes one and a half times as long."""
    try:
        import pgpq  # noqa: F401
    except ImportError:
        return PsycopgEncoder()
    return PgpqEncoder()


class PgpqEncoder:
    """Encodes whole batches, in a thread of its own while the server works on the last piece."""

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

    Times go as whole numbers, as which Postgres keeps them: Python's own end with the year 9999.
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
    """KeyError for a type no column of ours has."""
    if pa.types.is_list(arrow_type) and pa.types.is_string(arrow_type.value_type):
        return _TEXTS
    return _FORMATS[str(arrow_type)]


def _ahead(pieces: Iterator[tuple[int, bytes]]) -> Iterator[tuple[int, bytes]]:
    """The pieces, made in a thread while the last ones are used."""
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
