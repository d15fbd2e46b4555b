"""Writing sample trips as TLC's publishers write them: CSV with its text forms, Parquet with its types.

Arrow arrays are made from buffers: `pa.array` and `to_numpy` would import pandas, a second of a first run.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from isal import isal_zlib

from taxi_assets.columns import Column, Kind
from taxi_assets.sample.trips import NULL, Trips

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

GZIP_LEVEL: Final = 3
"""ISA-L's best: an eighth of the time of zlib's level 6, as in TLC's mirror, for files a quarter larger."""
GZIP_WINDOW: Final = 16 + isal_zlib.MAX_WBITS
"""Asks for a gzip header, which then has neither name nor time."""


@dataclass(frozen=True, slots=True)
class FileColumn:
    """A column of a published file: its name and Arrow type there, and the canonical column that it holds."""

    name: str
    kind: str
    column: Column


def write_csv(path: Path, columns: Sequence[FileColumn], chunks: Iterable[Trips]) -> None:
    """Unquoted, CRLF, gzipped."""
    gzip = isal_zlib.compressobj(GZIP_LEVEL, isal_zlib.DEFLATED, GZIP_WINDOW)
    with path.open("wb") as file:
        file.write(gzip.compress(",".join(column.name for column in columns).encode() + b"\r\n"))
        for trips in chunks:
            texts = [_texts(column.column, trips[column.column.name]) for column in columns]
            file.write(gzip.compress(_lines(texts)))
        file.write(gzip.flush())


def _lines(fields: Sequence[NDArray[np.bytes_]]) -> bytes:
    """CSV lines. NumPy pads texts with NUL to equal widths; without the NULs they stand side by side."""
    ends = [np.full(1, end) for end in [b","] * (len(fields) - 1) + [b"\r\n"]]
    parts = [part for pair in zip(fields, ends, strict=True) for part in pair]
    lines = np.empty(len(fields[0]), dtype=[(str(place), part.dtype) for place, part in enumerate(parts)])
    for place, part in enumerate(parts):
        lines[str(place)] = part
    return lines.tobytes().translate(None, b"\0")


def _texts(column: Column, values: NDArray[Any]) -> NDArray[np.bytes_]:
    """Values as TLC wrote them; a missing one is empty."""
    if column.kind is Kind.TEXT:
        return values
    if column.kind is Kind.TIMESTAMP:
        texts = values.astype("datetime64[s]").astype("S19")
        texts.view("S1").reshape(-1, 19)[:, 10] = b" "
        return texts
    # Few values are distinct: format those, and look the others up.
    array = pa.Array.from_buffers(pa.int64(), len(values), [None, pa.py_buffer(values)]).dictionary_encode()
    places = np.frombuffer(array.indices.buffers()[1], dtype=np.int32)
    write = str if column.kind is not Kind.FLOAT else _miles if column.unit == "miles" else _dollars
    distinct = ["" if value == NULL else write(value) for value in array.dictionary.to_pylist()]
    return np.array(distinct, dtype=bytes)[places]


def _miles(hundredths: int) -> str:
    """`1.50`, and `.50` below a mile."""
    return f"{hundredths // 100 or ''}.{hundredths % 100:02d}"


def _dollars(cents: int) -> str:
    """`8`, `0.5`, `-12.35`: no more digits than needed."""
    sign, whole, rest = "-" if cents < 0 else "", abs(cents) // 100, abs(cents) % 100
    return f"{sign}{whole}.{rest:02d}".rstrip("0").rstrip(".") if rest else f"{sign}{whole}"


def write_parquet(path: Path, columns: Sequence[FileColumn], chunks: Iterable[Trips]) -> None:
    """One row group per chunk."""
    schema = pa.schema([(column.name, pa.type_for_alias(column.kind)) for column in columns])
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for trips in chunks:
            canonical = [(column.column, field.type) for column, field in zip(columns, schema, strict=True)]
            arrays = [_array(column, kind, trips[column.name]) for column, kind in canonical]
            writer.write_batch(pa.record_batch(arrays, schema=schema))


def _array(column: Column, kind: pa.DataType, values: NDArray[Any]) -> pa.Array:
    if pa.types.is_null(kind):
        return pa.nulls(len(values))
    nothing = b"" if column.kind is Kind.TEXT else NULL
    missing = values == nothing
    bits = pa.py_buffer(np.packbits(~missing, bitorder="little")) if missing.any() else None
    return pa.Array.from_buffers(kind, len(values), [bits, *_data(column, kind, values)])


def _data(column: Column, kind: pa.DataType, values: NDArray[Any]) -> list[pa.Buffer]:
    """Arrow's buffers of values: 8 or 4 bytes each, or the ends of texts and their bytes."""
    if column.kind is Kind.TEXT:
        width = np.int64 if pa.types.is_large_string(kind) else np.int32
        ends = np.concatenate([[0], np.cumsum(np.char.str_len(values))]).astype(width)
        return [pa.py_buffer(ends), pa.py_buffer(values.tobytes().translate(None, b"\0"))]
    if column.kind is Kind.TIMESTAMP:
        return [pa.py_buffer(values * 1_000_000)]
    if column.kind is Kind.FLOAT:
        return [pa.py_buffer(values / 100)]
    return [pa.py_buffer(values.astype(str(kind)))]
