"""Converts the values of a published column to its canonical type, without losing a digit.

Older eras wrote codes as text, flags as numbers, and times as strings; some files have been through pandas, which turns
integers into doubles. A value that would lose something is an error that names the column, the value and the row.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from taxi_assets.errors import ContractError
from taxi_assets.model.columns import Column, Kind

_WHOLE = re.compile(r"-?\d+")
_WHOLE_AS_FLOAT = re.compile(r"-?\d+\.0*")
_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?")
_WHOLE_KINDS = {Kind.CODE, Kind.LONG}
_MISFIT = (pa.ArrowInvalid, pa.ArrowNotImplementedError)


def csv_type(column: Column, first_value: str) -> pa.DataType:
    """The type to parse a CSV column as, judging by its first value: text for a code in words, double for `1.0`."""
    if column.kind in _WHOLE_KINDS and first_value:
        if _WHOLE_AS_FLOAT.fullmatch(first_value):
            return pa.float64()
        if not _WHOLE.fullmatch(first_value):
            return pa.string()
    return pa.type_for_alias(column.kind.value.arrow)


def converted(column: Column, array: pa.Array | None, rows: int, first_row: int) -> pa.Array:
    """Converts published values to the column's type; returns nulls where the file has no such column.

    A pickup time that cannot be read becomes null. Raises ContractError for any other value that does not fit,
    naming it and its row, which is counted from `first_row`.
    """
    arrow_type = pa.type_for_alias(column.kind.value.arrow)
    if array is None:
        return pa.nulls(rows, arrow_type)
    if column.text_of:
        return _spelled_out(array)
    if is_text(array.type):
        array = _without_blanks(array)
        if column.texts:
            array = _translated(column, array)
    if array.type == arrow_type and not pa.types.is_floating(arrow_type):
        return array
    if pa.types.is_timestamp(array.type) and array.type.tz is not None:
        raise ContractError(
            f"{column.name} has the time zone {array.type.tz}; TLC's times have none.",
            "Look at where the file comes from: TLC has not written it like this.",
        )
    try:
        return _cast(array, arrow_type)
    except _MISFIT as error:
        if column.name == "pickup_datetime":
            bad = misfit_pickups(array)
            good = [None if row in bad else value for row, value in enumerate(array.to_pylist())]
            return _cast(pa.array(good, array.type), arrow_type)
        row = _first_misfit(array, arrow_type)
        raise ContractError(
            f"{column.name}: {array[row].as_py()!r} in row {first_row + row} cannot be read as {arrow_type}.",
            "Either the file is damaged there, or the meaning of the column has changed.",
        ) from error


def misfit_pickups(array: pa.Array) -> dict[int, str]:
    """The texts that are not a time, by row; empty ones are not among them."""
    if not is_text(array.type):
        return {}
    array = _without_blanks(array)
    try:
        _cast(array, pa.timestamp("us"))
    except _MISFIT:
        distinct = array.dictionary_encode()
        bad = {text for text in distinct.dictionary.to_pylist() if not _is_time(text)}
        return {row: text for row, text in enumerate(array.to_pylist()) if text in bad}
    return {}


def is_text(arrow_type: pa.DataType) -> bool:
    return bool(pa.types.is_string(arrow_type) or pa.types.is_large_string(arrow_type))


def _cast(array: pa.Array, arrow_type: pa.DataType) -> pa.Array:
    if is_text(array.type) and pa.types.is_integer(arrow_type):
        return pc.cast(pc.cast(array, pa.float64()), arrow_type)
    result = pc.cast(array, arrow_type)
    if pa.types.is_floating(arrow_type):
        not_numbers = pc.is_nan(result)
        if pc.any(not_numbers).as_py():
            return pc.if_else(not_numbers, pa.nulls(len(result), arrow_type), result)
    return result


def _without_blanks(array: pa.Array) -> pa.Array:
    """The texts with null in place of empty ones, which is what CSV means by them."""
    lengths = pc.binary_length(array)
    if pc.min_max(lengths)["min"].as_py() != 0:
        return array
    return pc.if_else(pc.equal(lengths, pc.subtract(lengths, lengths)), pa.nulls(len(array), array.type), array)


def _translated(column: Column, array: pa.Array) -> pa.Array:
    """Replaces the texts of older eras by today's values. A text that has no code becomes null; `text_of` keeps it."""
    encoded = array.dictionary_encode()
    words = encoded.dictionary.to_pylist()
    if column.kind is Kind.TEXT:
        if not any(word.lower() in column.texts for word in words):
            return array
        today = [column.texts.get(word.lower(), word) for word in words]
        return pa.array(today, pa.string()).take(encoded.indices)
    codes = [_code(word, column.texts) for word in words]
    return pa.array(codes, pa.string()).take(encoded.indices)


def _code(word: str, texts: Mapping[str, int | str]) -> str | None:
    word = word.strip()
    if _NUMBER.fullmatch(word):
        return word
    code = texts.get(word.lower())
    return None if code is None else str(code)


def _spelled_out(array: pa.Array) -> pa.Array:
    """The texts that a code column holds, as published; null in place of numbers."""
    if not is_text(array.type):
        return pa.nulls(len(array), pa.string())
    encoded = _without_blanks(array).dictionary_encode()
    words = encoded.dictionary.to_pylist()
    kept = [None if word is None or _NUMBER.fullmatch(word) else word for word in words]
    return pa.array(kept, pa.string()).take(encoded.indices)


def _first_misfit(array: pa.Array, arrow_type: pa.DataType) -> int:
    """The position of the first element that does not convert, found by bisection."""
    low, high = 0, len(array)
    while high - low > 1:
        middle = (low + high) // 2
        try:
            _cast(array.slice(low, middle - low), arrow_type)
            low = middle
        except _MISFIT:
            high = middle
    return low


def _is_time(text: str | None) -> bool:
    if text is None:
        return True
    try:
        pc.cast(pa.array([text]), pa.timestamp("us"))
    except _MISFIT:
        return False
    return True
