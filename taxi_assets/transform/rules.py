"""The rules a row is judged by: what sends it to quarantine, and what is only flagged. Thresholds live here and
nowhere else.

A rule looks at a record batch in canonical columns and answers with one boolean per row; null counts as no. A rule
applies to the datasets that have the columns it needs. Sources: TLC's data dictionaries for codes and zones; the
faults counted in the published files for the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from functools import reduce

import pyarrow as pa
import pyarrow.compute as pc

from taxi_assets.model.columns import PAYMENT_TYPES, RATE_CODES, TRIP_TYPES, VENDORS
from taxi_assets.model.months import Month
from taxi_assets.model.zones import ZONES
from taxi_assets.transform.arrow import literal

MAX_TRIP = timedelta(hours=24)
FAR_MILES = 100.0
FAST_MPH = 100.0
REPEATED_HOUR = timedelta(minutes=60)
"""In November's repeated hour a trip may end up to 60 minutes before it began, by the clock."""
CENT = 0.005
"""Half a cent: amounts that differ by less are equal."""
STRICT_MILES = (0.2, 100.0)
STRICT_MINUTES = (1.0, 240.0)
STRICT_MPH = (1.0, 100.0)
STRICT_USD = (2.0, 2000.0)

UNREADABLE_SHARE = 0.01
UNREADABLE_ROWS = 100
"""A month is refused where more values of a column than both cannot be read: then the column's meaning has changed."""
QUARANTINED_SHARE = 0.5
"""A month is refused where one reason sends more of its rows to quarantine: then it is not the month's file, or its
times are written in a way that nobody has described. No published month comes near it.
"""

Judge = Callable[[pa.RecordBatch, Month], pa.Array]


@dataclass(frozen=True)
class Rule:
    """`name` is what people see, `doc` says what it means; `columns` are what it needs, `a|b` meaning either, and
    `more` what it looks at beside those where a dataset has it.
    """

    name: str
    doc: str
    columns: tuple[str, ...]
    judge: Judge
    more: tuple[str, ...] = ()

    def applies_to(self, names: Collection[str]) -> bool:
        """Whether a dataset with columns of these names can be judged by this rule."""
        return all(any(name in names for name in either.split("|")) for either in self.columns)


def _number(value: float, array: pa.Array) -> pa.Scalar:
    return literal(value, array.type)


def _duration(batch: pa.RecordBatch) -> pa.Array:
    return pc.subtract(batch["dropoff_datetime"], batch["pickup_datetime"])


def _span(value: timedelta) -> pa.Scalar:
    return literal(value, pa.duration("us"))


def _moment(value: datetime) -> pa.Scalar:
    return literal(value, pa.timestamp("us"))


def _pickup_missing(batch: pa.RecordBatch, _month: Month) -> pa.Array:
    return pc.is_null(batch["pickup_datetime"])


def _pickup_outside_month(batch: pa.RecordBatch, month: Month) -> pa.Array:
    pickup = batch["pickup_datetime"]
    return pc.or_(pc.less(pickup, _moment(month.start)), pc.greater_equal(pickup, _moment(month.end)))


def _in_repeated_hour(batch: pa.RecordBatch, month: Month) -> pa.Array:
    """Drop-offs up to 60 minutes before a pickup in the hour that New York has twice: 01:00 to 02:00 on November's
    first Sunday.
    """
    negative = pc.less(_duration(batch), _span(timedelta(0)))
    if month.month != 11:
        return pc.and_(negative, literal(value=False, arrow_type=pa.bool_()))
    first_day = month.start
    begin = first_day + timedelta(days=(6 - first_day.weekday()) % 7, hours=1)
    pickup = batch["pickup_datetime"]
    inside = pc.and_(pc.greater_equal(pickup, _moment(begin)), pc.less(pickup, _moment(begin + REPEATED_HOUR)))
    close = pc.greater_equal(_duration(batch), _span(-REPEATED_HOUR))
    return pc.and_(negative, pc.and_(inside, close))


def _dropoff_before_pickup(batch: pa.RecordBatch, month: Month) -> pa.Array:
    negative = pc.less(_duration(batch), _span(timedelta(0)))
    return pc.and_not(negative, _in_repeated_hour(batch, month))


def _too_long(batch: pa.RecordBatch, _month: Month) -> pa.Array:
    return pc.greater(_duration(batch), _span(MAX_TRIP))


def _zone_unknown(batch: pa.RecordBatch, _month: Month) -> pa.Array:
    zones = [batch["pickup_location_id"], batch["dropoff_location_id"]]
    low, high = (_number(bound, zones[0]) for bound in ZONES)
    return pc.or_(pc.less(pc.min_element_wise(*zones), low), pc.greater(pc.max_element_wise(*zones), high))


