"""The sample publisher's zone lookup: TLC's shape, ids and boroughs, made-up names."""

from __future__ import annotations

import csv
import io
from typing import Final

from taxi_assets.model.made_up import zone_name

BOROUGHS: Final = (
    ("Manhattan", "Yellow Zone"),
    ("Queens", "Boro Zone"),
    ("Brooklyn", "Boro Zone"),
    ("Bronx", "Boro Zone"),
    ("Staten Island", "Boro Zone"),
)
"""Dealt to zones 2 to 263 in turn, with their service zones."""


def zone_lookup() -> bytes:
    """The lookup as a CSV file: the same bytes every time."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\r\n")
    writer.writerow(["LocationID", "Borough", "Zone", "service_zone"])
    writer.writerow([1, "EWR", zone_name(1), "EWR"])
    for number in range(2, 264):
        borough, service_zone = BOROUGHS[number % len(BOROUGHS)]
        writer.writerow([number, borough, zone_name(number), service_zone])
    writer.writerow([264, "Unknown", zone_name(264), "N/A"])
    writer.writerow([265, "N/A", zone_name(265), "N/A"])
    return text.getvalue().encode()
