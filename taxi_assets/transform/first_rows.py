"""Try-outs: months of which only the first rows are loaded, to see that everything works.

The limit is in the facts of the month's Parquet files and in `source_file` of every row, so that nobody takes a try-out
for the whole month, wherever it is stored. A run without the limit replaces it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

import pyarrow as pa

from taxi_assets.errors import TaxiError
from taxi_assets.transform.reading import TripStream

FIRST_ROWS: Final = "first_rows"
"""The fact in a try-out's Parquet files, and the key in the metadata of its assets: how many rows were asked for."""
REMEDY: Final = "Materialize clean_trips and what comes after it without first_rows to load the whole month."


def take_first(stream: TripStream, rows: int | None) -> TripStream:
    """Limits a stream to its first `rows` rows; None is no limit. Raises TaxiError for a limit below 1."""
    if rows is None:
        return stream
    if rows < 1:
        raise TaxiError(
            f"first_rows is {rows}, and must be 1 or more.", "Leave it out of the run config to load the whole month."
        )
    return replace(stream, batches=_first(stream.batches, rows), first_rows=rows)


def mark(name: str, first_rows: int | None) -> str:
    """Adds to the name of a file or a month that it is a try-out, if it is one."""
    return name if first_rows is None else f"{name} (try-out, first {first_rows} rows)"


def facts_of(stream: TripStream) -> dict[str, str]:
    """The facts for the Parquet files of a try-out; none for a whole month."""
    return {} if stream.first_rows is None else {FIRST_ROWS: str(stream.first_rows)}


def first_rows_of(facts: Mapping[str, Any]) -> int | None:
    """The limit of a try-out, from the facts of a file or the metadata of a materialization; None for a whole month."""
    value = facts.get(FIRST_ROWS)
    return None if value is None else int(value)


def describe(first_rows: int) -> str:
    """A sentence for people that says what a try-out is."""
    return f"A try-out: only the first {first_rows:,} rows of the published file, not the whole month."


def _first(batches: Iterator[pa.RecordBatch], rows: int) -> Iterator[pa.RecordBatch]:
    left = rows
    for batch in batches:
        yield batch.slice(0, left)
        left -= batch.num_rows
        if left <= 0:
            return
