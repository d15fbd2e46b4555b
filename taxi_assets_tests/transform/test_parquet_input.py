"""Parquet files that claim, or hold, more than a month does: refused by their footer, or decoded in bounded memory."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from taxi_assets import bounds
from taxi_assets.errors import CorruptFileError
from taxi_assets.transform.parquet_input import parquet_batches, read_footer


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "month.parquet"


def write(path: Path, rows: int = 10, **columns: Any) -> Path:
    pq.write_table(pa.table({"a": pa.array(range(rows)), **columns}), path, row_group_size=5)
    return path


def refusal(path: Path) -> str:
    with pytest.raises(CorruptFileError) as failure:
        for _ in parquet_batches(path, 1_000):
            pass
    assert not failure.value.retry
    return str(failure.value)


def test_a_whole_file_is_read_in_batches_with_its_texts_as_dictionaries(path: Path) -> None:
    write(path, text=pa.array(["x", None] * 5), nested=pa.array([["y"]] * 10))
    batches = list(parquet_batches(path, 4))
    assert [batch.num_rows for batch in batches] == [4, 1, 3, 2]  # in row groups of 5
    assert pa.types.is_dictionary(batches[0]["text"].type)
    assert [row for batch in batches for row in batch.to_pylist()] == pq.read_table(path).to_pylist()


@pytest.mark.parametrize(
    ("bound", "value", "said"),
    [
        ("ROWS", 9, "claims 10 rows; 9 is the most"),
        ("COLUMNS", 1, "has 2 columns; 1 is the most"),
        ("UNPACKED_BYTES", 10, "bytes; 10 is the most"),
        ("FOOTER_BYTES", 100, "bytes; 100 is the most"),
        ("CELL_BYTES", 3, "values of column b have 4 bytes; 3 is the most"),
    ],
)
@pytest.mark.fault(31)
def test_a_footer_that_claims_more_than_is_allowed_is_refused_before_a_page_is_read(
    path: Path, bound: str, value: int, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(path, b=pa.array([b"abcd"] * 10, pa.binary(4)))
    read_footer(path)
    monkeypatch.setattr(bounds, bound, value)
    with pytest.raises(CorruptFileError, match=said):
        read_footer(path)


@pytest.mark.parametrize("size", [1 << 31, (1 << 32) - 1, 1 << 20])
def test_a_footer_that_claims_to_be_larger_than_the_file_is_refused(path: Path, size: int) -> None:
    data = write(path).read_bytes()
    path.write_bytes(data[:-8] + size.to_bytes(4, "little") + b"PAR1")
    assert "does not end with its footer" in refusal(path)


def test_columns_within_a_nested_one_count(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(path, nested=pa.array([{str(number): 1 for number in range(9)}] * 10))
    monkeypatch.setattr(bounds, "COLUMNS", 9)
    assert "has 10 columns; 9 is the most" in refusal(path)


@pytest.mark.fault(31)
def test_a_small_file_that_decodes_to_a_large_one_is_decoded_bit_by_bit(path: Path) -> None:
    """200 kB of text in each of 50,000 rows: 10 GB in a file of a few kB."""
    text = pa.DictionaryArray.from_arrays(pa.array([0] * 50_000, pa.int32()), pa.array(["x" * 200_000]))
    pq.write_table(pa.table({"text": text, "other": pa.array([1] * 50_000)}), path)
    assert path.stat().st_size < 1 << 20
    before = pa.total_allocated_bytes()
    rows = 0
    for batch in parquet_batches(path, 32_768):
        assert batch.num_rows * 200_000 <= bounds.BATCH_BYTES
        assert pa.total_allocated_bytes() - before < 64 << 20
        rows += batch.num_rows
    assert rows == 50_000


def test_wide_values_come_in_few_rows_at_a_time(path: Path) -> None:
    pq.write_table(pa.table({"wide": pa.array([bytes(100_000)] * 2_000, pa.binary(100_000))}), path)
    assert max(batch.num_rows for batch in parquet_batches(path, 32_768)) * 100_000 <= bounds.BATCH_BYTES


def test_nested_values_are_counted_as_what_they_take_in_python(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    map_of_numbers = pa.map_(pa.string(), pa.int64())
    write(path, nested=pa.array([[1] * 1_000] * 10), map=pa.array([[("x", 1)]] * 10, map_of_numbers))
    monkeypatch.setattr(bounds, "BATCH_BYTES", 300_000)
    assert [batch.num_rows for batch in parquet_batches(path, 10)] == [2, 1, 2, 2, 1, 2]
    monkeypatch.setattr(bounds, "BATCH_BYTES", 100_000)
    assert "A row of the file takes" in refusal(path)


def test_a_value_that_is_too_long_is_refused(path: Path) -> None:
    write(path, text=pa.array(["x" * (bounds.CELL_BYTES + 1)] * 10))
    assert "a value of 262,145 bytes; 262,144 is the most" in refusal(path)


def test_a_footer_without_rows_or_with_other_rows_than_its_groups_is_refused(path: Path) -> None:
    """The first num_rows in a footer is that of the file: a varint in zigzag."""
    data = write(path, rows=60).read_bytes()
    footer = len(data) - 8 - int.from_bytes(data[-8:-4], "little")
    place = data.index(bytes([0x16, 120]), footer)
    path.write_bytes(data[:place] + bytes([0x16, 122]) + data[place + 2 :])
    assert "claims 61 rows, and 60 in its row groups" in refusal(path)
    path.write_bytes(data[:place] + bytes([0x16, 121]) + data[place + 2 :])
    assert "claims -61 rows" in refusal(path)
