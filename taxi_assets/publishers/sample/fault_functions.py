"""What the faults in TLC's files do to rows: a function for each fault, which changes rows of a chunk in place."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Final

import numpy as np

from taxi_assets.model.datasets import DATASETS
from taxi_assets.model.zone_ids import OUTSIDE_CITY, UNKNOWN_ZONE
from taxi_assets.publishers.sample.trips import DAY, HOUR, NULL, seconds

if TYPE_CHECKING:
    from taxi_assets.publishers.sample.trips import Chunk, Dice, Ints, Trips

NEW_YEAR_2009: Final = 1_230_768_000
"""The time that the clock of a meter starts at after a reset, in seconds since 1970."""
MILLENNIUM: Final = 365_243 * DAY


def _move(trips: Trips, rows: Ints, pickup: Ints) -> None:
    """Gives trips another pickup time and leaves their duration as it is."""
    trips["dropoff_datetime"][rows] += pickup - trips["pickup_datetime"][rows]
    trips["pickup_datetime"][rows] = pickup


def _set_distance(trips: Trips, rows: Ints, hundredths: Ints | int) -> None:
    if "trip_distance" in trips:
        trips["trip_distance"][rows] = hundredths
    elif "trip_miles" in trips:
        trips["trip_miles"][rows] = 10 * hundredths


def month_edge(trips: Trips, rows: Ints, dice: Dice, chunk: Chunk) -> None:
    before = seconds(chunk.month) - 1 - dice.below(2 * HOUR)
    after = seconds(chunk.month + 1) + dice.below(HOUR)
    _move(trips, rows, np.where(dice.chance(750), before, after))


def clock_reset(trips: Trips, rows: Ints, dice: Dice, _: Chunk) -> None:
    _move(trips, rows, NEW_YEAR_2009 - 2 * HOUR + dice.below(4 * HOUR))


def other_month(trips: Trips, rows: Ints, dice: Dice, _: Chunk) -> None:
    days = (31 + dice.below(110)) * np.where(dice.chance(500), 1, -1)
    _move(trips, rows, trips["pickup_datetime"][rows] + days * DAY)


def dropoff_days_before(trips: Trips, rows: Ints, dice: Dice, _: Chunk) -> None:
    trips["dropoff_datetime"][rows] = trips["pickup_datetime"][rows] - 2 * HOUR - dice.below(4 * DAY)


def month_for_minutes(trips: Trips, rows: Ints, dice: Dice, chunk: Chunk) -> None:
    # Times written with the month for the minutes: a drop-off in its pickup's hour may come before it.
    minute = trips["pickup_datetime"][rows] // HOUR * HOUR + chunk.month.month * 60
    trips["pickup_datetime"][rows] = minute + 30 + dice.below(30)
    trips["dropoff_datetime"][rows] = minute + dice.below(30)


def repeated_hour(trips: Trips, rows: Ints, dice: Dice, chunk: Chunk) -> None:
    sunday = date(chunk.month.year, 11, 1).weekday()
    two = seconds(chunk.month) + (6 - sunday) * DAY + 2 * HOUR
    trips["pickup_datetime"][rows] = two - 1 - dice.below(HOUR // 3)
    trips["dropoff_datetime"][rows] = two - HOUR + dice.below(HOUR // 2)


def no_duration(trips: Trips, rows: Ints, _: Dice, __: Chunk) -> None:
    trips["dropoff_datetime"][rows] = trips["pickup_datetime"][rows]
    _set_distance(trips, rows, 0)


def meter_left_on(trips: Trips, rows: Ints, dice: Dice, _: Chunk) -> None:
    trips["dropoff_datetime"][rows] = trips["pickup_datetime"][rows] + DAY - 300 - dice.below(4000)


def over_a_day(trips: Trips, rows: Ints, dice: Dice, _: Chunk) -> None:
    trips["dropoff_datetime"][rows] = trips["pickup_datetime"][rows] + DAY + 1 + dice.below(3 * DAY)


def far_year(trips: Trips, rows: Ints, _: Dice, __: Chunk) -> None:
    trips["dropoff_datetime"][rows] += MILLENNIUM


def no_distance(trips: Trips, rows: Ints, _: Dice, __: Chunk) -> None:
    _set_distance(trips, rows, 0)


def absurd_distance(trips: Trips, rows: Ints, dice: Dice, _: Chunk) -> None:
    _set_distance(trips, rows, 400_000 + dice.below(24_000_000))


def no_passengers(trips: Trips, rows: Ints, _: Dice, __: Chunk) -> None:
    trips["passenger_count"][rows] = 0


def unknown_zone(trips: Trips, rows: Ints, _: Dice, __: Chunk) -> None:
    trips["pickup_location_id"][rows] = trips["dropoff_location_id"][rows] = UNKNOWN_ZONE


def outside_city(trips: Trips, rows: Ints, dice: Dice, _: Chunk) -> None:
    trips["dropoff_location_id"][rows] = OUTSIDE_CITY
    trips["pickup_location_id"][rows[dice.chance(300)]] = OUTSIDE_CITY


def unknown_rate(trips: Trips, rows: Ints, _: Dice, __: Chunk) -> None:
    trips["rate_code_id"][rows] = 99


def unknown_vendor(trips: Trips, rows: Ints, _: Dice, __: Chunk) -> None:
    trips["vendor_id"][rows] = 5


def no_fare(trips: Trips, rows: Ints, _: Dice, __: Chunk) -> None:
    trips["total_amount"][rows] -= trips["fare_amount"][rows]
    trips["fare_amount"][rows] = 0


def other_total(trips: Trips, rows: Ints, _: Dice, __: Chunk) -> None:
    trips["total_amount"][rows] += 195


def reversal(trips: Trips, rows: Ints, dice: Dice, chunk: Chunk) -> None:
    originals = rows + 1
    trips["payment_type"][originals] = 2
    trips["total_amount"][originals] -= trips["tip_amount"][originals]
    trips["tip_amount"][originals] = 0
    for values in trips.values():
        values[rows] = values[originals]
    trips["payment_type"][rows] = dice.pick({3: 60, 4: 40})
    for column in DATASETS[chunk.dataset].published_columns:
        if column.unit == "US dollars" and column.name in trips:
            amounts = trips[column.name][rows]
            trips[column.name][rows] = np.where(amounts == NULL, NULL, -amounts)


def no_position(trips: Trips, rows: Ints, dice: Dice, _: Chunk) -> None:
    # Green 2013-08: nearly always both ends of a trip.
    for end, missing in (("pickup", rows), ("dropoff", rows[dice.chance(900)])):
        trips[f"{end}_longitude"][missing] = trips[f"{end}_latitude"][missing] = 0
        trips[f"{end}_location_id"][missing] = UNKNOWN_ZONE


def zone_zero(trips: Trips, rows: Ints, _: Dice, __: Chunk) -> None:
    trips["dropoff_location_id"][rows] = 0


def unknown_payment(trips: Trips, rows: Ints, _: Dice, __: Chunk) -> None:
    trips["payment_type"][rows] = 5
    trips["total_amount"][rows] -= trips["tip_amount"][rows]
    trips["tip_amount"][rows] = 0


def negative_fare(trips: Trips, rows: Ints, dice: Dice, _: Chunk) -> None:
    trips["base_passenger_fare"][rows] = -1 - dice.below(2_000)


def free_ride(trips: Trips, rows: Ints, _: Dice, __: Chunk) -> None:
    for name in ("base_passenger_fare", "sales_tax", "bcf"):
        trips[name][rows] = 0
