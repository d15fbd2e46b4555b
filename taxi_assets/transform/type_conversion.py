"""Values of a published column → the canonical type of ours, without losing a digit.

Older eras wrote codes as text, flags as numbers, and times as strings; files that went through pandas or a spreadsheet
have whole numbers as doubles, texts in dictionaries, `NULL` and `nan` for what is missing. A value that does not fit
its column becomes null and is told of with its row, so that the row can be kept apart as published; a column whose type
cannot be what it should be is an error.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from taxi_assets.errors import ContractError
from taxi_assets.model.columns import Column, Kind
from taxi_assets.transform.arrow import literal, text_array
from taxi_assets.transform.times import ISO, TimeFormat, format_of, is_zoned

NULL_WORDS = ("", "NULL", "Null", "null", "NaN", "nan", "NAN", "NA", "N/A", "None", "NaT", "\\N")
"""What programs write where nothing is: pandas, Spark, R, Postgres."""
_NULL_WORDS = frozenset(word.lower() for word in NULL_WORDS)
_WHOLE = re.compile(r"[-+]?\d+")
_WHOLE_AS_FLOAT = re.compile(r"-?\d+\.0*")
_NUMBER = r"^[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$"
_WHOLE_KINDS = {Kind.CODE, Kind.LONG, Kind.FLAGS}
_BOUNDS = {Kind.CODE: 2**15, Kind.FLAGS: 2**31, Kind.LONG: 2**40, Kind.FLOAT: 10**9}
"""A number is below its column's bound: so 20 million of them, in cents, add up exactly in 64 bits."""
_SAMPLE = 1_000
"""Values of a column's first batch that its time format is found from."""


def csv_type(column: Column, first_value: str) -> pa.DataType:
    """The type to parse a CSV column as, by its first value: text where it does not look like the column's type."""
    value = first_value.strip()
    if column.kind in _WHOLE_KINDS and value:
        if _WHOLE_AS_FLOAT.fullmatch(value):
            return pa.float64()
        if not _WHOLE.fullmatch(value):
            return pa.string()
    if column.kind is Kind.TIMESTAMP and value and not ISO.count([value]):
        return pa.string()
    return pa.type_for_alias(column.kind.value.arrow)


@dataclass(frozen=True)
class Converted:
    """A batch of a column in its canonical type; `misfits`: by row in the batch, the values that do not fit it."""

    values: pa.Array
    misfits: Mapping[int, str] = field(default_factory=dict)


class Converter:
    """Converts a published column, batch after batch; the format of its times is found in the first and kept."""

    def __init__(self, column: Column) -> None:
        self._column = column
        self._type = pa.type_for_alias(column.kind.value.arrow)
        self._times: TimeFormat | None = None

    def convert(self, array: pa.Array | None, rows: int) -> Converted:
        """The published values as the column's type; nulls where the file has no such column.

        Raises ContractError for an array of a type whose values cannot be the column's.
        """
        if array is None:
            return Converted(pa.nulls(rows, self._type))
        kind = self._column.kind
        # A dictionary of texts, as the reader asks Parquet for, is looked at once for each of its words.
        if not (kind is Kind.TEXT and self._column.doc and _is_dictionary_of_text(array.type)):
            array = plain(array)
        if self._column.text_of:
            return Converted(_spelled_out(array))
        if not self._column.published or not self._column.doc:
            return Converted(_carried(array))
        if kind is Kind.TIMESTAMP:
            return self._time(array)
        if kind is Kind.TEXT:
            return _text(self._column, array)
        return _number(self._column, array, self._type)

    def _time(self, array: pa.Array) -> Converted:
        if pa.types.is_timestamp(array.type):
            if array.type.tz is not None:
                raise self._refused(f"times of the time zone {array.type.tz}", array)
            self._times = self._times or ISO
            return Converted(array if array.type == self._type else pc.cast(array, self._type, safe=False))
        if pa.types.is_null(array.type):
            return Converted(pa.nulls(len(array), self._type))
        if not is_text(array.type):
            raise self._refused(f"values of type {array.type} and no times", array)
        texts = _cleared(array)
        if self._times is None:
            self._times = self._found(texts)
        times = (self._times or ISO).read(texts)
        return Converted(times, _misfits(array, texts, times))

    def _found(self, texts: pa.Array) -> TimeFormat | None:
        """The format of the column by its first values; None as long as there is none."""
        sample = texts.drop_null().slice(0, _SAMPLE).to_pylist()
        found = format_of(sample)
        if sample and 2 * sum(map(is_zoned, sample)) > len(sample):
            raise self._refused("times with a time zone", texts)
        return found

    def _refused(self, what: str, array: pa.Array) -> ContractError:
        example = next((value for value in array.drop_null().slice(0, 1).to_pylist()), None)
        return ContractError(
            f"Column {self._column.name} holds {what}, for example {example!r}.",
            "TLC's times are New York local time without a zone, such as 2021-01-03 08:07:01. Convert the column, or "
            "load the month from another publisher.",
        )