def _miles(batch: pa.RecordBatch) -> pa.Array:
    return batch["trip_distance" if "trip_distance" in batch.schema.names else "trip_miles"]


def _hours(batch: pa.RecordBatch) -> pa.Array:
    """The cast is unsafe because a trip that ends in the year 3019 takes more microseconds than a double can count."""
    microseconds = pc.cast(pc.cast(_duration(batch), pa.int64()), pa.float64(), safe=False)
    return pc.divide(microseconds, _double(3.6e9))


def _double(value: float) -> pa.Scalar:
    return literal(value, pa.float64())


def _negative_distance(batch: pa.RecordBatch, _month: Month) -> pa.Array:
    return pc.less(_miles(batch), _double(0.0))


def _impossible_distance(batch: pa.RecordBatch, _month: Month) -> pa.Array:
    """Miles over both bounds; miles > mph * hours also holds for a trip that took no time."""
    miles = _miles(batch)
    fast = pc.greater(miles, pc.multiply(_hours(batch), _double(FAST_MPH)))
    return pc.and_(pc.greater(miles, _double(FAR_MILES)), fast)


def _unreadable(batch: pa.RecordBatch, _month: Month) -> pa.Array:
    return pc.is_valid(batch["published_text"])


def _outside(array: pa.Array, low: float, high: float) -> pa.Array:
    """Below `low`, or above `high`."""
    return pc.or_(pc.less(array, _double(low)), pc.greater(array, _double(high)))


def _strict_distance(batch: pa.RecordBatch, _month: Month) -> pa.Array:
    miles = _miles(batch)
    return pc.or_(pc.less(miles, _double(STRICT_MILES[0])), pc.greater_equal(miles, _double(STRICT_MILES[1])))


def _strict_duration(batch: pa.RecordBatch, _month: Month) -> pa.Array:
    return _outside(pc.multiply(_hours(batch), _double(60.0)), *STRICT_MINUTES)


def _strict_speed(batch: pa.RecordBatch, _month: Month) -> pa.Array:
    return _outside(pc.divide(_miles(batch), _hours(batch)), *STRICT_MPH)


def _strict_amounts(batch: pa.RecordBatch, _month: Month) -> pa.Array:
    fare, total = batch["fare_amount"], batch["total_amount"]
    return pc.or_(_outside(fare, *STRICT_USD), _outside(total, *STRICT_USD))


def _zero_passengers(batch: pa.RecordBatch, _month: Month) -> pa.Array:
    count = batch["passenger_count"]
    return pc.equal(count, _number(0, count))


_TIMES = ("pickup_datetime", "dropoff_datetime")
_DISTANCE = "trip_distance|trip_miles"


QUARANTINE = (
    Rule(
        "unreadable",
        "The row, or its pickup time, could not be read; published_text holds it as published.",
        ("published_text",),
        _unreadable,
    ),
    Rule("pickup_missing", "No pickup time, or one that is no time.", ("pickup_datetime",), _pickup_missing),
    Rule("pickup_outside_month", "Picked up outside the file's month.", ("pickup_datetime",), _pickup_outside_month),
    Rule(
        "dropoff_before_pickup",
        "Ended before it began, November's repeated hour apart.",
        _TIMES,
        _dropoff_before_pickup,
    ),
    Rule("longer_than_24_hours", "Took more than 24 hours.", _TIMES, _too_long),
    Rule("zone_unknown", "A taxi zone outside 1 to 265.", ("pickup_location_id", "dropoff_location_id"), _zone_unknown),
    Rule("negative_distance", "Fewer than 0 miles.", (_DISTANCE,), _negative_distance),
    Rule(
        "impossible_distance",
        "More than 100 miles, at more than 100 miles per hour.",
        (_DISTANCE, *_TIMES),
        _impossible_distance,
    ),
)
"""What quarantines a row in every profile; a row identical to an earlier one is found in `cleaning.py`."""

DUPLICATE = Rule("duplicate", "Identical in every published column to an earlier row of the file.", (), _unreadable)
UNIDENTIFIED = frozenset({"fhv"})
"""Datasets whose rows say so little (a base, a minute) that two trips may look the same: none is called a duplicate."""


class Profile(Enum):
    """Which rules a month is cleaned by: ours, stricter ones for analyses, or also the one of the Prefect tutorial.

    The tutorial drops trips with 0 passengers and keeps those whose number is not known.
    """

    DEFAULT = "default"
    STRICT = "strict"
    TUTORIAL = "tutorial"


