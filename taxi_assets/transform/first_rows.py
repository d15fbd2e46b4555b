"""Try-outs: a month of which only the first rows are loaded, to see that everything works, and how it is told apart.

The number of rows stands in the facts of the month's Parquet files and in `source_file` of every row, so that nobody
takes a try-out for the month, wherever it lies. A run without the limit replaces it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

import pyarrow as pa

from taxi_assets.errors import TaxiError
from taxi_assets.transform.reading import TripStream

FIRST_ROWS: Final = "first_rows"
"""The fact of a try-out's Parquet files, and the key of its assets' metadata: how many rows were asked for."""
REMEDY: Final = "Materialize clean_trips and what comes after it without first_rows to load the whole month."


def take_first(stream: TripStream, rows: int | None) -> TripStream:
    """The stream up to its first `rows` rows; all of it without a limit. Raises TaxiError for a limit below 1."""
    if rows is None:
        return stream
    if rows < 1:
        raise TaxiError(
            f"first_rows is {rows}, and must be 1 or more.", "Leave it out of the run config to load the whole month."
        )
    return replace(stream, batches=_first(stream.batches, rows), first_rows=rows)


def mark(name: str, first_rows: int | None) -> str:
    """The name of a file or a month; that of a try-out says so."""
    return name if first_rows is None else f"{name} (try-out, first {first_rows} rows)"


def facts_of(stream: TripStream) -> dict[str, str]:
    """What the Parquet files made from the stream say of it; nothing of a whole month."""
    return {} if stream.first_rows is None else {FIRST_ROWS: str(stream.first_rows)}


def first_rows_of(facts: Mapping[str, Any]) -> int | None:
    """The limit of a try-out, by the facts of a Parquet file or the metadata of a materialization; None of a month."""
    value = facts.get(FIRST_ROWS)
    return None if value is None else int(value)


def describe(first_rows: int) -> str:
    """What a try-out is, in a sentence."""
    return f"A try-out: only the first {first_rows:,} rows of the published file, not the whole month."


def _first(batches: Iterator[pa.RecordBatch], rows: int) -> Iterator[pa.RecordBatch]:
    left = rows
    for batch in batches:
        yield batch.slice(0, left)
        left -= batch.num_rows
        if left <= 0:
            return
