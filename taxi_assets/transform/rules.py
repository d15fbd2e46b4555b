"""The rules that send rows to quarantine, and their thresholds.

Codes and zones are those of TLC's data dictionaries; the other rules are about faults that were counted in the
published files.
"""

from __future__ import annotations

from datetime import timedelta
from enum import Enum

import pyarrow as pa
import pyarrow.compute as pc

from taxi_assets.model.months import Month
from taxi_assets.model.zone_ids import ZONE_IDS
from taxi_assets.transform.rule import (
    DISTANCE,
    TIMES,
    Reason,
    Rule,
    double,
    duration,
    hours,
    in_repeated_hour,
    miles,
    moment,
    scalar_like,
    span,
)

MAX_TRIP = timedelta(hours=24)
FAR_MILES = 100.0
FAST_MPH = 100.0
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


def _pickup_missing(batch: pa.RecordBatch, _month: Month) -> pa.Array:
    return pc.is_null(batch["pickup_datetime"])


def _pickup_outside_month(batch: pa.RecordBatch, month: Month) -> pa.Array:
    pickup = batch["pickup_datetime"]
    return pc.or_(pc.less(pickup, moment(month.start)), pc.greater_equal(pickup, moment(month.end)))


def _dropoff_before_pickup(batch: pa.RecordBatch, month: Month) -> pa.Array:
    negative = pc.less(duration(batch), span(timedelta(0)))
    return pc.and_not(negative, in_repeated_hour(batch, month))


def _too_long(batch: pa.RecordBatch, _month: Month) -> pa.Array:
    return pc.greater(duration(batch), span(MAX_TRIP))


def _zone_unknown(batch: pa.RecordBatch, _month: Month) -> pa.Array:
    zones = [batch["pickup_location_id"], batch["dropoff_location_id"]]
    low, high = (scalar_like(bound, zones[0]) for bound in (ZONE_IDS[0], ZONE_IDS[-1]))
    return pc.or_(pc.less(pc.min_element_wise(*zones), low), pc.greater(pc.max_element_wise(*zones), high))


def _negative_distance(batch: pa.RecordBatch, _month: Month) -> pa.Array:
    return pc.less(miles(batch), double(0.0))


def _impossible_distance(batch: pa.RecordBatch, _month: Month) -> pa.Array:
    """Whether a trip was both too far and too fast; miles > mph * hours also holds for a trip that took no time."""
    distance = miles(batch)
    fast = pc.greater(distance, pc.multiply(hours(batch), double(FAST_MPH)))
    return pc.and_(pc.greater(distance, double(FAR_MILES)), fast)


def _unreadable(batch: pa.RecordBatch, _month: Month) -> pa.Array:
    return pc.is_valid(batch["published_text"])


def _outside(array: pa.Array, low: float, high: float) -> pa.Array:
    """Whether the values are below `low` or above `high`."""
    return pc.or_(pc.less(array, double(low)), pc.greater(array, double(high)))


def _strict_distance(batch: pa.RecordBatch, _month: Month) -> pa.Array:
    distance = miles(batch)
    return pc.or_(pc.less(distance, double(STRICT_MILES[0])), pc.greater_equal(distance, double(STRICT_MILES[1])))


def _strict_duration(batch: pa.RecordBatch, _month: Month) -> pa.Array:
    return _outside(pc.multiply(hours(batch), double(60.0)), *STRICT_MINUTES)


def _strict_speed(batch: pa.RecordBatch, _month: Month) -> pa.Array:
    return _outside(pc.divide(miles(batch), hours(batch)), *STRICT_MPH)


def _strict_amounts(batch: pa.RecordBatch, _month: Month) -> pa.Array:
    fare, total = batch["fare_amount"], batch["total_amount"]
    return pc.or_(_outside(fare, *STRICT_USD), _outside(total, *STRICT_USD))


def _zero_passengers(batch: pa.RecordBatch, _month: Month) -> pa.Array:
    count = batch["passenger_count"]
    return pc.equal(count, scalar_like(0, count))


QUARANTINE = (
    Rule(
        "unreadable",
        "The row, or a value in it, could not be read: no text, time or number of its column, or an amount that cannot "
        "be, as listed below. published_text holds it as published.",
        ("published_text",),
        _unreadable,
    ),
    Rule(
        "pickup_missing",
        "There is no pick-up time, or the text there is not a time.",
        ("pickup_datetime",),
        _pickup_missing,
    ),
    Rule(
        "pickup_outside_month",
        "The pick-up is outside the month of the file.",
        ("pickup_datetime",),
        _pickup_outside_month,
    ),
    Rule(
        "dropoff_before_pickup",
        "The trip ended before it began, and not in November's repeated hour.",
        TIMES,
        _dropoff_before_pickup,
    ),
    Rule("longer_than_24_hours", f"The trip took more than {MAX_TRIP // timedelta(hours=1)} hours.", TIMES, _too_long),
    Rule(
        "zone_unknown",
        f"A taxi zone is not one of {ZONE_IDS[0]} to {ZONE_IDS[-1]}.",
        ("pickup_location_id", "dropoff_location_id"),
        _zone_unknown,
    ),
    Rule("negative_distance", "The distance is negative.", (DISTANCE,), _negative_distance),
    Rule(
        "impossible_distance",
        f"The trip went more than {FAR_MILES:g} miles, at more than {FAST_MPH:g} miles per hour.",
        (DISTANCE, *TIMES),
        _impossible_distance,
    ),
)
"""The rules that send a row to quarantine in every profile."""
DUPLICATE = Reason("duplicate", "The row is identical, in every published column, to an earlier row of the file.")
"""The one reason that a row alone does not give. `cleaning.py` looks for it where `Dataset.rows_identifiable`."""


class Profile(Enum):
    """Which rules a month is cleaned by: the usual ones, stricter ones for analyses, or also the Prefect tutorial's.

    The tutorial drops trips with 0 passengers and keeps those whose number of passengers is not known.
    """

    DEFAULT = "default"
    STRICT = "strict"
    TUTORIAL = "tutorial"


_STRICT = (
    Rule(
        "strict_distance",
        f"The distance is below {STRICT_MILES[0]:g} miles, or {STRICT_MILES[1]:g} miles or more.",
        (DISTANCE,),
        _strict_distance,
    ),
    Rule(
        "strict_duration",
        f"The trip took less than {STRICT_MINUTES[0]:g} or more than {STRICT_MINUTES[1]:g} minutes.",
        TIMES,
        _strict_duration,
    ),
    Rule(
        "strict_speed",
        f"The average speed is below {STRICT_MPH[0]:g} or above {STRICT_MPH[1]:g} miles per hour.",
        (DISTANCE, *TIMES),
        _strict_speed,
    ),
    Rule(
        "strict_amounts",
        f"The fare or the total is below {STRICT_USD[0]:,.0f} or above {STRICT_USD[1]:,.0f} US dollars.",
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
