"""The sample publisher's zone lookup: TLC's shape, ids and boroughs, made-up names."""

from __future__ import annotations

import csv
import io
from typing import Final

from taxi_assets.model.made_up import zone_name
from taxi_assets.model.zone_ids import OUTSIDE_CITY, UNKNOWN_ZONE, ZONE_IDS

BOROUGHS: Final = (
    ("Manhattan", "Yellow Zone"),
    ("Queens", "Boro Zone"),
    ("Brooklyn", "Boro Zone"),
    ("Bronx", "Boro Zone"),
    ("Staten Island", "Boro Zone"),
)
"""Boroughs and service zones, given to the zones of the city in turn."""


def zone_lookup() -> bytes:
    """The lookup as a CSV file, the same bytes every time."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\r\n")
    writer.writerow(["LocationID", "Borough", "Zone", "service_zone"])
    newark, *city = range(ZONE_IDS[0], UNKNOWN_ZONE)
    writer.writerow([newark, "EWR", zone_name(newark), "EWR"])
    for number in city:
        borough, service_zone = BOROUGHS[number % len(BOROUGHS)]
        writer.writerow([number, borough, zone_name(number), service_zone])
    writer.writerow([UNKNOWN_ZONE, "Unknown", zone_name(UNKNOWN_ZONE), "N/A"])
    writer.writerow([OUTSIDE_CITY, "N/A", zone_name(OUTSIDE_CITY), "N/A"])
    return text.getvalue().encode()
