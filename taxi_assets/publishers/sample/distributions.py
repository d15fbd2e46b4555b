"""What sample taxi trips look like, as data: distributions, tariffs and shares by dataset and month.

Shares are per mille, amounts in cents, distances in hundredths of a mile. Unless a comment says otherwise the
numbers are rounded counts from published files: parts of yellow 2019-02, 2020-04, 2020-10 and 2021-01; whole
months of green 2020-03 to 08, 2021-01, 2021-02, 2023-12, 2024-01 and 2024-10. They stand for older months too.
`taxis.py` uses them, and `for_hire.py` and `high_volume.py` use what holds for every trip.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, TypeVar

from taxi_assets.model.months import Month

T = TypeVar("T")
Weights = Mapping[int, int]
Quantiles = tuple[tuple[int, int], ...]
"""Points of a distribution as pairs (share below, value), from share 0 to share 1000."""
Eras = tuple[tuple[Month, T], ...]
"""Pairs of a month and what holds from it on, oldest first."""


def in_force(eras: Eras[T], month: Month) -> T:
    """The value of the last era that has begun by `month`; of the first era for months before it."""
    return ([value for first, value in eras if first <= month] or [eras[0][1]])[-1]


@dataclass(frozen=True, kw_only=True)
class Shape:
    """How the trips of a dataset are distributed.

    Metered trips have every field; dispatched trips are the block at the end of a file whose driver-entered fields are
    missing. `zones` weighs the busiest taxi zones, and the other zones share `other_pickups` or `other_dropoffs`.
    """

    dispatched: Eras[int]
    vendors: Eras[Weights]
    rates: Weights
    payments: Weights
    passengers: Weights
    distances: Quantiles
    zones: Weights
    other_pickups: int
    other_dropoffs: int
    same_zone: int
    congestion_cents: int
    congestion: int
    tolls: int
    dispatched_congestion: int
    dispatched_tips: int
    dispatched_whole_minutes: int
    dispatched_mta_cents: int


def _pairs(text: str) -> list[tuple[str, int]]:
    return [(left, int(right)) for left, right in (item.split(":") for item in text.split())]


def weights(text: str) -> Weights:
    return {int(value): weight for value, weight in _pairs(text)}


def quantiles(text: str) -> Quantiles:
    return tuple((int(share), value) for share, value in _pairs(text))


def by_month(text: str) -> Eras[int]:
    return tuple((Month.parse(month), value) for month, value in _pairs(text))


YELLOW: Final = Shape(
    # None before 2019. The shares of 2019, 2020-01, 2022, 2024-01 and 2025 are estimates.
    dispatched=by_month(
        """2019-01:0 2020-01:10 2020-04:80 2020-10:67 2021-01:72 2022-01:29 2024-01:47 2024-12:90
        2025-01:155 2026-01:260"""
    ),
    # Vendors 6 and 7 stand in TLC's dictionary of 2025; their shares are estimates, as are all before 2019. DDS (3)
    # is among the first lines of 2009-01 to 2010-01; when it left is an estimate.
    vendors=(
        (Month(2009, 1), weights("1:460 2:470 3:70")),
        (Month(2010, 8), weights("1:490 2:510")),
        (Month(2015, 1), weights("1:470 2:530")),
        (Month(2019, 1), weights("1:377 2:614 4:9")),
        (Month(2020, 1), weights("1:310 2:690")),
        (Month(2025, 1), weights("1:230 2:745 6:5 7:20")),
    ),
    rates=weights("1:968 2:20 3:2 4:1 5:9"),
    payments=weights("1:735 2:250 3:10 4:5"),
    passengers=weights("1:720 2:150 3:40 4:20 5:40 6:30"),
    distances=quantiles(
        """0:1 10:20 50:47 100:62 200:88 300:110 400:136 500:165 600:205 700:255 800:335 900:580
        950:950 980:1680 990:1850 999:2620 1000:4600"""
    ),
    zones=weights(
        """237:50 236:46 161:38 186:33 162:33 48:31 142:31 170:30 239:29 141:29 234:28 238:25 230:25
        140:24 163:24 107:23 263:22 79:22 229:22 68:21 164:20 249:20 132:20 138:19 90:18 100:17
        137:16 113:15 43:15 262:15 143:15 231:14 246:14 233:13 151:13"""
    ),
    other_pickups=100,
    other_dropoffs=200,
    same_zone=50,
    congestion_cents=250,
    congestion=870,
    tolls=46,
    dispatched_congestion=220,
    dispatched_tips=600,
    dispatched_whole_minutes=500,
    dispatched_mta_cents=50,
)
GREEN: Final = Shape(
    # The shares of 2019, 2022 and 2023-01 are estimates.
    dispatched=by_month(
        """2019-01:0 2020-03:211 2020-04:312 2020-05:455 2020-06:400 2021-01:460 2022-01:150 2023-01:76
        2024-01:60 2024-10:30"""
    ),
    vendors=((Month(2019, 1), weights("1:150 2:850")),),
    rates=weights("1:970 2:2 4:1 5:27"),
    payments=weights("1:560 2:431 3:7 4:2"),
    passengers=weights("1:860 2:75 3:15 4:5 5:27 6:18"),
    distances=quantiles(
        """0:1 10:8 50:50 100:70 200:95 300:118 400:143 500:172 600:212 700:272 800:367 900:596 950:831
        980:1349 990:1797 999:2983 1000:5650"""
    ),
    zones=weights(
        """74:97 75:85 41:75 42:47 82:45 166:44 7:40 97:36 244:34 95:33 65:29 129:25 33:24 130:20 25:19
        260:19 116:19 66:18 181:16 43:15 223:14 236:12 152:9 238:9"""
    ),
    other_pickups=200,
    other_dropoffs=600,
    same_zone=110,
    congestion_cents=275,
    congestion=200,
    tolls=27,
    dispatched_congestion=50,
    dispatched_tips=200,
    dispatched_whole_minutes=970,
    dispatched_mta_cents=0,
)

DISPATCHED_DISTANCES: Final = quantiles(
    """0:1 10:30 50:90 100:140 200:220 300:300 400:395 500:500 600:640 700:825 800:1080 900:1480
    950:1800 980:2130 990:2360 999:3100 1000:5500"""
)
# Seconds a mile.
PACE: Final = quantiles(
    """0:65 10:95 50:140 100:175 200:230 300:270 400:300 500:330 600:360 700:395 800:440 900:520
    950:610 980:740 990:900 1000:2500"""
)

# Pickups by hour of the day.
METERED_HOURS: Final = weights(
    """0:18 1:9 2:5 3:4 4:4 5:6 6:18 7:33 8:48 9:49 10:50 11:58 12:62 13:65 14:73 15:73 16:68 17:74
    18:74 19:61 20:47 21:37 22:34 23:30"""
)
DISPATCHED_HOURS: Final = weights(
    """0:6 1:2 2:2 3:4 4:13 5:20 6:40 7:58 8:72 9:82 10:79 11:74 12:76 13:77 14:72 15:65 16:65 17:56
    18:40 19:27 20:22 21:20 22:17 23:11"""
)
# Pickups by day of the week, from Monday.
WEEKDAYS: Final = (128, 146, 149, 147, 156, 150, 125)

# Percent of the amount before the tip, offered by the card reader, and the round tips typed in instead.
TIP_PERCENT: Final = weights("0:60 10:60 15:80 20:570 25:130 30:100")
ROUND_TIPS: Final = weights("100:300 150:80 200:250 250:80 300:120 500:110 1000:60")
ROUND_TIP: Final = 270


@dataclass(frozen=True, kw_only=True)
class Tariff:
    """The regulated amounts, in cents. A unit is a fifth of a mile, or a minute of standing."""

    flag_drop: int
    unit: int
    night: int
    rush: int
    mta: int
    improvement: int
    jfk: int


# TLC's fares; a rise within a month is taken for the whole month.
TARIFFS: Final[Eras[Tariff]] = (
    (Month(2009, 1), Tariff(flag_drop=250, unit=40, night=50, rush=100, mta=0, improvement=0, jfk=4500)),
    (Month(2009, 11), Tariff(flag_drop=250, unit=40, night=50, rush=100, mta=50, improvement=0, jfk=4500)),
    (Month(2012, 9), Tariff(flag_drop=250, unit=50, night=50, rush=100, mta=50, improvement=0, jfk=5200)),
    (Month(2015, 1), Tariff(flag_drop=250, unit=50, night=50, rush=100, mta=50, improvement=30, jfk=5200)),
    (Month(2022, 12), Tariff(flag_drop=300, unit=70, night=100, rush=250, mta=50, improvement=100, jfk=7000)),
)
# MTA's tunnels and bridges: 4.15, 4.57, 4.80, 5.33, 5.76, 6.12 and 6.94 are in the files, 5.54, 6.55 and the months
# are MTA's.
TOLLS: Final = by_month(
    """2009-01:415 2009-07:457 2011-01:480 2013-03:533 2015-04:554 2017-04:576 2019-04:612 2021-04:655 2023-08:694"""
)
# The months are estimates; the CSV files to 2021-07 have no column for the fee.
AIRPORT_FEES: Final = by_month("2009-01:0 2021-08:125 2023-07:175")
AIRPORTS: Final = (132, 138)
"""The zones of John F. Kennedy and LaGuardia."""

# The surcharge began on 2 February 2019. Before, the column is empty in most rows, by an estimated share, and
# 0 in the others.
FIRST_CONGESTION_MONTH: Final = Month(2019, 2)
EMPTY_BEFORE_CONGESTION: Final = 630

CBD_FEE: Final = 75
CBD_FEE_START: Final = "2025-01-05"
CBD_SHARE_OF_CONGESTION: Final = 800
