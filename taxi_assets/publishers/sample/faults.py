"""The faults of TLC's files that sample trips have, in one table with their shares.

A fault changes rows that were made as ordinary ones; a row has at most one, so that every share holds. Missing fields,
and totals that leave out the congestion surcharge, are ordinary: made with the trips.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from taxi_assets.model.months import Month
from taxi_assets.publishers.sample import fault_functions as changes
from taxi_assets.publishers.sample.old_taxis import FIRST_WITH_CODES, FIRST_WITH_ZONES
from taxi_assets.publishers.sample.trips import Chunk, Dice, Ints, Trips

Change = Callable[[Trips, Ints, Dice, Chunk], None]

FIRST: Final = Month(2009, 1)
END: Final = Month(9998, 12)


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault, its share per million metered (or dispatched) rows by dataset, and how it changes rows.

    Files of `from_rows` rows or more have it at least once, however small its share; only files from month `first`
    to the one before `end` have it, and if `november`, only the files of that month.
    """

    name: str
    shares: Mapping[str, int]
    change: Change
    from_rows: int = 100
    dispatched: bool = False
    november: bool = False
    first: Month = FIRST
    end: Month = END

    def rows_in(self, chunk: Chunk) -> int:
        """How many rows of a chunk have it: the file's number, spread evenly over its chunks."""
        share = self.shares.get(chunk.dataset, 0)
        if chunk.dispatched != self.dispatched or (self.november and chunk.month.month != 11):
            return 0
        if not self.first <= chunk.month < self.end:
            return 0
        least = 1 if share and chunk.file_rows >= self.from_rows else 0
        in_file = max(least, chunk.of * share // 1_000_000)
        return in_file * (chunk.first + chunk.rows) // chunk.of - in_file * chunk.first // chunk.of


def add_faults(chunk: Chunk, trips: Trips) -> None:
    """Changes rows of `trips` in place."""
    # A fault takes a row and the one after it, which a reversal needs.
    places = 2 * chunk.dice("places").order(chunk.rows // 2)
    for fault in FAULTS:
        rows, places = np.split(places, [fault.rows_in(chunk)])
        if len(rows):
            fault.change(trips, rows, chunk.dice(fault.name, rows=len(rows)), chunk)


def _share(yellow: int, green: int, fhv: int = 0, fhvhv: int = 0) -> dict[str, int]:
    return {"yellow": yellow, "green": green, "fhv": fhv, "fhvhv": fhvhv}


# Of yellow and green counted in the published files that `shapes.py` names, of fhv and fhvhv estimates, unless
# a comment says otherwise; rounded.
FAULTS: Final = (
    Fault("pickup minutes or hours before or after the month", _share(80, 80, 80, 80), changes.month_edge),
    Fault("pickup at New Year 2009, after a reset of the clock", _share(20, 20), changes.clock_reset),
    Fault("pickup in another month", _share(20, 30, 30, 10), changes.other_month, from_rows=1_000),
    Fault("drop-off hours or days before pickup", _share(5, 5, 20, 5), changes.dropoff_days_before),
    # 6 % of yellow's dispatched rows in 2020-10, none in 2020-04: the share of yellow lies between.
    Fault("drop-off seconds before pickup", _share(5_000, 200), changes.month_for_minutes, dispatched=True),
    # Follows from the clocks; the share is the hour's share of the month times the trips that cross its end.
    Fault(
        "drop-off before pickup in the repeated hour", _share(300, 300, 300, 300), changes.repeated_hour, november=True
    ),
    Fault("drop-off at pickup, without distance", _share(600, 1_000, 300, 20), changes.no_duration),
    Fault("meter left on for most of a day", _share(2_200, 3_500, 1_000), changes.meter_left_on),
    # None in the counted files, known from other months of yellow; the shares are estimates.
    Fault("trip longer than a day", _share(10, 10, 500, 5), changes.over_a_day),
    Fault("drop-off a thousand years later", _share(1, 1, 1), changes.far_year, from_rows=1_000),
    Fault("no distance", _share(15_000, 42_000, 0, 300), changes.no_distance),
    Fault("distance of thousands of miles, metered", _share(10, 10, 0, 1), changes.absurd_distance),
    Fault("distance of thousands of miles, dispatched", _share(500, 800), changes.absurd_distance, dispatched=True),
    Fault("no passengers", _share(20_000, 4_000), changes.no_passengers),
    Fault("zone unknown", _share(7_000, 1_400, 2_000, 100), changes.unknown_zone),
    # fhv: 2 % of the drop-offs in the sample of 2020-04.
    Fault("zone outside the city", _share(3_000, 4_000, 20_000, 30_000), changes.outside_city),
    Fault("rate code unknown", _share(60, 20), changes.unknown_rate),
    # A code outside TLC's dictionary: none in the counted files, the share is an estimate. Texts have no such vendor.
    Fault("vendor unknown", _share(10, 10), changes.unknown_vendor, from_rows=1_000, first=FIRST_WITH_CODES),
    Fault("no fare", _share(700, 2_000), changes.no_fare),
    Fault("total 1.95 dollars more than its parts", _share(1_500, 9_000), changes.other_total),
    Fault("reversal before its original", _share(5_000, 3_500), changes.reversal),
    # Green 2013-08: 2.7 % in its second half; the shares are estimates.
    Fault("no position", _share(17_000, 19_000), changes.no_position, end=FIRST_WITH_ZONES),
    # UNK in 2014-09 and `NA ` in 2010-02 are among the first lines; the share is an estimate.
    Fault("payment unknown", _share(2_000, 0), changes.unknown_payment, first=Month(2010, 1), end=FIRST_WITH_CODES),
    # Among the first lines of 2017-05; the share is an estimate.
    Fault("zone 0", _share(0, 0, 2_000), changes.zone_zero, first=Month(2017, 1), end=Month(2019, 1)),
    # One each in the 1,000 rows of 2020-04.
    Fault("negative fare", _share(0, 0, 0, 1_000), changes.negative_fare),
    Fault("free ride", _share(0, 0, 0, 1_000), changes.free_ride),
)