def plain(array: pa.Array) -> pa.Array:
    """The array without an encoding of its own: dictionaries, views and large strings as ordinary arrays."""
    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    if pa.types.is_string_view(array.type) or pa.types.is_large_string(array.type):
        return pc.cast(array, pa.string())
    if pa.types.is_binary_view(array.type) or pa.types.is_large_binary(array.type):
        return pc.cast(array, pa.binary())
    return array


def _is_dictionary_of_text(arrow_type: pa.DataType) -> bool:
    return bool(pa.types.is_dictionary(arrow_type) and is_text(arrow_type.value_type))


def is_text(arrow_type: pa.DataType) -> bool:
    return bool(pa.types.is_string(arrow_type))


def _carried(array: pa.Array) -> pa.Array:
    """The values of a column that nobody has described, as text that every database takes."""
    return _reworded(_as_text(array), lambda word: None if (meant := _meant(word)) is None else shown(meant))


def _meant(word: str) -> str | None:
    """A word without blanks around it; None for one that means that nothing is there."""
    meant = word.strip()
    return None if meant.lower() in _NULL_WORDS else meant


def _reworded(texts: pa.Array, change: Callable[[str], str | None]) -> pa.Array:
    """Texts with each distinct word changed once."""
    distinct = texts.dictionary_encode()
    published = distinct.dictionary.to_pylist()
    words = [change(word) for word in published]
    return texts if words == published else text_array(words).take(distinct.indices)


def _text(column: Column, array: pa.Array) -> Converted:
    """Text as it is, without blanks around it; numbers and booleans as the texts that stand for them."""
    if pa.types.is_binary(array.type):
        texts, misfits = decoded(array)
        found = _text(column, texts)
        return Converted(found.values, {**found.misfits, **misfits})
    distinct = array
    if not pa.types.is_dictionary(array.type):
        distinct = (array if is_text(array.type) else _as_text(array)).dictionary_encode()
    published = distinct.dictionary.to_pylist()
    words = [None if word is None else _meant(word) for word in published]
    today = [word if word is None else str(column.texts.get(word.lower(), word)) for word in words]
    # No database takes a NUL in a text.
    bad = {place for place, word in enumerate(today) if word is not None and "\x00" in word}
    if today == published and not bad:
        return Converted(distinct.dictionary_decode() if array is distinct or not is_text(array.type) else array)
    kept = [None if place in bad else word for place, word in enumerate(today)]
    values = text_array(kept).take(distinct.indices)
    rows = {} if not bad else {row: place for row, place in enumerate(distinct.indices.to_pylist()) if place in bad}
    return Converted(values, {row: shown(published[place]) for row, place in rows.items()})


def _number(column: Column, array: pa.Array, arrow_type: pa.DataType) -> Converted:
    """Numbers of any width, and texts of numbers, as the column's type; a spelled-out code as its number."""
    if array.type == arrow_type and not pa.types.is_floating(arrow_type):
        return Converted(array)
    if pa.types.is_nested(array.type) or pa.types.is_temporal(array.type) or pa.types.is_binary(array.type):
        raise ContractError(
            f"Column {column.name} holds values of type {array.type} and no numbers.",
            "The column's meaning has changed, or the file is another one's.",
        )
    meant = array
    if is_text(array.type):
        meant = _cleared(array)
        if column.texts:
            meant = _coded(column, meant)
        numbers = _parsed(meant)
    elif pa.types.is_boolean(array.type) or pa.types.is_null(array.type):
        numbers = pc.cast(array, pa.int64())
    elif pa.types.is_decimal(array.type) or pa.types.is_uint64(array.type):
        numbers = pc.cast(array, pa.float64(), safe=False)
    else:
        numbers = array
    if pa.types.is_floating(numbers.type):
        numbers = pc.cast(numbers, pa.float64())
        missing = pc.is_nan(numbers)
        if pc.any(missing).as_py():
            numbers = pc.if_else(missing, pa.nulls(len(numbers), pa.float64()), numbers)
            meant = pc.if_else(missing, pa.nulls(len(meant), meant.type), meant) if not is_text(meant.type) else meant
    numbers = pc.cast(numbers, pa.float64(), safe=False) if column.kind is Kind.FLOAT else numbers
    fitting = _fitting(numbers, _BOUNDS[column.kind], whole=column.kind is not Kind.FLOAT)
    values = pc.cast(fitting, arrow_type, safe=False)
    return Converted(values, _misfits(array, meant, values))


