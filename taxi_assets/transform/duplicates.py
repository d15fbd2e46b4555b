"""Finds rows that are identical, in every published column, to an earlier row of their file.

Rows are compared by a 64-bit hash: in a month of 20 million rows one false match is expected in 100,000 months. The
hashes seen so far are kept in sorted runs of 8 bytes a row, the older ones on disk, so that memory does not grow with
the month. A filter of fixed size in front of them recognizes nearly all new rows as new.
"""

from __future__ import annotations

import mmap
import zlib
from pathlib import Path
from tempfile import TemporaryFile
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Hashes = NDArray[np.uint64]

HELD_ROWS = 1 << 19
"""A run of this length or more goes to disk."""
_MULTIPLIERS = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))
"""The multipliers of splitmix64."""
_NULL = np.uint64(0x9E3779B97F4A7C15)
_UNSIGNED: dict[int, type[np.unsignedinteger]] = {64: np.uint64, 32: np.uint32, 16: np.uint16}


class SeenRows:
    """Remembers the rows of a file, and tells which ones it has seen before.

    `folder` takes the runs that are too long for memory. They are files without a name, which disappear with the
    process however it ends. Without a folder they go to the system's temporary folder, which may be in memory.
    """

    def __init__(self, folder: Path | None = None, held_rows: int = HELD_ROWS) -> None:
        self._folder = folder
        self._held_rows = held_rows
        self._held: list[Hashes] = []
        self._spilled: list[mmap.mmap] = []
        self._filter = _Filter()

    def repeats(self, batch: pa.RecordBatch) -> NDArray[np.bool_]:
        """For each row of the batch whether it is identical to an earlier one; the batch then counts as seen."""
        hashes = row_hashes(batch)
        ordered = np.sort(hashes)
        again = np.zeros(len(hashes), bool)
        if (ordered[1:] == ordered[:-1]).any():
            order = np.argsort(hashes, kind="stable")
            again[order[1:]] = hashes[order[1:]] == hashes[order[:-1]]
        suspects = ordered[self._filter.perhaps_seen(ordered)]
        known = suspects[self._seen(suspects)]
        if len(known):
            again |= np.isin(hashes, known)
        self._remember(ordered)
        return again

    def _seen(self, suspects: Hashes) -> NDArray[np.bool_]:
        """Which of the suspects, in ascending order, are in one of the runs."""
        seen = np.zeros(len(suspects), bool)
        if len(suspects):
            for run in self._held:
                seen |= _contains(run, suspects)
            for spilled in self._spilled:
                seen |= _contains(np.frombuffer(spilled, np.uint64), suspects)
                spilled.madvise(mmap.MADV_DONTNEED)  # else what was looked at stays in memory
        return seen

    def _remember(self, ordered: Hashes) -> None:
        """Keeps the hashes as a run. A run as long as the one before it is merged into it, so that runs stay few."""
        if len(ordered) == 0:
            return
        self._held.append(ordered)
        while len(self._held) > 1 and len(self._held[-2]) <= 2 * len(self._held[-1]):
            last = self._held.pop()
            merged = np.concatenate([self._held.pop(), last])
            merged.sort(kind="stable")  # linear in what is two sorted runs
            self._held.append(merged)
        if len(self._held[-1]) >= self._held_rows:
            self._spilled.append(_on_disk(self._held.pop(), self._folder))


class _Filter:
    """A Bloom filter: recognizes most new hashes as new. Each hash has three bits in one of two million words.

    It takes one new row in a thousand for a seen one in a month of 5.5 million rows, two in a hundred in 20 million.
    """

    _WORD_BITS = np.uint64(21)

    def __init__(self) -> None:
        self._words = np.zeros(1 << int(self._WORD_BITS), np.uint64)

    def perhaps_seen(self, hashes: Hashes) -> NDArray[np.bool_]:
        """False for hashes that are certainly new. Afterwards all of them count as seen."""
        places = (hashes >> (np.uint64(64) - self._WORD_BITS)).astype(np.int64)
        bits = np.zeros(len(hashes), np.uint64)
        for shift in (0, 6, 12):
            bits |= np.uint64(1) << (hashes >> np.uint64(shift) & np.uint64(63))
        seen: NDArray[np.bool_] = self._words[places] & bits == bits
        np.bitwise_or.at(self._words, places, bits)
        return seen


def _contains(run: Hashes, wanted: Hashes) -> NDArray[np.bool_]:
    places = np.searchsorted(run, wanted)
    found: NDArray[np.bool_] = run[np.minimum(places, len(run) - 1)] == wanted
    return found


def _on_disk(run: Hashes, folder: Path | None) -> mmap.mmap:
    """The run as a memory-mapped file, which has no name any more and lasts as long as the mapping."""
    with TemporaryFile(dir=folder) as file:
        file.write(run.data)
        file.flush()
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


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
    """The values as 64 bits each; equal values have equal bits in every batch."""
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
    """The values of a fixed-width array as a NumPy array over the same memory, null slots included."""
    return np.frombuffer(array.buffers()[1], kind)[array.offset : array.offset + len(array)]