_STRICT = (
    Rule("strict_distance", "Below 0.2 or from 100 miles on.", (_DISTANCE,), _strict_distance),
    Rule("strict_duration", "Below 1 or above 240 minutes.", _TIMES, _strict_duration),
    Rule("strict_speed", "Below 1 or above 100 miles per hour.", (_DISTANCE, *_TIMES), _strict_speed),
    Rule(
        "strict_amounts",
        "Fare or total below 2 or above 2,000 US dollars.",
        ("fare_amount", "total_amount"),
        _strict_amounts,
    ),
)
_TUTORIAL = (Rule("zero_passengers", "passenger_count is 0.", ("passenger_count",), _zero_passengers),)
PROFILES = {
    Profile.DEFAULT: QUARANTINE,
    Profile.STRICT: (*QUARANTINE, *_STRICT),
    Profile.TUTORIAL: (*QUARANTINE, *_TUTORIAL),
}


def _no_passengers(batch: pa.RecordBatch, _month: Month) -> pa.Array:
    count = batch["passenger_count"]
    return pc.or_kleene(pc.is_null(count), pc.equal(count, _number(0, count)))


def _missing_block(batch: pa.RecordBatch, _month: Month) -> pa.Array:
    return reduce(
        pc.and_,
        (pc.is_null(batch[name]) for name in ("passenger_count", "rate_code_id", "store_and_fwd_flag")),
    )


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
"""The parts of total_amount, as far as a dataset has them."""


def _amounts(batch: pa.RecordBatch) -> list[pa.Array]:
    return [batch[name] for name in AMOUNTS if name in batch.schema.names]


def _negative_amount(batch: pa.RecordBatch, _month: Month) -> pa.Array:
    return pc.less(pc.min_element_wise(*_amounts(batch), batch["total_amount"]), _double(0.0))


def _negative_fare(batch: pa.RecordBatch, _month: Month) -> pa.Array:
    return pc.less(pc.min_element_wise(batch["base_passenger_fare"], batch["driver_pay"]), _double(0.0))


def _total_differs(batch: pa.RecordBatch, _month: Month) -> pa.Array:
    zero = _double(0.0)
    parts = reduce(pc.add, (pc.fill_null(amount, zero) for amount in _amounts(batch)))
    return pc.greater(pc.abs(pc.subtract(batch["total_amount"], parts)), _double(CENT))


def _zero_distance(batch: pa.RecordBatch, _month: Month) -> pa.Array:
    return pc.equal(_miles(batch), _double(0.0))


def _zero_duration(batch: pa.RecordBatch, _month: Month) -> pa.Array:
    return pc.equal(batch["pickup_datetime"], batch["dropoff_datetime"])


def _rate_code_99(batch: pa.RecordBatch, _month: Month) -> pa.Array:
    code = batch["rate_code_id"]
    return pc.equal(code, _number(99, code))


_CODES: Mapping[str, Mapping[int, str]] = {
    "vendor_id": VENDORS,
    "rate_code_id": RATE_CODES,
    "payment_type": PAYMENT_TYPES,
    "trip_type": TRIP_TYPES,
}


def _unknown_code(batch: pa.RecordBatch, _month: Month) -> pa.Array:
    def strange(name: str) -> pa.Array:
        array = batch[name]
        known = (pc.equal(array, _number(code, array)) for code in _CODES[name])
        return pc.fill_null(pc.invert(reduce(pc.or_, known)), literal(value=False, arrow_type=pa.bool_()))

    return reduce(pc.or_, (strange(name) for name in _CODES if name in batch.schema.names))


FLAGS = (
    Rule("no_passengers", "passenger_count is 0 or empty.", ("passenger_count",), _no_passengers),
    Rule(
        "missing_block",
        "passenger_count, rate_code_id and store_and_fwd_flag all empty.",
        ("passenger_count", "rate_code_id", "store_and_fwd_flag"),
        _missing_block,
    ),
    Rule("negative_amount", "An amount is below 0: usually a reversal.", ("total_amount",), _negative_amount, AMOUNTS),
    Rule("zero_distance", "No distance.", (_DISTANCE,), _zero_distance),
    Rule("zero_duration", "Began and ended at once.", _TIMES, _zero_duration),
    Rule("total_differs", "total_amount is not the sum of its parts.", ("total_amount",), _total_differs, AMOUNTS),
    Rule("rate_code_99", "rate_code_id is 99, unknown.", ("rate_code_id",), _rate_code_99),
    Rule("unknown_code", "A code TLC's dictionary does not explain.", ("vendor_id",), _unknown_code, tuple(_CODES)),
    Rule("repeated_hour", "Ended before it began, in November's repeated hour.", _TIMES, _in_repeated_hour),
    Rule(
        "negative_fare",
        "Fare or driver's pay is below 0.",
        ("base_passenger_fare",),
        _negative_fare,
        ("driver_pay",),
    ),
)
"""In this order from bit 0 of quality_flags; new flags are appended."""