def _fitting(numbers: pa.Array, bound: int, *, whole: bool) -> pa.Array:
    """The numbers below the bound, and only whole ones if they must be; null for others."""
    if pa.types.is_floating(numbers.type):
        # Infinity is below no bound.
        fits = pc.less(pc.abs(numbers), literal(float(bound), pa.float64()))
        if whole:
            fits = pc.and_(fits, pc.equal(pc.floor(numbers), numbers))
    else:
        numbers = pc.cast(numbers, pa.int64())
        above = pc.greater_equal(numbers, literal(-bound, pa.int64()))
        fits = pc.and_(above, pc.less(numbers, literal(bound, pa.int64())))
    if pc.all(fits).as_py() in {True, None}:
        return numbers
    return pc.if_else(fits, numbers, pa.nulls(len(numbers), numbers.type))


def _parsed(texts: pa.Array) -> pa.Array:
    """Texts of numbers as whole numbers where all are, else as doubles; null for a text that is no number."""
    for arrow_type in (pa.int64(), pa.float64()):
        try:
            return pc.cast(texts, arrow_type)
        except pa.ArrowInvalid:
            continue
    numbers = pc.match_substring_regex(texts, _NUMBER)
    return pc.cast(pc.if_else(numbers, texts, pa.nulls(len(texts), pa.string())), pa.float64())


def _coded(column: Column, texts: pa.Array) -> pa.Array:
    """Spelled-out codes as numbers; null for a text without a code, which stays in the column beside."""
    return _reworded(texts, lambda word: _code(word, column.texts))


def _code(word: str, texts: Mapping[str, int | str]) -> str | None:
    if re.match(_NUMBER, word):
        return word
    code = texts.get(word.lower())
    return None if code is None else str(code)


def decoded(array: pa.Array) -> tuple[pa.Array, dict[int, str]]:
    """Bytes as text; null where they are no UTF-8, with those bytes, escaped, by row."""
    try:
        return pc.cast(array, pa.string()), {}
    except pa.ArrowInvalid:
        texts: list[str | None] = []
        misfits: dict[int, str] = {}
        for row, value in enumerate(array.to_pylist()):
            try:
                texts.append(None if value is None else value.decode())
            except UnicodeDecodeError:
                texts.append(None)
                misfits[row] = shown(value)
        return text_array(texts), misfits


def _spelled_out(array: pa.Array) -> pa.Array:
    """What a code column holds besides numbers, as published."""
    if not is_text(array.type):
        return pa.nulls(len(array), pa.string())
    return _reworded(_cleared(array), lambda word: None if re.match(_NUMBER, word) else word)


def _cleared(texts: pa.Array) -> pa.Array:
    """Texts without blanks around them; null for the words that mean that nothing is there."""
    return _reworded(texts, _meant)


def _as_text(array: pa.Array) -> pa.Array:
    """Values of any type as text that people can read: nested ones as JSON, bytes as UTF-8 or escaped."""
    arrow_type = array.type
    if is_text(arrow_type):
        return array
    if pa.types.is_boolean(arrow_type) or pa.types.is_integer(arrow_type) or pa.types.is_decimal(arrow_type):
        return pc.cast(array, pa.string())
    if pa.types.is_floating(arrow_type):
        return pc.cast(pc.cast(array, pa.float64()), pa.string())
    return text_array([_value_text(value) for value in array.to_pylist()])


def _value_text(value: Any) -> str | None:  # noqa: ANN401 any value that Arrow holds
    if value is None:
        return None
    if isinstance(value, bytes):
        return shown(value)
    return json.dumps(value, default=str) if isinstance(value, dict | list | tuple) else str(value)


def _misfits(published: pa.Array, meant: pa.Array, values: pa.Array) -> dict[int, str]:
    """By row the published values that mean something and did not become a value."""
    if values.null_count == meant.null_count:
        return {}
    lost = pc.and_(meant.is_valid(), values.is_null())
    rows = np.flatnonzero(np.frombuffer(pc.cast(lost, pa.uint8()).buffers()[1], np.uint8, len(lost)))
    texts = [published[int(row)].as_py() for row in rows]
    return {int(row): shown(text) for row, text in zip(rows, texts, strict=True)}


def shown(value: object) -> str:
    """A published value as text that every database takes: bytes and control characters are escaped."""
    text = value.decode(errors="backslashreplace") if isinstance(value, bytes) else str(value)
    return text.replace("\x00", "\\x00")
