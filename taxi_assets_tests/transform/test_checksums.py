"""Equal copies have equal checksums in every system; one changed value changes the sum of its column."""

from __future__ import annotations

from datetime import date, datetime

import pyarrow as pa
import pytest

from taxi_assets.transform.checksums import ChecksumBuilder, Checksums

SCHEMA = pa.schema(
    [
        ("pickup_datetime", pa.timestamp("us")),
        ("fare_amount", pa.float64()),
        ("pickup_longitude", pa.float64()),
        ("vendor_id", pa.int16()),
        ("trip_month", pa.date32()),
        ("store_and_fwd_flag", pa.string()),
    ]
)
ROWS: list[tuple[object, ...]] = [
    (datetime(2021, 1, 1, 0, 0, 1), 8.005, -73.991957, 1, date(2021, 1, 1), "N"),  # noqa: DTZ001
    (datetime(2021, 1, 2), -8.5, None, None, date(2021, 1, 1), None),  # noqa: DTZ001
    (datetime(2021, 1, 3), None, 0.0, 2, date(2021, 1, 1), "Y"),  # noqa: DTZ001
]


def _sums(rows: list[tuple[object, ...]], batch_rows: int = 10) -> Checksums:
    summing = ChecksumBuilder()
    columns = [pa.array(values, field.type) for values, field in zip(zip(*rows, strict=True), SCHEMA, strict=True)]
    for batch in pa.Table.from_arrays(columns, schema=SCHEMA).to_batches(max_chunksize=batch_rows):
        summing.add(batch)
    return summing.checksums()


def test_sums_are_whole_numbers_defined_without_reference_to_a_system() -> None:
    sums = _sums(ROWS).columns
    assert sums["fare_amount"] == (1, 801 - 850)
    assert sums["pickup_longitude"] == (1, -73_991_957)
    assert sums["vendor_id"] == (1, 3)
    first = (datetime(2021, 1, 1) - datetime(2009, 1, 1)).days * 86_400  # noqa: DTZ001
    assert sums["pickup_datetime"] == (0, 3 * first + 1 + 3 * 86_400)


def test_neither_order_nor_batches_matter() -> None:
    assert _sums(ROWS) == _sums(list(reversed(ROWS))) == _sums(ROWS, batch_rows=1)


def test_they_survive_json() -> None:
    assert Checksums.from_json(_sums(ROWS).to_json()) == _sums(ROWS)


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        (0, datetime(2021, 1, 1, 0, 0, 2), "pickup_datetime: sums"),  # noqa: DTZ001
        (1, 8.02, "fare_amount: sums"),
        (2, None, "pickup_longitude: 1 and 2 nulls"),
        (3, 2, "vendor_id: sums"),
        (5, "Y", "store_and_fwd_flag: sums"),
    ],
)
def test_a_changed_value_is_named_by_its_column(column: int, value: object, said: str) -> None:
    changed = [tuple(value if place == column else old for place, old in enumerate(ROWS[0])), *ROWS[1:]]
    [difference] = _sums(ROWS).differences(_sums(changed))
    assert difference.startswith(said)


def test_a_column_that_only_one_copy_has_must_be_empty_there() -> None:
    mine = Checksums(3, {"a": (0, 5)})
    assert mine.differences(Checksums(3, {"a": (0, 5), "b": (3, 0)})) == []
    assert mine.differences(Checksums(3, {"a": (0, 5), "b": (2, 7)})) == ["b: 3 and 2 nulls"]
