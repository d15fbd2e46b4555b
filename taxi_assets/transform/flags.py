"""The rules that flag a row but keep it: each has a bit in quality_flags."""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce

import pyarrow as pa
import pyarrow.compute as pc

from taxi_assets.model.columns import PAYMENT_TYPES, RATE_CODES, TRIP_TYPES, VENDORS
from taxi_assets.model.months import Month
from taxi_assets.transform.arrow import literal
from taxi_assets.transform.rule import DISTANCE, TIMES, Rule, double, in_repeated_hour, miles, scalar_like

HALF_CENT = 0.005
"""Amounts in US dollars that differ by no more than this are equal."""
AMOUNTS = (
    "fare_amount",
    "extra",
    "mta_tax",
    "tip_amount",
    "tolls_amount",
    "improvement_surcharge",
    "congestion_surcharge",
    "cbd_congestion_fee",
    "airport_fee",
    "ehail_fee",
)
"""The columns that total_amount is the sum of, in the datasets that have them."""
_CODES: Mapping[str, Mapping[int, str]] = {
    "vendor_id": VENDORS,
    "rate_code_id": RATE_CODES,
    "payment_type": PAYMENT_TYPES,
    "trip_type": TRIP_TYPES,
}


def _no_passengers(batch: pa.RecordBatch, _month: Month) -> pa.Array:
    count = batch["passenger_count"]
    return pc.or_kleene(pc.is_null(count), pc.equal(count, scalar_like(0, count)))


def _missing_block(batch: pa.RecordBatch, _month: Month) -> pa.Array:
    return reduce(
        pc.and_,
        (pc.is_null(batch[name]) for name in ("passenger_count", "rate_code_id", "store_and_fwd_flag")),
    )


def _amounts(batch: pa.RecordBatch) -> list[pa.Array]:
    return [batch[name] for name in AMOUNTS if name in batch.schema.names]


def _negative_amount(batch: pa.RecordBatch, _month: Month) -> pa.Array:
    return pc.less(pc.min_element_wise(*_amounts(batch), batch["total_amount"]), double(0.0))


def _negative_fare(batch: pa.RecordBatch, _month: Month) -> pa.Array:
    return pc.less(pc.min_element_wise(batch["base_passenger_fare"], batch["driver_pay"]), double(0.0))


def _total_differs(batch: pa.RecordBatch, _month: Month) -> pa.Array:
    zero = double(0.0)
    parts = reduce(pc.add, (pc.fill_null(amount, zero) for amount in _amounts(batch)))
    return pc.greater(pc.abs(pc.subtract(batch["total_amount"], parts)), double(HALF_CENT))


def _zero_distance(batch: pa.RecordBatch, _month: Month) -> pa.Array:
    return pc.equal(miles(batch), double(0.0))


def _zero_duration(batch: pa.RecordBatch, _month: Month) -> pa.Array:
    return pc.equal(batch["pickup_datetime"], batch["dropoff_datetime"])


def _rate_code_99(batch: pa.RecordBatch, _month: Month) -> pa.Array:
    code = batch["rate_code_id"]
    return pc.equal(code, scalar_like(99, code))


def _unknown_code(batch: pa.RecordBatch, _month: Month) -> pa.Array:
    def strange(name: str) -> pa.Array:
        array = batch[name]
        known = (pc.equal(array, scalar_like(code, array)) for code in _CODES[name])
        return pc.fill_null(pc.invert(reduce(pc.or_, known)), literal(value=False, arrow_type=pa.bool_()))

    return reduce(pc.or_, (strange(name) for name in _CODES if name in batch.schema.names))


FLAGS = (
    Rule("no_passengers", "passenger_count is 0 or empty.", ("passenger_count",), _no_passengers),
    Rule(
        "missing_block",
        "passenger_count, rate_code_id and store_and_fwd_flag are all empty.",
        ("passenger_count", "rate_code_id", "store_and_fwd_flag"),
        _missing_block,
    ),
    Rule(
        "negative_amount",
        "An amount is negative: usually the row reverses another one.",
        ("total_amount",),
        _negative_amount,
        AMOUNTS,
    ),
    Rule("zero_distance", "The distance is 0.", (DISTANCE,), _zero_distance),
    Rule("zero_duration", "The trip ended when it began.", TIMES, _zero_duration),
    Rule("total_differs", "total_amount is not the sum of its parts.", ("total_amount",), _total_differs, AMOUNTS),
    Rule("rate_code_99", "rate_code_id is 99, unknown.", ("rate_code_id",), _rate_code_99),
    Rule("unknown_code", "A code is not in TLC's data dictionary.", ("vendor_id",), _unknown_code, tuple(_CODES)),
    Rule("repeated_hour", "The trip ended before it began, in November's repeated hour.", TIMES, in_repeated_hour),
    Rule(
        "negative_fare",
        "The fare or the driver's pay is negative.",
        ("base_passenger_fare",),
        _negative_fare,
        ("driver_pay",),
    ),
)
"""The flags in the order of their bits in quality_flags, from bit 0. A new flag is appended, so that bits keep their
meaning."""
