"""The faults of TLC's files that sample trips have, in one table with their shares.

A fault changes rows that `sample/trips.py` made; a row has at most one, so that every share holds. Missing
fields of dispatched trips, and totals that leave out the congestion surcharge, are ordinary: made there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np

from taxi_assets.datasets import DATASETS
from taxi_assets.sample.trips import DAY, HOUR, NULL, Chunk, Dice, Ints, Trips, seconds

NEW_YEAR_2009: Final = 1_230_768_000
"""Where the clock of a meter starts after a reset, in seconds since 1970."""
MILLENNIUM: Final = 365_243 * DAY

Change = Callable[[Trips, Ints, Dice, Chunk], None]


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault, its share per million metered (or dispatched) rows by dataset, and how it changes rows.

    Files of `from_rows` rows or more have it at least once, however small its share; if `november`, only
    the files of that month.
    """

    name: str
    shares: Mapping[str, int]
    change: Change
    from_rows: int = 100
    dispatched: bool = False
    november: bool = False

    def rows_in(self, chunk: Chunk) -> int:
        """How many rows of a chunk have it: the file's number, spread evenly over its chunks."""
        share = self.shares.get(chunk.dataset, 0)
        if chunk.dispatched != self.dispatched or (self.november and chunk.month.month != 11):
            return 0
        least = 1 if share and chunk.file_rows >= self.from_rows else 0
        in_file = max(least, chunk.of * share // 1_000_000)
        return in_file * (chunk.first + chunk.rows) // chunk.of - in_file * chunk.first // chunk.of


def add_faults(chunk: Chunk, trips: Trips) -> None:
    """Changes rows of `trips` in place."""
    seed = (chunk.dataset, chunk.month, chunk.dispatched, chunk.first, chunk.file_rows)
    # A fault takes a row and the one after it, which a reversal needs.
    places = 2 * Dice(chunk.rows, *seed, "places").order(chunk.rows // 2)
    for fault in FAULTS:
        rows, places = np.split(places, [fault.rows_in(chunk)])
        if len(rows):
            fault.change(trips, rows, Dice(len(rows), *seed, fault.name), chunk)


def _move(trips: Trips, rows: Ints, pickup: Ints) -> None:
    """Gives trips another pickup and leaves their duration."""
    trips["dropoff_datetime"][rows] += pickup - trips["pickup_datetime"][rows]
    trips["pickup_datetime"][rows] = pickup


def _month_edge(trips: Trips, rows: Ints, dice: Dice, chunk: Chunk) -> None:
    before = seconds(chunk.month) - 1 - dice.below(2 * HOUR)
    after = seconds(chunk.month + 1) + dice.below(HOUR)
    _move(trips, rows, np.where(dice.chance(750), before, after))


def _clock_reset(trips: Trips, rows: Ints, dice: Dice, _: Chunk) -> None:
    _move(trips, rows, NEW_YEAR_2009 - 2 * HOUR + dice.below(4 * HOUR))


def _other_month(trips: Trips, rows: Ints, dice: Dice, _: Chunk) -> None:
    days = (31 + dice.below(110)) * np.where(dice.chance(500), 1, -1)
    _move(trips, rows, trips["pickup_datetime"][rows] + days * DAY)


def _dropoff_days_before(trips: Trips, rows: Ints, dice: Dice, _: Chunk) -> None:
    trips["dropoff_datetime"][rows] = trips["pickup_datetime"][rows] - 2 * HOUR - dice.below(4 * DAY)


def _month_for_minutes(trips: Trips, rows: Ints, dice: Dice, chunk: Chunk) -> None:
    # Times written with the month for the minutes: a drop-off in its pickup's hour may come before it.
    minute = trips["pickup_datetime"][rows] // HOUR * HOUR + chunk.month.month * 60
    trips["pickup_datetime"][rows] = minute + 30 + dice.below(30)
    trips["dropoff_datetime"][rows] = minute + dice.below(30)


def _repeated_hour(trips: Trips, rows: Ints, dice: Dice, chunk: Chunk) -> None:
    sunday = date(chunk.month.year, 11, 1).weekday()
    two = seconds(chunk.month) + (6 - sunday) * DAY + 2 * HOUR
    trips["pickup_datetime"][rows] = two - 1 - dice.below(HOUR // 3)
    trips["dropoff_datetime"][rows] = two - HOUR + dice.below(HOUR // 2)


def _no_duration(trips: Trips, rows: Ints, _: Dice, __: Chunk) -> None:
    trips["dropoff_datetime"][rows] = trips["pickup_datetime"][rows]
    trips["trip_distance"][rows] = 0


def _meter_left_on(trips: Trips, rows: Ints, dice: Dice, _: Chunk) -> None:
    trips["dropoff_datetime"][rows] = trips["pickup_datetime"][rows] + DAY - 300 - dice.below(4000)


def _over_a_day(trips: Trips, rows: Ints, dice: Dice, _: Chunk) -> None:
    trips["dropoff_datetime"][rows] = trips["pickup_datetime"][rows] + DAY + 1 + dice.below(3 * DAY)


def _far_year(trips: Trips, rows: Ints, _: Dice, __: Chunk) -> None:
    trips["dropoff_datetime"][rows] += MILLENNIUM


def _no_distance(trips: Trips, rows: Ints, _: Dice, __: Chunk) -> None:
    trips["trip_distance"][rows] = 0


def _absurd_distance(trips: Trips, rows: Ints, dice: Dice, _: Chunk) -> None:
    trips["trip_distance"][rows] = 400_000 + dice.below(24_000_000)


def _no_passengers(trips: Trips, rows: Ints, _: Dice, __: Chunk) -> None:
    trips["passenger_count"][rows] = 0


def _unknown_zone(trips: Trips, rows: Ints, _: Dice, __: Chunk) -> None:
    trips["pickup_location_id"][rows] = trips["dropoff_location_id"][rows] = 264


def _outside_city(trips: Trips, rows: Ints, dice: Dice, _: Chunk) -> None:
    trips["dropoff_location_id"][rows] = 265
    trips["pickup_location_id"][rows[dice.chance(300)]] = 265


def _unknown_rate(trips: Trips, rows: Ints, _: Dice, __: Chunk) -> None:
    trips["rate_code_id"][rows] = 99


def _unknown_vendor(trips: Trips, rows: Ints, _: Dice, __: Chunk) -> None:
    trips["vendor_id"][rows] = 5


def _no_fare(trips: Trips, rows: Ints, _: Dice, __: Chunk) -> None:
    trips["total_amount"][rows] -= trips["fare_amount"][rows]
    trips["fare_amount"][rows] = 0


def _other_total(trips: Trips, rows: Ints, _: Dice, __: Chunk) -> None:
    trips["total_amount"][rows] += 195


def _reversal(trips: Trips, rows: Ints, dice: Dice, chunk: Chunk) -> None:
    originals = rows + 1
    trips["payment_type"][originals] = 2
    trips["total_amount"][originals] -= trips["tip_amount"][originals]
    trips["tip_amount"][originals] = 0
    for values in trips.values():
        values[rows] = values[originals]
    trips["payment_type"][rows] = dice.pick({3: 60, 4: 40})
    for column in DATASETS[chunk.dataset].published_columns:
        if column.unit == "US dollars":
            amounts = trips[column.name][rows]
            trips[column.name][rows] = np.where(amounts == NULL, NULL, -amounts)


def _share(yellow: int, green: int) -> dict[str, int]:
    return {"yellow": yellow, "green": green}


# Counted in the published files that `sample/shapes.py` names, unless a comment says otherwise; rounded.
FAULTS: Final = (
    Fault("pickup minutes or hours before or after the month", _share(80, 80), _month_edge),
    Fault("pickup at New Year 2009, after a reset of the clock", _share(20, 20), _clock_reset),
    Fault("pickup in another month", _share(20, 30), _other_month, from_rows=1_000),
    Fault("drop-off hours or days before pickup", _share(5, 5), _dropoff_days_before),
    # 6 % of yellow's dispatched rows in 2020-10, none in 2020-04: the share of yellow lies between.
    Fault("drop-off seconds before pickup", _share(5_000, 200), _month_for_minutes, dispatched=True),
    # Follows from the clocks; the share is the hour's share of the month times the trips that cross its end.
    Fault("drop-off before pickup in the repeated hour", _share(300, 300), _repeated_hour, november=True),
    Fault("drop-off at pickup, without distance", _share(600, 1_000), _no_duration),
    Fault("meter left on for most of a day", _share(2_200, 3_500), _meter_left_on),
    # None in the counted files, known from other months of yellow; the shares are estimates.
    Fault("trip longer than a day", _share(10, 10), _over_a_day),
    Fault("drop-off a thousand years later", _share(1, 1), _far_year, from_rows=1_000),
    Fault("no distance", _share(15_000, 42_000), _no_distance),
    Fault("distance of thousands of miles, metered", _share(10, 10), _absurd_distance),
    Fault("distance of thousands of miles, dispatched", _share(500, 800), _absurd_distance, dispatched=True),
    Fault("no passengers", _share(20_000, 4_000), _no_passengers),
    Fault("zone unknown", _share(7_000, 1_400), _unknown_zone),
    Fault("zone outside the city", _share(3_000, 4_000), _outside_city),
    Fault("rate code unknown", _share(60, 20), _unknown_rate),
    # A code outside TLC's dictionary: none in the counted files, the share is an estimate.
    Fault("vendor unknown", _share(10, 10), _unknown_vendor, from_rows=1_000),
    Fault("no fare", _share(700, 2_000), _no_fare),
    Fault("total 1.95 dollars more than its parts", _share(1_500, 9_000), _other_total),
    Fault("reversal before its original", _share(5_000, 3_500), _reversal),
)
