"""The numbers of TLC's taxi zones, as its data dictionaries give them."""

from __future__ import annotations

from typing import Final

UNKNOWN_ZONE: Final = 264
OUTSIDE_CITY: Final = 265
ZONE_IDS: Final = range(1, OUTSIDE_CITY + 1)
"""All zones. Those before UNKNOWN_ZONE lie in the city, zone 1 (Newark airport) excepted."""
