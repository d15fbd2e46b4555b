"""What was different in yellow and green files before 2019: coordinates, clocks, spellings, empty fields.

Seen in the first lines of TLC's CSV files of 2009 to 2018 and in the whole month green 2013-08; shares and the
coordinates' distribution are estimates.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from taxi_assets.model.months import Month
from taxi_assets.publishers.sample.distributions import in_force
from taxi_assets.publishers.sample.trips import NULL, Bytes, Chunk, Dice, Ints, Mask, Trips

if TYPE_CHECKING:
    from taxi_assets.publishers.sample.distributions import Eras

FIRST_WITH_ZONES: Final = Month(2016, 7)
"""CSV files of earlier months have coordinates; the Parquet files that TLC made in 2022 have zones from 2011 on."""
FIRST_WITH_CODES: Final = Month(2015, 1)
"""Earlier yellow files have texts for vendors and payments."""
FIRST_MTA_TAX: Final = Month(2009, 11)
FIRST_TRIP_TYPE: Final = Month(2014, 3)
"""The first month in which green trips have a type; in 2013-10 most of them have one too."""

CMT, VTS = 1, 2
VENDOR_TEXTS: Final = np.array(["", "CMT", "VTS", "DDS"], dtype="S3")

IN_MANHATTAN: Final = {"yellow": 850, "green": 150}

Spellings = tuple[str, str, str, str, str]
"""The texts of payments 1 to 5."""


def _spellings(cmt: Spellings, vts: Spellings, dds: Spellings) -> Bytes:
    """The spellings as an array, by vendor and payment."""
    return np.array([["", *texts] for texts in (("",) * 5, cmt, vts, dds)], dtype="S9")


# As the first lines have them, and UNK. `No Charge` to `Dis` are known from other lines; which vendor wrote them when
# is an estimate, as is everything of DDS after 2010-01.
_WORDS: Final = ("Credit", "Cash", "No Charge", "Dispute", "Unknown")
_CAPITALS: Final = ("CRE", "CAS", "NOC", "DIS", "NA ")
_SHORT: Final = ("Cre", "Cas", "No", "Dis", "NA ")
_CODES: Final = ("CRD", "CSH", "NOC", "DIS", "UNK")
PAYMENTS: Final[Eras[Bytes]] = (
    (Month(2009, 1), _spellings(_WORDS, ("Credit", "CASH", *_WORDS[2:]), ("CREDIT", "CASH", *_WORDS[2:]))),
    (Month(2010, 1), _spellings(_CAPITALS, ("Cre", "CAS", *_SHORT[2:]), _CAPITALS)),
    (Month(2010, 3), _spellings(_SHORT, ("Cre", "CAS", *_SHORT[2:]), _CAPITALS)),
    (Month(2010, 8), _spellings(_CODES, _CODES, _CODES)),
)

# store_and_fwd_flag of trips that were sent at once, and of those held; only CMT had the flag.
FLAGS: Final[Eras[tuple[bytes, bytes]]] = ((Month(2009, 1), (b"0", b"1")), (Month(2010, 8), (b"N", b"Y")))
NO_FLAG_OF_CMT: Final = ((Month(2009, 1), 250), (Month(2010, 1), 0))


def rewind(chunk: Chunk, trips: Trips) -> None:
    """Gives trips of old months coordinates, and those of VTS times without seconds."""
    if chunk.month < FIRST_WITH_ZONES:
        dice = chunk.dice("positions")
        for end in ("pickup", "dropoff"):
            trips[f"{end}_longitude"], trips[f"{end}_latitude"] = _positions(IN_MANHATTAN[chunk.dataset], dice)
    if _has_texts(chunk):
        by_vts = trips["vendor_id"] == VTS
        for name in ("pickup_datetime", "dropoff_datetime"):
            trips[name] = np.where(by_vts, trips[name] // 60 * 60, trips[name])


def publish(chunk: Chunk, trips: Trips) -> None:
    """Empties the fields that files of the month left empty, and adds vendors and payments as they wrote them."""
    if chunk.dataset == "green" and chunk.month < FIRST_TRIP_TYPE:
        trips["trip_type"][:] = NULL
    if not _has_texts(chunk):
        return
    vendor, payment = trips["vendor_id"], trips["payment_type"]
    trips["vendor_text"] = VENDOR_TEXTS[vendor]
    trips["payment_text"] = in_force(PAYMENTS, chunk.month)[vendor, payment]
    sent, held = in_force(FLAGS, chunk.month)
    empty = (vendor != CMT) | chunk.dice("flags").chance(in_force(NO_FLAG_OF_CMT, chunk.month))
    is_held: Mask = trips["store_and_fwd_flag"] == b"Y"
    trips["store_and_fwd_flag"] = np.where(empty, b"", np.where(is_held, held, sent))
    if chunk.month.year == 2009:
        trips["rate_code_id"][:] = NULL
    if chunk.month < FIRST_MTA_TAX:
        trips["mta_tax"][:] = NULL


def _has_texts(chunk: Chunk) -> bool:
    return chunk.dataset == "yellow" and chunk.month < FIRST_WITH_CODES


def _positions(in_manhattan: int, dice: Dice) -> tuple[Ints, Ints]:
    """Longitudes and latitudes, along Manhattan or anywhere between Brooklyn and the Bronx."""
    along = dice.below(1000)
    inside = dice.chance(in_manhattan)
    longitude = np.where(inside, -74_018_000 + 62 * along + dice.below(12_000), -74_000_000 + dice.below(220_000))
    latitude = np.where(inside, 40_701_000 + 95 * along + dice.below(8_000), 40_600_000 + dice.below(280_000))
    return longitude, latitude
