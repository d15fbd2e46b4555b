"""Published values as whole numbers or doubles, without losing a digit.

Older eras wrote codes as text and flags as numbers; files that went through pandas or a spreadsheet have whole numbers
as doubles, and NaN for what is missing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from taxi_assets.errors import ContractError
from taxi_assets.model.columns import Column, Kind
from taxi_assets.transform.arrow import literal
from taxi_assets.transform.checksums import scale
from taxi_assets.transform.texts import cleared, is_text, reworded

NUMBER: Final = r"^[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$"


@dataclass(frozen=True)
class Bound:
    """What the numbers of some columns are below, whatever their sign, and why; `what` names the columns for people."""

    below: int
    what: str
    why: str


_EXACT: Final = "20 million of them, the rows of the largest month, add up exactly in 64 bits"
CODES: Final = Bound(2**15, "Codes, zones and counts", "The databases keep 16 bits of them; TLC's codes end with 265.")
SECONDS: Final = Bound(2**38, "Seconds", f"{_EXACT}.")
AMOUNTS: Final = Bound(10**9, "Amounts and distances", f"{_EXACT}, in hundredths.")
DEGREES: Final = Bound(10**5, "Coordinates", f"{_EXACT}, in millionths. TLC's files have some of thousands of degrees.")
BOUNDS: Final = (CODES, SECONDS, AMOUNTS, DEGREES)
"""A number that is not below the bound of its column is no value of it; nor is one that is not finite."""


def bound_of(column: Column) -> Bound:
    """The bound of a column of numbers."""
    if column.kind is Kind.FLOAT:
        return AMOUNTS if scale(column.name) == 100 else DEGREES
    return SECONDS if column.kind is Kind.LONG else CODES


def numbers_of(column: Column, array: pa.Array, arrow_type: pa.DataType) -> tuple[pa.Array, pa.Array]:
    """Numbers of any width, and texts of numbers, as the column's type; a spelled-out code as its number.

    Returns what the published values mean, and the numbers: null where a value that means something does not fit.
    Raises ContractError for a type of values that are no numbers.
    """
    if array.type == arrow_type and not pa.types.is_floating(arrow_type):
        return array, array
    meant, numbers = _read(column, array)
    if pa.types.is_floating(numbers.type):
        numbers = pc.cast(numbers, pa.float64())
        missing = pc.is_nan(numbers)
        if pc.any(missing).as_py():
            numbers = pc.if_else(missing, pa.nulls(len(numbers), pa.float64()), numbers)
            meant = pc.if_else(missing, pa.nulls(len(meant), meant.type), meant) if not is_text(meant.type) else meant
    numbers = pc.cast(numbers, pa.float64(), safe=False) if column.kind is Kind.FLOAT else numbers
    fitting = _fitting(numbers, bound_of(column).below, whole=column.kind is not Kind.FLOAT)
    return meant, pc.cast(fitting, arrow_type, safe=False)


def _read(column: Column, array: pa.Array) -> tuple[pa.Array, pa.Array]:
    """What the values mean, and the numbers that they are, of any type."""
    if is_text(array.type):
        texts = cleared(array)
        if column.texts:
            texts = reworded(texts, lambda word: _code(word, column.texts))
        return texts, _parsed(texts)
    if pa.types.is_boolean(array.type) or pa.types.is_null(array.type):
        return array, pc.cast(array, pa.int64())
    if pa.types.is_decimal(array.type) or pa.types.is_uint64(array.type):
        return array, pc.cast(array, pa.float64(), safe=False)
    if pa.types.is_integer(array.type) or pa.types.is_floating(array.type):
        return array, array
    raise ContractError(
        f"Column {column.name} holds values of type {array.type} and no numbers.",
        "The column's meaning has changed, or the file is another one's.",
    )


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
    numbers = pc.match_substring_regex(texts, NUMBER)
    return pc.cast(pc.if_else(numbers, texts, pa.nulls(len(texts), pa.string())), pa.float64())


def spelled_out(array: pa.Array) -> pa.Array:
    """What a code column holds besides numbers, as published."""
    if not is_text(array.type):
        return pa.nulls(len(array), pa.string())
    return reworded(cleared(array), lambda word: None if re.match(NUMBER, word) else word)


def _code(word: str, texts: Mapping[str, int | str]) -> str | None:
    """The number of a spelled-out code; None for a text without a code, which stays in the column beside."""
    if re.match(NUMBER, word):
        return word
    code = texts.get(word.lower())
    return None if code is None else str(code)
