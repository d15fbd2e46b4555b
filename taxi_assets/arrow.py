"""Arrow scalars and constant columns made without pandas.

pyarrow imports pandas (about a second) as soon as it is given a Python value, so every literal of the hot path is
made here.
"""

from __future__ import annotations

import struct
from datetime import date, datetime, timedelta

import numpy as np
import pyarrow as pa

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
    """`value` as a scalar of `arrow_type`: bool, int16/32/64, double, timestamp[us] or duration[us]."""
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


def repeated_date(day: date, length: int) -> pa.Array:
    """A date32 column that holds `day` in each of its `length` rows."""
    days = (day - _EPOCH.date()).days
    return pa.Array.from_buffers(pa.date32(), length, [None, pa.py_buffer(struct.pack("<i", days) * length)])


def row_numbers(first: int, length: int) -> pa.Array:
    """An int64 column counting from `first`."""
    numbers = np.arange(first, first + length, dtype=np.int64)
    return pa.Array.from_buffers(pa.int64(), length, [None, pa.py_buffer(numbers)])


def no_columns_batch(schema: pa.Schema) -> pa.RecordBatch:
    """A record batch of `schema` without rows."""
    return pa.RecordBatch.from_arrays([pa.nulls(0, field.type) for field in schema], schema=schema)


def _number(value: float | datetime | timedelta) -> float:
    if isinstance(value, datetime):
        value = value - _EPOCH
    if isinstance(value, timedelta):
        return value // timedelta(microseconds=1)
    return value
