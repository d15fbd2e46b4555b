"""The faults of TLC's files that sample trips have too, in one table with their shares.

A fault changes rows that were made as ordinary ones. A row has at most one fault, so that every share holds. Missing
fields, and totals that leave out the congestion surcharge, are ordinary: they are made with the trips.
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

    A dataset that `shares` does not name never has it. Files of `from_rows` rows or more have it at least once, however
    small its share. Only files from month `first` to the month before `end` have it, and if `november` is true, only
    those of Novembers.
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
        """How many rows of a chunk have the fault: those of the file, spread evenly over its chunks."""
        share = self.shares.get(chunk.dataset, 0)
        if chunk.dispatched != self.dispatched or (self.november and chunk.month.month != 11):
            return 0
        if not self.first <= chunk.month < self.end:
            return 0
        least = 1 if share and chunk.file_rows >= self.from_rows else 0
        in_file = max(least, chunk.of * share // 1_000_000)
        return in_file * (chunk.first + chunk.rows) // chunk.of - in_file * chunk.first // chunk.of


def add_faults(chunk: Chunk, trips: Trips) -> None:
    """Adds all faults to the trips of a chunk, in place."""
    # A fault takes a row and the one after it, which a reversal needs.
    places = 2 * chunk.dice("places").order(chunk.rows // 2)
    for fault in FAULTS:
        rows, places = np.split(places, [fault.rows_in(chunk)])
        if len(rows):
            fault.change(trips, rows, chunk.dice(fault.name, rows=len(rows)), chunk)


def _share(**per_million: int) -> Mapping[str, int]:
    return per_million


# Unless a comment says otherwise, shares of yellow and green are counted in the published files that `distributions.py`
# names, and those of fhv and fhvhv are estimates; all are rounded.
FAULTS: Final = (
    Fault(
        "pickup minutes or hours before or after the month",
        _share(yellow=80, green=80, fhv=80, fhvhv=80),
        changes.month_edge,
    ),
    Fault("pickup at New Year 2009, after a reset of the clock", _share(yellow=20, green=20), changes.clock_reset),
    Fault(
        "pickup in another month", _share(yellow=20, green=30, fhv=30, fhvhv=10), changes.other_month, from_rows=1_000
    ),
    Fault(
        "drop-off hours or days before pickup", _share(yellow=5, green=5, fhv=20, fhvhv=5), changes.dropoff_days_before
    ),
    # 6 % of yellow's dispatched rows in 2020-10, none in 2020-04: the share of yellow lies between.
    Fault(
        "drop-off seconds before pickup", _share(yellow=5_000, green=200), changes.month_for_minutes, dispatched=True
    ),
    # Follows from the clocks; the share is the hour's share of the month times the trips that cross its end.
    Fault(
        "drop-off before pickup in the repeated hour",
        _share(yellow=300, green=300, fhv=300, fhvhv=300),
        changes.repeated_hour,
        november=True,
    ),
    Fault(
        "drop-off at pickup, without distance", _share(yellow=600, green=1_000, fhv=300, fhvhv=20), changes.no_duration
    ),
    Fault("meter left on for most of a day", _share(yellow=2_200, green=3_500, fhv=1_000), changes.meter_left_on),
    # None in the counted files, known from other months of yellow; the shares are estimates.
    Fault("trip longer than a day", _share(yellow=10, green=10, fhv=500, fhvhv=5), changes.over_a_day),
    Fault("drop-off a thousand years later", _share(yellow=1, green=1, fhv=1), changes.far_year, from_rows=1_000),
    Fault("no distance", _share(yellow=15_000, green=42_000, fhvhv=300), changes.no_distance),
    Fault("distance of thousands of miles, metered", _share(yellow=10, green=10, fhvhv=1), changes.absurd_distance),
    Fault(
        "distance of thousands of miles, dispatched",
        _share(yellow=500, green=800),
        changes.absurd_distance,
        dispatched=True,
    ),
    Fault("no passengers", _share(yellow=20_000, green=4_000), changes.no_passengers),
    Fault("zone unknown", _share(yellow=7_000, green=1_400, fhv=2_000, fhvhv=100), changes.unknown_zone),
    # fhv: 2 % of the drop-offs in the sample of 2020-04.
    Fault("zone outside the city", _share(yellow=3_000, green=4_000, fhv=20_000, fhvhv=30_000), changes.outside_city),
    Fault("rate code unknown", _share(yellow=60, green=20), changes.unknown_rate),
    # A code outside TLC's dictionary: none in the counted files, the share is an estimate. Texts have no such vendor.
    Fault(
        "vendor unknown", _share(yellow=10, green=10), changes.unknown_vendor, from_rows=1_000, first=FIRST_WITH_CODES
    ),
    Fault("no fare", _share(yellow=700, green=2_000), changes.no_fare),
    Fault("total 1.95 dollars more than its parts", _share(yellow=1_500, green=9_000), changes.other_total),
    Fault("reversal before its original", _share(yellow=5_000, green=3_500), changes.reversal),
    # Green 2013-08: 2.7 % in its second half; the shares are estimates.
    Fault("no position", _share(yellow=17_000, green=19_000), changes.no_position, end=FIRST_WITH_ZONES),
    # UNK in 2014-09 and `NA ` in 2010-02 are among the first lines; the share is an estimate.
    Fault("payment unknown", _share(yellow=2_000), changes.unknown_payment, first=Month(2010, 1), end=FIRST_WITH_CODES),
    # Among the first lines of 2017-05; the share is an estimate.
    Fault("zone 0", _share(fhv=2_000), changes.zone_zero, first=Month(2017, 1), end=Month(2019, 1)),
    # One each in the 1,000 rows of 2020-04.
    Fault("negative fare", _share(fhvhv=1_000), changes.negative_fare),
    Fault("free ride", _share(fhvhv=1_000), changes.free_ride),
)
