"""Writes sample trips as TLC's files have them: CSV with its line ends, Parquet with its types.

Arrow arrays are made from buffers: `pa.array` and `to_numpy` would import pandas, a second of a first run.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from isal import isal_zlib

from taxi_assets.model.columns import Kind
from taxi_assets.publishers.sample.csv_text import ValueFormat, csv_texts
from taxi_assets.publishers.sample.trips import NULL, Bytes, Trips

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from taxi_assets.model.eras import Layout

LINE_END: Final = b"\r\n"
GZIP_LEVEL: Final = 3
"""The highest level of ISA-L: an eighth of the time of zlib's level 6, which TLC's mirror has, and a quarter larger."""
GZIP_WINDOW: Final = 16 + isal_zlib.MAX_WBITS
"""Asks for a gzip header, which then has neither name nor time."""


@dataclass(frozen=True, slots=True)
class FileColumn:
    """A column of a published file: its name and Arrow type there, the values it shows, and how those are held.

    `key` names the values among those of the trips: mostly the canonical name of the column.
    """

    name: str
    kind: str
    key: str
    held: ValueFormat


def write_csv(path: Path, era: Layout, columns: Sequence[FileColumn], chunks: Iterable[Trips]) -> None:
    """Writes the trips as gzipped CSV that looks as the layout says."""
    gzip = isal_zlib.compressobj(GZIP_LEVEL, isal_zlib.DEFLATED, GZIP_WINDOW)
    with path.open("wb") as file:
        file.write(gzip.compress(_header(era, columns)))
        for trips in chunks:
            fields = [csv_texts(column.held, trips[column.key]) for column in columns]
            file.write(gzip.compress(_lines(era, fields)))
        file.write(gzip.flush())


def _header(era: Layout, columns: Sequence[FileColumn]) -> bytes:
    quote = '"' if era.quoted else ""
    names = ",".join(f"{quote}{column.name}{quote}" for column in columns).encode()
    return names + (b"\n" + LINE_END if era.blank_line else LINE_END)


def _lines(era: Layout, fields: Sequence[Bytes]) -> bytes:
    """The CSV lines of a chunk. NumPy pads texts with NUL to equal widths; removing the NULs joins the fields."""
    quote = b'"' if era.quoted else b""
    between, end = quote + b"," + quote, quote + b"," * era.stray_fields + LINE_END
    parts = [np.full(1, quote)] if quote else []
    for place, field in enumerate(fields):
        parts += [field, np.full(1, between if place < len(fields) - 1 else end)]
    lines = np.empty(len(fields[0]), dtype=[(str(place), part.dtype) for place, part in enumerate(parts)])
    for place, part in enumerate(parts):
        lines[str(place)] = part
    return lines.tobytes().translate(None, b"\0")


def write_parquet(path: Path, columns: Sequence[FileColumn], chunks: Iterable[Trips]) -> None:
    """Writes the trips as Parquet, one row group per chunk."""
    schema = pa.schema([(column.name, pa.type_for_alias(column.kind)) for column in columns])
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for trips in chunks:
            arrays = [
                _array(column.held, field.type, trips[column.key])
                for column, field in zip(columns, schema, strict=True)
            ]
            writer.write_batch(pa.record_batch(arrays, schema=schema))


def _array(held: ValueFormat, kind: pa.DataType, values: NDArray[Any]) -> pa.Array:
    if pa.types.is_null(kind):
        return pa.nulls(len(values))
    is_text = pa.types.is_string(kind) or pa.types.is_large_string(kind)
    if is_text:
        values = csv_texts(held, values)
    elif held.kind is Kind.TEXT:
        held, values = ValueFormat(Kind.CODE), _numbers(values)
    missing = values == (b"" if is_text else NULL)
    bits = pa.py_buffer(np.packbits(~missing, bitorder="little")) if missing.any() else None
    buffers = _text_buffers(kind, values) if is_text else [_number_buffer(held, kind, values)]
    return pa.Array.from_buffers(kind, len(values), [bits, *buffers])


def _numbers(digits: Bytes) -> NDArray[np.int64]:
    numbers = np.full(len(digits), NULL, dtype=np.int64)
    numbers[digits != b""] = digits[digits != b""].astype(np.int64)
    return numbers


def _text_buffers(kind: pa.DataType, values: Bytes) -> list[pa.Buffer]:
    """The two buffers of a text column: the ends of the texts, and their bytes."""
    width = np.int64 if pa.types.is_large_string(kind) else np.int32
    ends = np.concatenate([[0], np.cumsum(np.char.str_len(values))]).astype(width)
    return [pa.py_buffer(ends), pa.py_buffer(values.tobytes().translate(None, b"\0"))]


def _number_buffer(held: ValueFormat, kind: pa.DataType, values: NDArray[np.int64]) -> pa.Buffer:
    """The buffer of a number column, with 8 or 4 bytes per value."""
    if held.kind is Kind.TIMESTAMP:
        return pa.py_buffer(values * 1_000_000)
    if held.kind is Kind.FLOAT:
        return pa.py_buffer(values / held.scale)
    return pa.py_buffer(values.astype(str(kind)))
