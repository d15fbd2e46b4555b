"""Sample trips in for-hire vehicles (fhv): what the bases report, which is little and often empty.

Counted in 1,000 rows of 2020-04 and seen in the first lines of the CSV files of 2015 to 2020-06; all shares by month
are estimates from those.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from taxi_assets.model.months import Month
from taxi_assets.model.zone_ids import UNKNOWN_ZONE
from taxi_assets.publishers.sample.distributions import by_month, in_force, quantiles
from taxi_assets.publishers.sample.trips import (
    CITY_ZONES,
    HOUR,
    NULL,
    Bytes,
    Chunk,
    Ints,
    Mask,
    TripMaker,
    Trips,
    pickups,
)

if TYPE_CHECKING:
    from taxi_assets.model.datasets import FileFormat

BASES: Final = np.array([f"B{number:05d}" for number in range(1, 3_400, 7)], dtype="S6")
OTHER_TEXTS: Final = np.array(["b00231", "1LIVERY", "LIVERY", "B00231 - Car Svc"], dtype="S16")
"""Made-up texts of the kind that stands where the number of an affiliated base is expected."""

DURATIONS: Final = quantiles("0:60 100:214 500:668 900:1912 990:5400 1000:17280")

# Per mille of the trips.
WHOLE_MINUTES: Final = by_month("2015-01:600 2017-01:500 2017-07:120")
OF_THESE_ROUND: Final = by_month("2015-01:500 2017-07:0")
"""The share of those times in whole minutes that are in whole five minutes."""
NO_DROPOFF_TIME: Final = by_month("2015-01:1000 2017-01:600 2017-07:0")
NO_PICKUP_ZONE: Final = by_month(
    "2015-01:950 2017-01:550 2017-07:40 2018-01:100 2019-01:350 2019-02:20 2020-04:320 2020-06:800"
)
NO_DROPOFF_ZONE: Final = by_month("2015-01:1000 2017-01:650 2017-07:40 2018-01:100 2019-01:350 2019-02:20 2020-04:55")
UNKNOWN_PICKUP_ZONE: Final = by_month("2015-01:0 2019-02:300 2020-04:770 2020-06:300")
UNKNOWN_DROPOFF_ZONE: Final = by_month("2015-01:0 2019-02:300 2020-04:68")
SHARED: Final = by_month("2015-01:0 2017-07:200 2019-02:0")
OTHER_AFFILIATION: Final = 310

FIRST_DISTINCT: Final = Month(2017, 1)
"""Earlier files have nothing that tells trips of the same base and minute apart: some rows are there twice."""


def for_hire_trips(chunk: Chunk) -> Trips:
    """Makes the trips of a chunk, each plausible, with every field."""
    dice = chunk.dice()
    pickup = pickups(chunk, dice)
    whole = dice.chance(in_force(WHOLE_MINUTES, chunk.month))
    step = np.where(dice.chance(in_force(OF_THESE_ROUND, chunk.month)), 300, 60)
    pickup = np.where(whole, pickup // step * step, pickup)
    base, other = BASES[_few_busy(dice.below(1000))], BASES[_few_busy(dice.below(1000))]
    affiliated = np.where(dice.chance(OTHER_AFFILIATION), other, base).astype("S16")
    texts = OTHER_TEXTS[dice.below(len(OTHER_TEXTS))]
    affiliated = np.where(dice.chance(8), texts, np.where(dice.chance(6), b"", affiliated))
    return {
        "pickup_datetime": pickup,
        "dropoff_datetime": pickup + dice.quantile(DURATIONS),
        "pickup_location_id": 1 + dice.below(len(CITY_ZONES)),
        "dropoff_location_id": 1 + dice.below(len(CITY_ZONES)),
        "sr_flag": np.where(dice.chance(in_force(SHARED, chunk.month)), 1, NULL),
        "dispatching_base_num": base,
        "other_base_num": np.zeros(chunk.rows, dtype="S1"),
        "affiliated_base_number": affiliated,
    }


def _few_busy(share: Ints) -> Ints:
    """Places in BASES, such that an eighth of the bases has half of the trips."""
    return share * share * share * len(BASES) // 1_000_000_000


def publish_for_hire_trips(chunk: Chunk, trips: Trips, _: FileFormat) -> None:
    """Empties the fields that the bases did not report, the same in both publications."""
    dice, month = chunk.dice("reported"), chunk.month
    # One draw for both zones: where files lack one, they mostly lack the other.
    lacks, unknown = dice.below(1000), dice.below(1000)
    no_time = dice.chance(in_force(NO_DROPOFF_TIME, month))
    if month >= FIRST_DISTINCT:
        complete = _easily_repeated(trips["pickup_datetime"], trips["dispatching_base_num"])
        lacks[complete] = unknown[complete] = 1000
        no_time &= ~complete
    trips["dropoff_datetime"][no_time] = NULL
    for end, none, no_idea in (
        ("pickup", NO_PICKUP_ZONE, UNKNOWN_PICKUP_ZONE),
        ("dropoff", NO_DROPOFF_ZONE, UNKNOWN_DROPOFF_ZONE),
    ):
        zone = trips[f"{end}_location_id"]
        zone[unknown < in_force(no_idea, month)] = UNKNOWN_ZONE
        zone[lacks < in_force(none, month)] = NULL


def _easily_repeated(pickup: Ints, base: Bytes) -> Mask:
    """Trips with the base and the pickup of another one in the chunk, or in the hours that it shares with others."""
    repeated = np.isin(pickup // HOUR, [pickup[0] // HOUR, pickup[-1] // HOUR])
    places = np.lexsort((base, pickup))
    before, after = places[:-1], places[1:]
    repeated[after[(pickup[before] == pickup[after]) & (base[before] == base[after])]] = True
    return repeated


FHV_TRIPS: Final = TripMaker(for_hire_trips, publish_for_hire_trips)
