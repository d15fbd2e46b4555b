"""Arrow record batches in the format of Postgres' binary COPY."""

from __future__ import annotations

from collections.abc import Iterator
from queue import Queue
from threading import Thread

import pyarrow as pa
from pgpq import ArrowToPostgresBinaryEncoder

_QUEUED_BATCHES = 2


def encoded_types(schema: pa.Schema) -> dict[str, str]:
    """For each column the Postgres type that the encoder writes, e.g. `FLOAT8`."""
    columns = ArrowToPostgresBinaryEncoder(schema).schema().columns
    return {column.name: column.data_type.ddl() or "" for column in columns}


def encoded(rows: pa.RecordBatchReader) -> Iterator[tuple[int, bytes]]:
    """The rows in COPY's binary format, encoded in a thread of their own while the server works on the last piece."""
    queue: Queue[tuple[int, bytes] | BaseException | None] = Queue(_QUEUED_BATCHES)
    stop = False

    def encode() -> None:
        try:
            encoder = ArrowToPostgresBinaryEncoder(rows.schema)
            queue.put((0, encoder.write_header()))
            for batch in rows:
                if stop:
                    return
                queue.put((batch.num_rows, encoder.write_batch(batch)))
            queue.put((0, encoder.finish()))
            queue.put(None)
        except BaseException as error:  # noqa: BLE001 raised again where the rows are read
            queue.put(error)

    thread = Thread(target=encode, name="copy-encoder", daemon=True)
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
