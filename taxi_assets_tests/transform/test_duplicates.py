"""A row is a duplicate exactly when an identical one came before it, however much of what came before is on disk."""

from __future__ import annotations

import errno
import tracemalloc
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import chain, islice, pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from taxi_assets.transform import duplicates
from taxi_assets.transform.duplicates import SeenRows

SCHEMA = pa.schema([("at", pa.timestamp("us")), ("fare", pa.float64()), ("zone", pa.int16()), ("flag", pa.string())])
Row = tuple[datetime | None, float | None, int | None, str | None]
NOON = datetime(2021, 1, 1, 12)  # noqa: DTZ001 TLC's times carry no zone
FEW_ROWS = st.tuples(
    st.sampled_from([None, NOON, NOON + timedelta(microseconds=1)]),
    st.sampled_from([None, 0.0, 8.5, 8.500000000000002]),
    st.sampled_from([None, 0, 1, 265]),
    st.sampled_from([None, "", "Y", "N"]),
)
"""192 of them, so that they repeat."""


def _repeated(rows: Iterable[Any]) -> list[bool]:
    """What a Python set says."""
    seen: set[Any] = set()
    verdicts = []
    for row in rows:
        verdicts.append(row in seen)
        seen.add(row)
    return verdicts


def _batches(rows: Sequence[Row], cuts: Iterable[int]) -> Iterator[pa.RecordBatch]:
    edges = [0, *sorted(cuts), len(rows)]
    for start, end in pairwise(edges):
        columns = zip(*rows[start:end], strict=True) if end > start else [()] * len(SCHEMA)
        arrays = [pa.array(values, field.type) for values, field in zip(columns, SCHEMA, strict=True)]
        yield pa.record_batch(arrays, schema=SCHEMA)


def _numbers(numbers: np.ndarray[Any, np.dtype[np.int64]], batch_rows: int) -> Iterator[pa.RecordBatch]:
    """Numbers as rows of one column."""
    for start in range(0, len(numbers), batch_rows):
        yield pa.record_batch([pa.array(numbers[start : start + batch_rows])], ["number"])


def _verdicts(seen: SeenRows, batches: Iterable[pa.RecordBatch]) -> list[bool]:
    return list(chain.from_iterable(seen.repeats(batch).tolist() for batch in batches))


@pytest.mark.parametrize("filter_bits", [1, 21], ids=["with a filter that lets all pass", "with the usual filter"])
@given(
    rows=st.lists(FEW_ROWS, max_size=120),
    cuts=st.lists(st.integers(0, 120), max_size=12),
    held_rows=st.integers(1, 20),
)
@example(rows=[(None, 8.5, 1, "N")] * 2, cuts=[1, 1], held_rows=20).via("a batch without rows")
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_neither_batches_nor_what_is_held_in_memory_change_the_verdict(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, filter_bits: int, rows: list[Row], cuts: list[int], held_rows: int
) -> None:
    monkeypatch.setattr(duplicates._Filter, "_WORD_BITS", np.uint64(filter_bits))
    batches = _batches(rows, (min(cut, len(rows)) for cut in cuts))
    assert _verdicts(SeenRows(tmp_path, held_rows), batches) == _repeated(rows)


@pytest.mark.parametrize(("batch_rows", "held_rows"), [(32_768, 1 << 19), (10_007, 20_000), (1_000, 1_000)])
def test_of_many_rows_the_repeated_ones_are_found_on_disk_and_in_memory(
    tmp_path: Path, batch_rows: int, held_rows: int
) -> None:
    numbers = np.random.default_rng(1).integers(0, 1 << 40, 200_000)
    numbers[100_000::7] = numbers[:100_000:7]
    numbers[150_000::11] = numbers[149_995:199_995:11]
    seen = SeenRows(tmp_path, held_rows)
    assert _verdicts(seen, _numbers(numbers, batch_rows)) == _repeated(numbers.tolist())


def test_what_is_on_disk_has_no_name_and_so_outlives_nobody(tmp_path: Path) -> None:
    seen = SeenRows(tmp_path, held_rows=1_000)
    numbers = np.arange(50_000)
    assert not any(_verdicts(seen, _numbers(numbers, 1_000)))
    assert list(tmp_path.iterdir()) == []
    assert all(_verdicts(seen, _numbers(numbers, 1_000)))


def test_memory_does_not_grow_with_the_rows(tmp_path: Path) -> None:
    seen = SeenRows(tmp_path, held_rows=1 << 16)
    batches = _numbers(np.arange(3_000_000), 32_768)
    peaks = []
    tracemalloc.start()
    try:
        for count in (30, 60):
            tracemalloc.reset_peak()
            assert not any(seen.repeats(batch).any() for batch in islice(batches, count))
            peaks.append(tracemalloc.get_traced_memory()[1])
    finally:
        tracemalloc.stop()
    assert peaks[1] - peaks[0] < 1 << 20


@pytest.mark.fault(24)
def test_a_full_disk_is_an_error_and_not_a_verdict(small_disk: Path) -> None:
    code = None
    try:
        _verdicts(SeenRows(small_disk, held_rows=1_000), _numbers(np.arange(1_000_000), 32_768))
    except OSError as error:  # kept no longer than this: it would hold the disk
        code = error.errno
    assert code == errno.ENOSPC
