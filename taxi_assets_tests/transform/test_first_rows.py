"""A try-out reads the first rows of a stream, and no more, and can be told from a month."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa
import pytest

from taxi_assets.errors import TaxiError
from taxi_assets.transform.first_rows import describe, facts_of, first_rows_of, mark, take_first
from taxi_assets.transform.reading import TripStream

SCHEMA = pa.schema([("source_row", pa.int64())])


def _stream(sizes: list[int], read: list[int]) -> TripStream:
    """Batches of these sizes, numbered through; `read` tells which of them were asked for."""

    def batches() -> Iterator[pa.RecordBatch]:
        for place, size in enumerate(sizes):
            read.append(place)
            start = sum(sizes[:place])
            yield pa.record_batch([pa.array(range(start, start + size), pa.int64())], schema=SCHEMA)

    return TripStream(SCHEMA, batches(), ("new",), {"source_row": "row"})


@pytest.mark.parametrize(
    ("rows", "found", "batches"),
    [(1, 1, 1), (9, 9, 1), (10, 10, 1), (11, 11, 2), (30, 30, 3), (31, 30, 3), (10**12, 30, 3)],
)
def test_the_first_rows_come_and_nothing_is_read_after_them(rows: int, found: int, batches: int) -> None:
    read: list[int] = []
    stream = take_first(_stream([10, 10, 10], read), rows)
    numbers = [number for batch in stream.batches for number in batch["source_row"].to_pylist()]
    assert numbers == list(range(found))
    assert read == list(range(batches))
    assert (stream.first_rows, stream.unknown, stream.published) == (rows, ("new",), {"source_row": "row"})


@pytest.mark.parametrize("rows", [0, -5])
def test_fewer_than_one_row_are_refused_with_what_to_do(rows: int) -> None:
    with pytest.raises(TaxiError, match=f"first_rows is {rows}, and must be 1 or more. Leave it out") as caught:
        take_first(_stream([1], []), rows)
    assert not caught.value.retry


def test_a_whole_month_carries_no_mark() -> None:
    stream = take_first(_stream([10], []), None)
    assert facts_of(stream) == {}
    assert first_rows_of(facts_of(stream)) is None
    assert mark("file.csv.gz", stream.first_rows) == "file.csv.gz"


def test_a_try_out_carries_its_limit_in_its_facts_and_in_its_source_file() -> None:
    stream = take_first(_stream([10], []), 5_000)
    assert first_rows_of(facts_of(stream)) == 5_000
    assert mark("file.csv.gz", stream.first_rows) == "file.csv.gz (try-out, first 5000 rows)"
    assert describe(5_000).startswith("A try-out: only the first 5,000 rows")
