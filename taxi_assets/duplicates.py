"""Finding rows that are identical, in every published column, to an earlier row of their file.

Rows are compared by a 64-bit hash: in a month of 20 million rows one false match is expected in 100,000 months. The
hashes seen so far are kept in sorted runs of growing length, 8 bytes a row; a bitmap in front of them answers for most
rows that they are new.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Hashes = NDArray[np.uint64]

_MULTIPLIERS = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))
"""Those of splitmix64."""
_NULL = np.uint64(0x9E3779B97F4A7C15)
_BITMAP_BITS = 27
_UNSIGNED: dict[int, type[np.unsignedinteger]] = {64: np.uint64, 32: np.uint32, 16: np.uint16}


class SeenRows:
    """The rows of a file seen so far."""

    def __init__(self) -> None:
        self._runs: list[Hashes] = []
        self._bitmap = np.zeros(1 << (_BITMAP_BITS - 3), np.uint8)

    def repeats(self, batch: pa.RecordBatch) -> NDArray[np.bool_]:
        """For each row of the batch whether it is identical to an earlier one; the batch then counts as seen."""
        hashes = row_hashes(batch)
        ordered = np.sort(hashes)
        again = np.zeros(len(hashes), bool)
        if (ordered[1:] == ordered[:-1]).any():
            order = np.argsort(hashes, kind="stable")
            again[order[1:]] = hashes[order[1:]] == hashes[order[:-1]]
        suspects = np.flatnonzero(self._perhaps_seen(hashes))
        for run in self._runs:
            places = np.searchsorted(run, hashes[suspects])
            again[suspects] |= run[np.minimum(places, len(run) - 1)] == hashes[suspects]
        self._remember(ordered)
        return again

    def _perhaps_seen(self, hashes: Hashes) -> NDArray[np.bool_]:
        """False for rows that are surely new. Marks all of them as seen."""
        bits = hashes >> np.uint64(64 - _BITMAP_BITS)
        places = (bits >> np.uint64(3)).astype(np.int64)
        masks = (np.uint8(1) << (bits & np.uint64(7)).astype(np.uint8)).astype(np.uint8)
        seen: NDArray[np.bool_] = (self._bitmap[places] & masks) != 0
        np.bitwise_or.at(self._bitmap, places, masks)
        return seen

    def _remember(self, ordered: Hashes) -> None:
        """Keeps the runs few: one is merged into the next as soon as it has grown as long."""
        self._runs.append(ordered)
        while len(self._runs) > 1 and len(self._runs[-2]) <= 2 * len(self._runs[-1]):
            last = self._runs.pop()
            merged = np.concatenate([self._runs.pop(), last])
            merged.sort(kind="stable")  # linear in what is two sorted runs
            self._runs.append(merged)


def row_hashes(batch: pa.RecordBatch) -> Hashes:
    """One hash per row over all columns of the batch."""
    hashes = np.zeros(batch.num_rows, np.uint64)
    for column in batch.columns:
        hashes ^= _bits(column)
        for multiplier in _MULTIPLIERS:
            hashes *= multiplier
            hashes ^= hashes >> np.uint64(29)
    return hashes


def _bits(column: pa.Array) -> Hashes:
    """64 bits of each value; equal values have equal bits in every batch."""
    if pa.types.is_string(column.type):
        encoded = column.dictionary_encode()
        words = [
            zlib.crc32(word.encode()) | zlib.adler32(word.encode()) << 32 for word in encoded.dictionary.to_pylist()
        ]
        codes = encoded.indices.fill_null(_literal(len(words)))
        table: Hashes = np.array([*words, _NULL], np.uint64)
        return np.take(table, _values(codes, np.int32))
    values: Hashes = _values(column, _UNSIGNED[column.type.bit_width]).astype(np.uint64)
    if column.null_count:
        valid = _values(pc.cast(column.is_valid(), pa.uint8()), np.uint8)
        values = np.where(valid, values, _NULL)
    return values


def _literal(value: int) -> pa.Scalar:
    return pa.Array.from_buffers(pa.int32(), 1, [None, pa.py_buffer(np.array([value], np.int32))])[0]


def _values(array: pa.Array, kind: type[np.integer]) -> NDArray[np.integer]:
    """The values buffer of an array of fixed width as NumPy sees it, null slots included; imports no pandas."""
    return np.frombuffer(array.buffers()[1], kind)[array.offset : array.offset + len(array)]
