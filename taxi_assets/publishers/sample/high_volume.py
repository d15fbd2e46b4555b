"""Sample trips in high-volume for-hire vehicles (fhvhv): Juno, Uber, Via and Lyft.

The numbers are counted in 1,000 rows of 2020-04, or seen in the first lines of the CSV files of 2019-02 to 2020-06.
Everything after 2020-06, and what a comment calls so, is an estimate.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from taxi_assets.model.months import Month
from taxi_assets.publishers.sample.distributions import (
    AIRPORTS,
    CBD_FEE_START,
    TOLLS,
    Eras,
    Weights,
    by_month,
    in_force,
    quantiles,
    weights,
)
from taxi_assets.publishers.sample.trips import (
    NULL,
    Bytes,
    Chunk,
    Dice,
    Ints,
    Mask,
    TripMaker,
    Trips,
    durations,
    pickups,
    zones,
)

if TYPE_CHECKING:
    from taxi_assets.model.datasets import FileFormat

JUNO, UBER, VIA, LYFT = 2, 3, 4, 5
LICENSES: Final = np.array([f"HV{number:04d}" for number in range(6)], dtype="S6")
# Shares of 2020-04; others, and when Juno and Via end, are estimates.
OPERATORS: Final[Eras[Weights]] = (
    (Month(2019, 2), weights("2:30 3:715 4:55 5:200")),
    (Month(2019, 12), weights("3:695 4:12 5:293")),
    (Month(2021, 11), weights("3:725 5:275")),
)
UBER_BASES: Final = np.array([f"B{number:05d}" for number in range(2_864, 2_890)], dtype="S6")
ONE_BASE: Final = np.array(["", "", "B03035", "", "B02800", "B02510"], dtype="S6")

# Thousandths of a mile.
DISTANCES: Final = quantiles(
    """0:130 10:534 50:760 100:1050 200:1430 300:1910 400:2400 500:3010 600:3830 700:4910 800:6670 900:10160
    950:14160 980:17940 990:19550 1000:45000"""
)
# Kennedy, LaGuardia and a few others; a made-up share.
ZONES: Final = weights("132:20 138:20 61:12 79:12 37:10 76:10 230:9 161:9 42:9 181:8")
OTHER_ZONES: Final = 880

# Seconds: from the request to the driver's arrival, which only Uber reports, and from there to the pickup.
WAIT: Final = quantiles("0:5 100:60 500:140 900:300 1000:1700")
ON_SCENE: Final = quantiles("0:1 100:47 500:105 900:179 1000:800")

# Per mille. The fund's 2.5 % are counted; since when they are 3 % is an estimate. The state's tax is 8.875 %.
BLACK_CAR_FUND: Final = by_month("2019-02:25 2022-01:30")
SALES_TAX_PER_100_000: Final = 8_875
# No ride was shared in the sample of 2020-04; the other shares are estimates.
SHARED_REQUESTS: Final = by_month("2019-02:180 2020-03:60 2020-04:0 2021-07:10")
MATCHED_OF_SHARED: Final = 500
CONGESTION: Final = 211
CONGESTION_FEE, SHARED_CONGESTION_FEE, AIRPORT_FEE, CBD_FEE = 275, 75, 250, 150
CBD_SHARE_OF_CONGESTION: Final = 800
# An estimate, and so is that the column is 0 in the months before that have it.
FIRST_AIRPORT_FEE: Final = Month(2020, 11)
FIRST_YES_NO: Final = Month(2021, 6)
"""The first month whose SR_Flag is Y or N in CSV files; before it is 1 or empty."""
TOLL, TIP, ACCESSIBLE, ACCESS_A_RIDE, WAV_REQUEST = 90, 135, 32, 1, 2


def high_volume_trips(chunk: Chunk) -> Trips:
    """Makes the trips of a chunk, each plausible."""
    dice = chunk.dice()
    miles = dice.quantile(DISTANCES)
    pickup = pickups(chunk, dice)
    duration = durations(miles // 10, dice)
    trips = {
        "pickup_datetime": pickup,
        "dropoff_datetime": pickup + duration,
        "trip_miles": miles,
        "trip_time": duration,
        "pickup_location_id": zones(ZONES, OTHER_ZONES, dice),
        "dropoff_location_id": zones(ZONES, OTHER_ZONES, dice),
    }
    operator = dice.pick(in_force(OPERATORS, chunk.month))
    trips |= _operators(operator, dice)
    trips |= _flags(chunk, operator, dice)
    trips |= _amounts(chunk, trips, dice)
    return trips


def _operators(operator: Ints, dice: Dice) -> Trips:
    # Some of Uber's bases have many more trips than others.
    ubers = np.minimum(dice.below(len(UBER_BASES)), dice.below(len(UBER_BASES)))
    base: Bytes = np.where(operator == UBER, UBER_BASES[ubers], ONE_BASE[operator])
    return {
        "hvfhs_license_num": LICENSES[operator],
        "dispatching_base_num": base,
        # Only Uber reports it.
        "originating_base_num": np.where(operator == UBER, base, b""),
        "affiliated_base_number": np.where(operator == UBER, base, b""),
    }


def _flags(chunk: Chunk, operator: Ints, dice: Dice) -> Trips:
    asked = dice.chance(in_force(SHARED_REQUESTS, chunk.month))
    matched = asked & dice.chance(MATCHED_OF_SHARED)
    wav = dice.chance(WAV_REQUEST)
    since_2021 = chunk.month >= FIRST_YES_NO
    return {
        "sr_flag": np.where(asked, 1, 0 if since_2021 else NULL),
        "sr_text": _yes(asked),
        "shared_request_flag": _yes(asked),
        "shared_match_flag": _yes(matched),
        # Uber writes a space.
        "access_a_ride_flag": np.where(operator == UBER, b" ", _yes(dice.chance(ACCESS_A_RIDE))),
        "wav_request_flag": _yes(wav),
        "wav_match_flag": _yes(wav | dice.chance(ACCESSIBLE)),
    }


def _yes(flag: Mask) -> Bytes:
    return np.where(flag, b"Y", b"N")


def _amounts(chunk: Chunk, trips: Trips, dice: Dice) -> Trips:
    # About 4.90 dollars and 2.50 a mile, as counted.
    fare = 300 + dice.below(380) + trips["trip_miles"] * (150 + dice.below(200)) // 1000
    tolls = np.where(dice.chance(TOLL), in_force(TOLLS, chunk.month), 0)
    taxed = fare + tolls
    in_zone = dice.chance(CONGESTION)
    shared = trips["shared_request_flag"] == b"Y"
    start = int(np.datetime64(CBD_FEE_START, "s").astype(np.int64))
    in_cbd = in_zone & dice.chance(CBD_SHARE_OF_CONGESTION) & (trips["pickup_datetime"] >= start)
    at_airport = np.isin(trips["pickup_location_id"], AIRPORTS) | np.isin(trips["dropoff_location_id"], AIRPORTS)
    return {
        "base_passenger_fare": fare,
        "tolls": tolls,
        "bcf": (taxed * in_force(BLACK_CAR_FUND, chunk.month) + 500) // 1000,
        "sales_tax": (taxed * SALES_TAX_PER_100_000 + 50_000) // 100_000,
        "congestion_surcharge": np.where(in_zone, np.where(shared, SHARED_CONGESTION_FEE, CONGESTION_FEE), 0),
        "cbd_congestion_fee": np.where(in_cbd, CBD_FEE, 0),
        "airport_fee": np.where(at_airport & (chunk.month >= FIRST_AIRPORT_FEE), AIRPORT_FEE, 0),
        "tips": np.where(dice.chance(TIP), 100 + 100 * dice.below(6), 0),
        "driver_pay": fare * (670 + dice.below(260)) // 1000,
    }


def publish_high_volume_trips(chunk: Chunk, trips: Trips, _: FileFormat) -> None:
    """Adds the times before the pickup, now that faults have moved the pickups."""
    dice = chunk.dice("before pickup")
    on_scene = trips["pickup_datetime"] - dice.quantile(ON_SCENE)
    trips["request_datetime"] = on_scene - dice.quantile(WAIT)
    # Counted: all trips of Uber, none of others.
    trips["on_scene_datetime"] = np.where(trips["originating_base_num"] == b"", NULL, on_scene)


FHVHV_TRIPS: Final = TripMaker(high_volume_trips, publish_high_volume_trips)
