"""Arrow scalars and constant columns made without pandas; arrays without an encoding of their own.

pyarrow imports pandas (about a second) as soon as it is given a Python value, so every literal of the hot path is
made here.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from numpy.typing import NDArray

_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 naive, as TLC's times
_FORMATS = {
    "int16": "<h",
    "int32": "<i",
    "int64": "<q",
    "double": "<d",
    "timestamp[us]": "<q",
    "duration[us]": "<q",
}


def literal(value: float | bool | datetime | timedelta, arrow_type: pa.DataType) -> pa.Scalar:
    """A `value` as a scalar of `arrow_type`: bool, int16/32/64, double, timestamp[us] or duration[us]."""
    if pa.types.is_boolean(arrow_type):
        data = bytes([bool(value)])
    else:
        data = struct.pack(_FORMATS[str(arrow_type)], _number(value))
    return pa.Array.from_buffers(arrow_type, 1, [None, pa.py_buffer(data)])[0]


def repeated_text(text: str, length: int) -> pa.Array:
    """A string column that holds `text`, which must not be empty, in each of its `length` rows."""
    data = text.encode()
    offsets = np.arange(0, (length + 1) * len(data), len(data), dtype=np.int32)
    return pa.Array.from_buffers(pa.string(), length, [None, pa.py_buffer(offsets), pa.py_buffer(data * length)])


def text_array(words: Sequence[str | None]) -> pa.Array:
    """A string column of the words; null for None."""
    data = [b"" if word is None else word.encode() for word in words]
    offsets = np.cumsum([0, *map(len, data)], dtype=np.int32)
    valid = np.packbits(np.array([word is not None for word in words], np.bool_), bitorder="little")
    buffers = [pa.py_buffer(valid), pa.py_buffer(offsets), pa.py_buffer(b"".join(data))]
    return pa.Array.from_buffers(pa.string(), len(words), buffers)


def repeated_date(day: date, length: int) -> pa.Array:
    """A date32 column that holds `day` in each of its `length` rows."""
    days = (day - _EPOCH.date()).days
    return pa.Array.from_buffers(pa.date32(), length, [None, pa.py_buffer(struct.pack("<i", days) * length)])


def row_numbers(first: int, length: int) -> pa.Array:
    """An int64 column counting from `first`."""
    numbers = np.arange(first, first + length, dtype=np.int64)
    return pa.Array.from_buffers(pa.int64(), length, [None, pa.py_buffer(numbers)])


def floats(array: pa.Array) -> NDArray[np.float64]:
    """The values of a column of doubles, or of times in microseconds since 1970, as doubles; NaN for null."""
    kind = np.float64 if pa.types.is_floating(array.type) else np.int64
    values = np.frombuffer(array.buffers()[1], kind)[array.offset : array.offset + len(array)].astype(np.float64)
    if array.null_count:
        valid = pc.cast(array.is_valid(), pa.uint8())
        values[np.frombuffer(valid.buffers()[1], np.uint8, len(array)) == 0] = np.nan
    return values


def text_lists(flags: Mapping[str, pa.Array], rows: int) -> pa.Array:
    """A list column of `rows` rows: in each row the names of those flags that are true there.

    A flag is a boolean array without nulls.
    """
    names = list(flags)
    bits = [np.frombuffer(pc.cast(flag, pa.uint8()).buffers()[1], np.uint8, rows) for flag in flags.values()]
    row_of, name_of = np.nonzero(np.array(bits).reshape(len(names), rows).T)
    ends = np.concatenate([[0], np.cumsum(np.bincount(row_of, minlength=rows))]).astype(np.int32)
    chosen = pa.Array.from_buffers(pa.int64(), len(name_of), [None, pa.py_buffer(name_of.astype(np.int64))])
    offsets = pa.Array.from_buffers(pa.int32(), rows + 1, [None, pa.py_buffer(ends)])
    return pa.ListArray.from_arrays(offsets, text_array(names).take(chosen))


def plain(array: pa.Array) -> pa.Array:
    """The array without an encoding of its own: extensions, dictionaries, views and large texts as ordinary arrays."""
    if isinstance(array.type, pa.BaseExtensionType) and not isinstance(array.type, pa.UuidType):
        array = array.storage
    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    if pa.types.is_string_view(array.type) or pa.types.is_large_string(array.type):
        return pc.cast(array, pa.string())
    if pa.types.is_binary_view(array.type) or pa.types.is_large_binary(array.type):
        return pc.cast(array, pa.binary())
    return array


def _number(value: float | datetime | timedelta) -> float:
    if isinstance(value, datetime):
        value = value - _EPOCH
    if isinstance(value, timedelta):
        return value // timedelta(microseconds=1)
    return value
