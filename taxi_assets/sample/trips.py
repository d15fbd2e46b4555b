"""Ordinary trips of the sample: one chunk of a month as columns of whole numbers, without faults.

Everything is drawn and computed with integers and lookup tables, so that every machine makes the same trips.
Faults are added by `sample/faults.py`; the numbers behind the trips are in `sample/shapes.py`.
"""

from __future__ import annotations

import calendar
import hashlib
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from taxi_assets.sample import shapes
from taxi_assets.sample.shapes import SHAPES, Quantiles, Shape, in_force

if TYPE_CHECKING:
    from collections.abc import Mapping

    from taxi_assets.months import Month

Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]
Trips = dict[str, NDArray[Any]]
"""By canonical column name: times as seconds since 1970 without zone, amounts in cents, distances in
hundredths of a mile, codes as they are, text as bytes. `NULL`, or empty text, is a missing value."""

NULL: Final = int(np.iinfo(np.int64).min)
HOUR: Final = 3_600
DAY: Final = 86_400
ZONES: Final = range(1, 264)
"""The taxi zones of the city, without 264 (unknown) and 265 (outside)."""
LONGEST: Final = 5 * HOUR


@dataclass(frozen=True, slots=True)
class Chunk:
    """Trips `first` to `first + rows` of the `of` metered, or dispatched, trips in a file of `file_rows`."""

    dataset: str
    month: Month
    dispatched: bool
    first: int
    rows: int
    of: int
    file_rows: int


class Dice:
    """Random draws for `rows` rows, the same for the same seed on every machine."""

    def __init__(self, rows: int, *seed: object) -> None:
        digest = hashlib.sha256("/".join(map(str, seed)).encode()).digest()
        self._generator = np.random.Generator(np.random.PCG64(int.from_bytes(digest[:16], "big")))
        self.rows = rows

    def below(self, bound: int) -> Ints:
        """Whole numbers from 0 to `bound - 1`, all as likely."""
        return self._generator.integers(0, bound, self.rows, dtype=np.int64)

    def chance(self, per_mille: int) -> Mask:
        return self.below(1000) < per_mille

    def pick(self, weights: Mapping[int, int]) -> Ints:
        ends = np.cumsum(np.array(list(weights.values()), dtype=np.int64))
        values = np.array(list(weights), dtype=np.int64)
        return values[np.searchsorted(ends, self.below(int(ends[-1])), side="right")]

    def quantile(self, points: Quantiles) -> Ints:
        """Values distributed by `points`, evenly between two of them."""
        table = [
            low + (high - low) * (share - left) // (right - left)
            for (left, low), (right, high) in pairwise(points)
            for share in range(left, right)
        ]
        steps = np.array([*table, points[-1][1]], dtype=np.int64)
        place = self.below(len(table))
        return steps[place] + (steps[place + 1] - steps[place]) * self.below(1024) // 1024

    def order(self, count: int) -> Ints:
        """The numbers below `count` in random order."""
        return np.argsort(self._generator.integers(0, 1 << 62, count, dtype=np.int64), kind="stable")


def seconds(month: Month) -> int:
    """The beginning of a month in seconds since 1970, without zone."""
    return calendar.timegm(month.first_day.timetuple())


def ordinary_trips(chunk: Chunk) -> Trips:
    """The trips of a chunk, each plausible, in the order of TLC's files: by hour, unsorted within it."""
    dice = Dice(chunk.rows, chunk.dataset, chunk.month, chunk.dispatched, chunk.first, chunk.file_rows)
    make = _dispatched_trips if chunk.dispatched else _metered_trips
    trips = make(chunk, SHAPES[chunk.dataset], dice)
    trips["ehail_fee"] = _all(chunk, NULL)
    return trips


def _all(chunk: Chunk, value: int) -> Ints:
    return np.full(chunk.rows, value, dtype=np.int64)


