"""Values of any type that Arrow has, as text that people can read and every database takes.

So are columns carried along that nobody has described: no type and no value of theirs can refuse a month.
"""

from __future__ import annotations

import json
import math
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from taxi_assets.transform.arrow import plain, text_array
from taxi_assets.transform.texts import is_text, is_utf8, meant, reworded, shown

_ZERO_FRACTION = r"\.0+$"


def carried(array: pa.Array) -> pa.Array:
    """The values of a column that nobody has described; null where a text means that nothing is there."""
    return reworded(as_text(array), lambda word: None if (text := meant(word)) is None else shown(text))


def as_text(array: pa.Array) -> pa.Array:
    """Values as text: times as ISO, those with a zone in UTC; nested ones as JSON; bytes as UTF-8 or escaped."""
    arrow_type = array.type
    if is_text(arrow_type):
        return array if is_utf8(array) else as_text(pc.cast(array, pa.binary()))
    if pa.types.is_timestamp(arrow_type) and arrow_type.tz is not None:
        in_utc = as_text(pc.cast(array, pa.timestamp(arrow_type.unit)))
        return pc.binary_join_element_wise(in_utc, text_array(["+00:00"])[0], text_array([""])[0])
    if pa.types.is_interval(arrow_type):
        return text_array([None if value is None else str(value) for value in array.to_pylist()])
    if pa.types.is_temporal(arrow_type):
        # Not through Python, whose times end with the year 9999.
        return pc.replace_substring_regex(pc.cast(array, pa.string()), _ZERO_FRACTION, "")
    if pa.types.is_primitive(arrow_type) or pa.types.is_decimal(arrow_type):
        return pc.cast(array, pa.string())
    if pa.types.is_nested(arrow_type):
        values = (None if value is None else json.dumps(value, ensure_ascii=False) for value in _objects(array))
        return text_array(list(values))
    return text_array([None if value is None else shown(value) for value in array.to_pylist()])


def _objects(array: pa.Array) -> list[Any]:
    """Values as JSON has them: numbers, booleans, lists and objects; everything else as text."""
    array = plain(array)
    arrow_type = array.type
    if pa.types.is_map(arrow_type):
        pairs = [pa.field("key", arrow_type.key_type), pa.field("value", arrow_type.item_type)]
        array = pc.cast(array, pa.list_(pa.struct(pairs)))
    if pa.types.is_struct(array.type):
        return _rows_of_struct(array)
    if pa.types.is_nested(array.type):
        return _rows_of_lists(array)
    if pa.types.is_floating(array.type):
        values = pc.cast(array, pa.float64()).to_pylist()
        return [value if value is None or math.isfinite(value) else str(value) for value in values]
    if pa.types.is_integer(array.type) or pa.types.is_boolean(array.type) or pa.types.is_null(array.type):
        return list(array.to_pylist())
    return [None if text is None else shown(text) for text in as_text(array).to_pylist()]


def _rows_of_struct(array: pa.StructArray) -> list[Any]:
    """Objects by the names of the fields, of which the last counts where two have the same name."""
    fields = [field.name for field in array.type]
    columns = [_objects(column) for column in array.flatten()]
    rows = zip(*columns, strict=True) if columns else [()] * len(array)
    valid = array.is_valid().to_pylist()
    return [dict(zip(fields, row, strict=True)) if there else None for row, there in zip(rows, valid, strict=True)]


def _rows_of_lists(array: pa.Array) -> list[Any]:
    values = iter(_objects(array.flatten()))
    lengths = pc.list_value_length(array).to_pylist()
    return [None if length is None else [next(values) for _ in range(length)] for length in lengths]
