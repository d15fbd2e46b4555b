"""Checksums of a month, which are equal in all of its copies: rows, and for each column its nulls and a sum.

The number is a sum that every system computes alike, in whole numbers: of integers as they are, of doubles in
hundredths (coordinates in millionths) rounded half up, of times in seconds since 2009, of dates in days since 1970. For
texts it is a sum over distinct values of how often they occur times the CRC-32 of the value; for texts of columns that
nobody has described, whose values may all differ, of the first 32 bits of each value's MD5, which a database can
compute row by row. A changed value changes the sum of its column. Numbers are bounded where they are read, so that no
sum overflows.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from taxi_assets.transform.arrow import literal

CHECKSUMS = "checksums"
"""The fact of a clean month's Parquet file that holds its checksums as JSON."""
EPOCH = datetime(2009, 1, 1)  # noqa: DTZ001 naive, as TLC's times
_EPOCH_MICROSECONDS = (EPOCH - datetime(1970, 1, 1)) // timedelta(microseconds=1)  # noqa: DTZ001


@dataclass(frozen=True)
class Checksums:
    """The rows of a month, and for each column the pair (null count, sum)."""

    rows: int
    columns: Mapping[str, tuple[int, int]]

    def differences(self, other: Checksums) -> list[str]:
        """What differs, in words, one line per column. A column that only one copy has must be all null there."""
        found = [] if self.rows == other.rows else [f"rows: {self.rows:,} and {other.rows:,}"]
        for name in dict.fromkeys([*self.columns, *other.columns]):
            mine, theirs = self.columns.get(name, (self.rows, 0)), other.columns.get(name, (other.rows, 0))
            if mine[0] != theirs[0]:
                found.append(f"{name}: {mine[0]:,} and {theirs[0]:,} nulls")
            elif mine[1] != theirs[1]:
                found.append(f"{name}: sums {mine[1]:,} and {theirs[1]:,}")
        return found

    def to_json(self) -> str:
        return json.dumps({"rows": self.rows, "columns": self.columns})

    @classmethod
    def from_json(cls, text: str) -> Checksums:
        facts = json.loads(text)
        return cls(facts["rows"], {name: (nulls, total) for name, (nulls, total) in facts["columns"].items()})


@dataclass
class ChecksumBuilder:
    """Checksums of a stream of record batches, built up batch by batch; `carried` are the undescribed columns."""

    carried: frozenset[str] = frozenset()
    rows: int = 0
    nulls: Counter[str] = field(default_factory=Counter)
    sums: Counter[str] = field(default_factory=Counter)

    def add(self, batch: pa.RecordBatch) -> None:
        self.rows += batch.num_rows
        for name, column in zip(batch.schema.names, batch.columns, strict=True):
            self.nulls[name] += column.null_count
            self.sums[name] += _sum(name, column, md5_number if name in self.carried else crc32_number)

    def checksums(self) -> Checksums:
        return Checksums(self.rows, {name: (self.nulls[name], self.sums[name]) for name in self.nulls})


def from_groups(texts: Sequence[str], numbers: Sequence[str], groups: Iterable[Sequence[Any]]) -> Checksums:
    """The checksums of a table, from one query that groups it by its text columns.

    A group has its texts, its number of rows, and for each other column how many values there are and the sum of their
    whole numbers.
    """
    summing = ChecksumBuilder()
    for name in (*texts, *numbers):
        summing.nulls[name] = summing.sums[name] = 0
    for group in groups:
        words, rows, facts = group[: len(texts)], int(group[len(texts)]), group[len(texts) + 1 :]
        summing.rows += rows
        for name, word in zip(texts, words, strict=True):
            summing.nulls[name] += rows if word is None else 0
            summing.sums[name] += 0 if word is None else crc32_number(word) * rows
        for name, values, total in zip(numbers, facts[::2], facts[1::2], strict=True):
            summing.nulls[name] += rows - int(values)
            summing.sums[name] += int(total or 0)
    return summing.checksums()


def scale(name: str) -> int:
    """The factor of a column of doubles before rounding: to cents, hundredths of miles, or millionths of degrees."""
    return 1_000_000 if name.endswith(("longitude", "latitude")) else 100


def crc32_number(word: str) -> int:
    return zlib.crc32(word.encode())


def md5_number(word: str) -> int:
    """The first 32 bits of the text's MD5."""
    return int(hashlib.md5(word.encode(), usedforsecurity=False).hexdigest()[:8], 16)


def _sum(name: str, column: pa.Array, number: Callable[[str], int]) -> int:
    if column.null_count == len(column):
        return 0
    if pa.types.is_string(column.type):
        encoded = column.dictionary_encode()
        codes = np.frombuffer(encoded.indices.buffers()[1], np.int32, len(column))
        valid = codes if column.null_count == 0 else codes[_valid(column)]
        counts = np.bincount(valid, minlength=len(encoded.dictionary)).tolist()
        words = zip(encoded.dictionary.to_pylist(), counts, strict=True)
        return sum(number(word) * count for word, count in words)
    return int(pc.sum(_whole_numbers(name, column)).as_py())


def _whole_numbers(name: str, column: pa.Array) -> pa.Array:
    if pa.types.is_floating(column.type):
        scaled = pc.multiply(column, literal(float(scale(name)), pa.float64()))
        return pc.cast(pc.floor(pc.add(scaled, literal(0.5, pa.float64()))), pa.int64())
    if pa.types.is_timestamp(column.type):
        microseconds = pc.subtract(pc.cast(column, pa.int64()), literal(_EPOCH_MICROSECONDS, pa.int64()))
        return pc.divide(microseconds, literal(1_000_000, pa.int64()))
    if pa.types.is_date(column.type):
        return pc.cast(column, pa.int32())
    return column


def _valid(column: pa.Array) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    return np.frombuffer(pc.cast(column.is_valid(), pa.uint8()).buffers()[1], np.uint8, len(column)).astype(bool)