def _pickups(chunk: Chunk, dice: Dice) -> Ints:
    """Pickups in the chunk's slice of the month, when as many trips have begun as come before the chunk."""
    days = calendar.monthrange(chunk.month.year, chunk.month.month)[1]
    weekday = chunk.month.first_day.weekday()
    hours = shapes.DISPATCHED_HOURS if chunk.dispatched else shapes.METERED_HOURS
    weights = [shapes.WEEKDAYS[(weekday + day) % 7] * hour for day in range(days) for hour in hours.values()]
    ends = np.cumsum(np.array(weights, dtype=np.int64))
    begin, end = (int(ends[-1]) * row // chunk.of for row in (chunk.first, chunk.first + chunk.rows))
    hour = np.sort(np.searchsorted(ends, begin + dice.below(max(1, end - begin)), side="right"))
    return seconds(chunk.month) + hour * HOUR + dice.below(HOUR)


def _zones(shape: Shape, others: int, dice: Dice) -> Ints:
    # A thousand times each weight, so that the rest divides among the other zones.
    weights = {zone: shape.zones.get(zone, 0) * 1000 or others * 1000 // len(ZONES) for zone in ZONES}
    return dice.pick(weights)


def _journeys(chunk: Chunk, shape: Shape, dice: Dice) -> Trips:
    """When, where and how far, the same for metered and dispatched trips."""
    distance = dice.quantile(shapes.DISPATCHED_DISTANCES if chunk.dispatched else shape.distances)
    pickup = _pickups(chunk, dice)
    # Beyond 3 miles trips go by faster roads.
    pace = dice.quantile(shapes.PACE)
    near, far = np.minimum(distance, 300), np.maximum(distance - 300, 0)
    duration = np.minimum(30 + (near * pace + far * (60 + pace // 4)) // 100, LONGEST)
    zone = _zones(shape, shape.other_pickups, dice)
    elsewhere = _zones(shape, shape.other_dropoffs, dice)
    return {
        "vendor_id": dice.pick(in_force(shape.vendors, chunk.month)),
        "pickup_datetime": pickup,
        "dropoff_datetime": pickup + duration,
        "trip_distance": distance,
        "pickup_location_id": zone,
        "dropoff_location_id": np.where(dice.chance(shape.same_zone), zone, elsewhere),
    }


def _metered_trips(chunk: Chunk, shape: Shape, dice: Dice) -> Trips:
    trips = _journeys(chunk, shape, dice)
    rate = dice.pick(shape.rates)
    # CMT's meters show tenths of a mile; John F. Kennedy is 15 to 22 miles away.
    distance = np.where(rate == 2, 1500 + dice.below(700), trips["trip_distance"])
    trips["trip_distance"] = np.where(trips["vendor_id"] == 1, np.maximum(distance // 10 * 10, 10), distance)
    trips |= {
        "rate_code_id": rate,
        "payment_type": dice.pick(shape.payments),
        "passenger_count": dice.pick(shape.passengers),
        "trip_type": np.where(rate == 5, 2, 1),
        "store_and_fwd_flag": np.where(dice.chance(10), b"Y", b"N"),
    }
    trips |= _metered_amounts(chunk, trips, dice)
    trips |= _surcharges(chunk, trips, shape.congestion, dice)
    trips["tip_amount"] = np.where(trips["payment_type"] == 1, _tips(trips, dice), 0)
    # CMT counts the congestion surcharge in `extra` too: its totals are less than the sum of their parts.
    trips["total_amount"] = _total(trips)
    trips["extra"] = trips["extra"] + np.where(trips["vendor_id"] == 1, trips["congestion_surcharge"], 0)
    if chunk.month < shapes.FIRST_CONGESTION_MONTH:
        trips["congestion_surcharge"] = np.where(dice.chance(shapes.EMPTY_BEFORE_CONGESTION), NULL, 0)
    return trips


def _metered_amounts(chunk: Chunk, trips: Trips, dice: Dice) -> Trips:
    """The meter's amounts before surcharges."""
    tariff = in_force(shapes.TARIFFS, chunk.month)
    rate, pickup = trips["rate_code_id"], trips["pickup_datetime"]
    # A quarter of the time stands for the minutes of standing, which the meter charges in place of distance.
    standing = (trips["dropoff_datetime"] - pickup) // 4 // 60
    by_meter = tariff.flag_drop + tariff.unit * (trips["trip_distance"] // 20 + standing)
    negotiated = 500 + 100 * dice.below(60)
    hour, weekday = pickup // HOUR % 24, (pickup // DAY + 3) % 7
    night = (hour < 6) | (hour >= 20)
    rush = (hour >= 16) & ~night & (weekday < 5)
    toll = in_force(shapes.TOLLS, chunk.month)
    return {
        "fare_amount": np.where(rate == 2, tariff.jfk, np.where(rate == 5, negotiated, by_meter)),
        "extra": np.where(rate != 1, 0, np.where(night, tariff.night, np.where(rush, tariff.rush, 0))),
        "mta_tax": np.where((rate == 3) | (rate == 5), 0, 50),
        "improvement_surcharge": _all(chunk, tariff.improvement),
        "tolls_amount": np.where(dice.chance(SHAPES[chunk.dataset].tolls) | (rate == 3), toll, 0),
    }


def _surcharges(chunk: Chunk, trips: Trips, congestion_share: int, dice: Dice) -> Trips:
    levied = 0 if chunk.month < shapes.FIRST_CONGESTION_MONTH else SHAPES[chunk.dataset].congestion_cents
    congestion = np.where(dice.chance(congestion_share), levied, 0)
    at_airport = np.isin(trips["pickup_location_id"], shapes.AIRPORTS) & (chunk.dataset == "yellow")
    start = int(np.datetime64(shapes.CBD_FEE_START, "s").astype(np.int64))
    in_cbd = (congestion > 0) & dice.chance(shapes.CBD_SHARE_OF_CONGESTION)
    in_cbd &= trips["pickup_datetime"] >= start
    return {
        "congestion_surcharge": congestion,
        "airport_fee": np.where(at_airport, in_force(shapes.AIRPORT_FEES, chunk.month), 0),
        "cbd_congestion_fee": np.where(in_cbd, shapes.CBD_FEE, 0),
    }


def _tips(trips: Trips, dice: Dice) -> Ints:
    """Tips of card payments: a percentage offered by the reader, or a round amount."""
    tipped = ("fare_amount", "extra", "mta_tax", "tolls_amount", "congestion_surcharge")
    by_percent = np.sum([trips[name] for name in tipped], axis=0) * dice.pick(shapes.TIP_PERCENT) // 100
    tips: Ints = np.where(dice.chance(shapes.ROUND_TIP), dice.pick(shapes.ROUND_TIPS), by_percent)
    return tips


def _dispatched_trips(chunk: Chunk, shape: Shape, dice: Dice) -> Trips:
    """Trips booked by app: no driver-entered fields, fares to the cent, often times to the minute."""
    trips = _journeys(chunk, shape, dice)
    whole = dice.chance(shape.dispatched_whole_minutes)
    for name in ("pickup_datetime", "dropoff_datetime"):
        trips[name] = np.where(whole, trips[name] // 60 * 60, trips[name])
    # About 6 dollars and 1.80 to 3 dollars a mile.
    fare = 600 + trips["trip_distance"] * (180 + dice.below(120)) // 100 + dice.below(100)
    trips |= {
        "store_and_fwd_flag": np.zeros(chunk.rows, dtype="S1"),
        "payment_type": _all(chunk, 0),
        "fare_amount": fare,
        "extra": _all(chunk, 0),
        "mta_tax": _all(chunk, shape.dispatched_mta_cents),
        "tip_amount": np.where(dice.chance(shape.dispatched_tips), 275, 0),
        "tolls_amount": np.where(dice.chance(130), in_force(shapes.TOLLS, chunk.month), 0),
        "improvement_surcharge": _all(chunk, in_force(shapes.TARIFFS, chunk.month).improvement),
    }
    trips |= _surcharges(chunk, trips, shape.dispatched_congestion, dice) | {"airport_fee": _all(chunk, 0)}
    trips["total_amount"] = _total(trips)
    missing = ("passenger_count", "rate_code_id", "trip_type", "airport_fee")
    return trips | {name: _all(chunk, NULL) for name in missing}


def _total(trips: Trips) -> Ints:
    parts = ("fare_amount", "extra", "mta_tax", "tip_amount", "tolls_amount", "improvement_surcharge")
    surcharges = ("congestion_surcharge", "airport_fee", "cbd_congestion_fee")
    total: Ints = np.sum([trips[name] for name in parts + surcharges], axis=0)
    return total
