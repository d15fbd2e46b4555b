"""Sample trips of yellow and green taxis, without faults.

Faults are added by `faults.py`. The numbers behind the trips are in `distributions.py`, and what was different before
2019 is in `old_taxis.py`.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np

from taxi_assets.publishers.sample import distributions as shapes
from taxi_assets.publishers.sample import old_taxis
from taxi_assets.publishers.sample.distributions import GREEN, YELLOW, Shape, in_force
from taxi_assets.publishers.sample.trips import (
    DAY,
    HOUR,
    NULL,
    Chunk,
    Dice,
    Ints,
    TripMaker,
    Trips,
    durations,
    pickups,
    zones,
)

if TYPE_CHECKING:
    from taxi_assets.model.datasets import FileFormat

# Fields of dispatched trips that this publication leaves empty, as counted. Passengers, rate code, trip type,
# airport fee and store_and_fwd_flag are empty in every publication: none are made.
EMPTY_WHEN_DISPATCHED: Final[dict[tuple[str, FileFormat], tuple[str, ...]]] = {
    ("yellow", "csv.gz"): ("vendor_id", "payment_type"),
    ("yellow", "parquet"): ("congestion_surcharge",),
    ("green", "csv.gz"): ("vendor_id", "payment_type", "congestion_surcharge"),
    ("green", "parquet"): ("payment_type", "congestion_surcharge"),
}


def taxi_trips(shape: Shape, chunk: Chunk) -> Trips:
    """Makes the trips of a chunk, each plausible."""
    make = _dispatched_trips if chunk.dispatched else _metered_trips
    trips = make(chunk, shape, chunk.dice())
    trips["ehail_fee"] = chunk.all(NULL)
    old_taxis.rewind(chunk, trips)
    return trips


def publish_taxi_trips(chunk: Chunk, trips: Trips, file_format: FileFormat) -> None:
    """Changes trips, in place, to what the files of one format show of them."""
    if chunk.dispatched:
        for name in EMPTY_WHEN_DISPATCHED[chunk.dataset, file_format]:
            trips[name][:] = NULL
    old_taxis.publish(chunk, trips)


def _journeys(chunk: Chunk, shape: Shape, dice: Dice) -> Trips:
    """When, where and how far, the same for metered and dispatched trips."""
    distance = dice.quantile(shapes.DISPATCHED_DISTANCES if chunk.dispatched else shape.distances)
    pickup = pickups(chunk, dice)
    duration = durations(distance, dice)
    zone = zones(shape.zones, shape.other_pickups, dice)
    elsewhere = zones(shape.zones, shape.other_dropoffs, dice)
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
    trips |= _metered_amounts(chunk, shape, trips, dice)
    trips |= _surcharges(chunk, shape, trips, dice)
    trips["tip_amount"] = np.where(trips["payment_type"] == 1, _tips(trips, dice), 0)
    # CMT counts the congestion surcharge in `extra` too: its totals are less than the sum of their parts.
    trips["total_amount"] = _total(trips)
    trips["extra"] = trips["extra"] + np.where(trips["vendor_id"] == 1, trips["congestion_surcharge"], 0)
    if chunk.month < shapes.FIRST_CONGESTION_MONTH:
        trips["congestion_surcharge"] = np.where(dice.chance(shapes.EMPTY_BEFORE_CONGESTION), NULL, 0)
    return trips


def _metered_amounts(chunk: Chunk, shape: Shape, trips: Trips, dice: Dice) -> Trips:
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
        "mta_tax": np.where((rate == 3) | (rate == 5), 0, tariff.mta),
        "improvement_surcharge": chunk.all(tariff.improvement),
        "tolls_amount": np.where(dice.chance(shape.tolls) | (rate == 3), toll, 0),
    }


def _surcharges(chunk: Chunk, shape: Shape, trips: Trips, dice: Dice) -> Trips:
    levied = 0 if chunk.month < shapes.FIRST_CONGESTION_MONTH else shape.congestion_cents
    share = shape.dispatched_congestion if chunk.dispatched else shape.congestion
    congestion = np.where(dice.chance(share), levied, 0)
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
        "payment_type": chunk.all(0),
        "fare_amount": fare,
        "extra": chunk.all(0),
        "mta_tax": chunk.all(shape.dispatched_mta_cents),
        "tip_amount": np.where(dice.chance(shape.dispatched_tips), 275, 0),
        "tolls_amount": np.where(dice.chance(130), in_force(shapes.TOLLS, chunk.month), 0),
        "improvement_surcharge": chunk.all(in_force(shapes.TARIFFS, chunk.month).improvement),
    }
    trips |= _surcharges(chunk, shape, trips, dice) | {"airport_fee": chunk.all(0)}
    trips["total_amount"] = _total(trips)
    missing = ("passenger_count", "rate_code_id", "trip_type", "airport_fee")
    return trips | {name: chunk.all(NULL) for name in missing}


def _total(trips: Trips) -> Ints:
    parts = ("fare_amount", "extra", "mta_tax", "tip_amount", "tolls_amount", "improvement_surcharge")
    surcharges = ("congestion_surcharge", "airport_fee", "cbd_congestion_fee")
    total: Ints = np.sum([trips[name] for name in parts + surcharges], axis=0)
    return total


YELLOW_TRIPS: Final = TripMaker(partial(taxi_trips, YELLOW), publish_taxi_trips, YELLOW.dispatched)
GREEN_TRIPS: Final = TripMaker(partial(taxi_trips, GREEN), publish_taxi_trips, GREEN.dispatched)
