"""Writes values as TLC's CSV files do: numbers, times and missing values look different in each era."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa

from taxi_assets.model.columns import Column, Kind
from taxi_assets.publishers.sample.old_taxis import FIRST_WITH_CODES
from taxi_assets.publishers.sample.trips import NULL, Bytes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from taxi_assets.model.datasets import Dataset
    from taxi_assets.model.months import Month

CENTS: Final = 100
HUNDREDTHS: Final = 100
THOUSANDTHS: Final = 1_000
MILLIONTHS: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class ValueFormat:
    """How trips hold the values of a column, in whole numbers of `1 / scale` units, and how CSV writes them."""

    kind: Kind
    scale: int = 1
    write: Callable[[int], str] = str


def value_format(dataset: Dataset, month: Month, column: Column) -> ValueFormat:
    """The format of a canonical column's values in the files of a month."""
    if column.kind is not Kind.FLOAT:
        return ValueFormat(column.kind)
    held = ValueFormat(Kind.FLOAT, CENTS, dollars)
    if column.unit == "miles":
        held = ValueFormat(Kind.FLOAT, HUNDREDTHS, miles)
    if column.name == "trip_miles":
        held = ValueFormat(Kind.FLOAT, THOUSANDTHS, digits(THOUSANDTHS))
    if column.unit.startswith("degrees"):
        held = ValueFormat(Kind.FLOAT, MILLIONTHS, degrees)
    if dataset.name == "yellow" and month < FIRST_WITH_CODES:
        return replace(held, write=digits(held.scale))
    return held


def csv_texts(held: ValueFormat, values: NDArray[Any]) -> Bytes:
    """Values as the CSV files have them; a missing one is empty."""
    if held.kind is Kind.TEXT:
        return values
    if held.kind is Kind.TIMESTAMP:
        times = values.astype("datetime64[s]").astype("S19")
        times.view("S1").reshape(-1, 19)[:, 10] = b" "
        times[values == NULL] = b""
        return times
    # Mostly few values are distinct: format those, and look the others up.
    array = pa.Array.from_buffers(pa.int64(), len(values), [None, pa.py_buffer(values)]).dictionary_encode()
    places = np.frombuffer(array.indices.buffers()[1], dtype=np.int32)
    distinct = ["" if value == NULL else held.write(value) for value in array.dictionary.to_pylist()]
    return np.array(distinct, dtype=bytes)[places]


def miles(hundredths: int) -> str:
    """Writes `1.50`, and `.50` below a mile."""
    return f"{hundredths // 100 or ''}.{hundredths % 100:02d}"


def dollars(cents: int) -> str:
    """Writes `8`, `0.5`, `-12.35`: no more digits than needed."""
    sign, whole, rest = "-" if cents < 0 else "", abs(cents) // 100, abs(cents) % 100
    return f"{sign}{whole}.{rest:02d}".rstrip("0").rstrip(".") if rest else f"{sign}{whole}"


def digits(scale: int) -> Callable[[int], str]:
    """Writes `2.6299999999999999`, `5`: 17 digits of the nearest double, as in yellow files of 2009 to 2014."""
    return lambda value: f"{value / scale:.17g}"


def degrees(millionths: int) -> str:
    """Writes `-73.949905395507813`, `0`: 17 digits of the nearest 4-byte float, as in files of 2013 to 2016."""
    sign, size = "-" if millionths < 0 else "", abs(millionths)
    # Such a float has 24 binary digits: 17 of them after the point from 64 degrees on, 18 from 32.
    bits = 17 if size >= 64 * MILLIONTHS else 18
    nearest = (2 * (size << bits) + MILLIONTHS) // (2 * MILLIONTHS)
    rest = nearest & ((1 << bits) - 1)
    # 15 decimal digits after the point; most files round halves up.
    decimals = (2 * rest * 10**15 + (1 << bits)) >> (bits + 1)
    return f"{sign}{nearest >> bits}.{decimals:015d}".rstrip("0").rstrip(".")
