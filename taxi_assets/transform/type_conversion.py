"""Values of a published column → the canonical type of ours, without losing a digit.

Older eras wrote codes as text, flags as numbers, and times as strings; files that went through pandas or a spreadsheet
have whole numbers as doubles, texts in dictionaries, `NULL` and `nan` for what is missing. A value that does not fit
its column becomes null and is told of with its row, so that the row can be kept apart as published; a column whose type
cannot be what it should be is an error.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from taxi_assets.errors import ContractError
from taxi_assets.model.columns import Column, Kind
from taxi_assets.transform.arrow import plain, text_array
from taxi_assets.transform.carried import as_text, carried
from taxi_assets.transform.numbers import numbers_of, spelled_out
from taxi_assets.transform.texts import (
    LONGEST_MISFIT,
    cleared,
    decoded,
    is_dictionary_of_text,
    is_storable,
    is_text,
    is_utf8,
    meant,
    shown,
)
from taxi_assets.transform.times import ISO, TimeFormat, format_of, is_date, is_zoned, read_iso, within_databases

_WHOLE = re.compile(r"[-+]?\d+")
_WHOLE_AS_FLOAT = re.compile(r"-?\d+\.0*")
_WHOLE_KINDS = {Kind.CODE, Kind.LONG, Kind.FLAGS}
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
    if column.kind is Kind.TIMESTAMP:  # Arrow's parser would read a date as its midnight
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
        undescribed = not (self._column.doc and (self._column.published or self._column.text_of))
        if undescribed:
            return Converted(carried(plain(array)))
        # A dictionary of texts, as the reader asks Parquet for, is looked at once for each of its words.
        if not (self._column.kind is Kind.TEXT and not self._column.text_of and is_dictionary_of_text(array.type)):
            array = plain(array)
        if (is_text(array.type) or is_dictionary_of_text(array.type)) and not is_utf8(array):
            texts, undecodable = decoded(pc.cast(plain(array), pa.binary()))
            found = self._converted(texts)
            return Converted(found.values, {**found.misfits, **undecodable})
        return self._converted(array)

    def _converted(self, array: pa.Array) -> Converted:
        if self._column.text_of:
            return Converted(spelled_out(array))
        if self._column.kind is Kind.TIMESTAMP:
            return self._time(array)
        if self._column.kind is Kind.TEXT:
            return _text(self._column, array)
        meaning, numbers = numbers_of(self._column, array, self._type)
        return Converted(numbers, _misfits(array, meaning, numbers))

    def _time(self, array: pa.Array) -> Converted:
        if pa.types.is_timestamp(array.type):
            if array.type.tz is not None:
                raise self._refused(f"times of the time zone {array.type.tz}", array)
            self._times = self._times or ISO
            times = within_databases(array)
            return Converted(times, _misfits(array, array, times))
        if pa.types.is_null(array.type):
            return Converted(pa.nulls(len(array), self._type))
        if not is_text(array.type):
            raise self._refused(f"values of type {array.type} and no times", array)
        if self._times is None:
            self._times = self._found(array)
        times = read_iso(array) if self._times is ISO else None
        if times is not None:
            return Converted(times)
        texts = cleared(array)
        times = within_databases((self._times or ISO).read(texts))
        return Converted(times, _misfits(array, texts, times))

    def _found(self, array: pa.Array) -> TimeFormat | None:
        """The format of the column by its first values; None as long as there is none."""
        sample = cleared(array.drop_null().slice(0, _SAMPLE)).drop_null().to_pylist()
        found = format_of(sample)
        if 2 * sum(map(is_zoned, sample)) > len(sample):
            raise self._refused("times with a time zone", array)
        if 2 * sum(map(is_date, sample)) > len(sample):
            raise self._refused("dates without a time", array)
        return found

    def _refused(self, what: str, array: pa.Array) -> ContractError:
        examples = as_text(array.drop_null().slice(0, 1)).to_pylist()
        example = "".join(f", for example {repr(text) if is_text(array.type) else text}" for text in examples)
        return ContractError(
            f"Column {self._column.name} holds {what}{example}.",
            "TLC's times are New York local time without a zone, such as 2021-01-03 08:07:01. Convert the column, or "
            "load the month from another publisher.",
        )


def _text(column: Column, array: pa.Array) -> Converted:
    """Text as it is, without blanks around it; numbers and booleans as the texts that stand for them."""
    if pa.types.is_binary(array.type):
        texts, misfits = decoded(array)
        found = _text(column, texts)
        return Converted(found.values, {**found.misfits, **misfits})
    distinct = array
    if not pa.types.is_dictionary(array.type):
        distinct = as_text(array).dictionary_encode()
    published = distinct.dictionary.to_pylist()
    words = [None if word is None else meant(word) for word in published]
    today = [word if word is None else str(column.texts.get(word.lower(), word)) for word in words]
    bad = {place for place, word in enumerate(today) if word is not None and not is_storable(word)}
    if today == published and not bad:
        return Converted(distinct.dictionary_decode() if array is distinct or not is_text(array.type) else array)
    kept = [None if place in bad else word for place, word in enumerate(today)]
    values = text_array(kept).take(distinct.indices)
    rows = {} if not bad else {row: place for row, place in enumerate(distinct.indices.to_pylist()) if place in bad}
    return Converted(values, {row: shown(published[place], LONGEST_MISFIT) for row, place in rows.items()})


def _misfits(published: pa.Array, meaning: pa.Array, values: pa.Array) -> dict[int, str]:
    """By row the published values that mean something and did not become a value."""
    if values.null_count == meaning.null_count:
        return {}
    lost = pc.and_(meaning.is_valid(), values.is_null())
    rows = np.flatnonzero(np.frombuffer(pc.cast(lost, pa.uint8()).buffers()[1], np.uint8, len(lost)))
    texts = as_text(published.take(pa.array(rows))).to_pylist()
    return {int(row): shown(text, LONGEST_MISFIT) for row, text in zip(rows, texts, strict=True)}
