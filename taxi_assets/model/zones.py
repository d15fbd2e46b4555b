"""TLC's taxi zones: the lookup of their names as it is published, and trips joined with it.

The lookup is one small CSV file for all datasets and months. Where its table lies is not said here.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from taxi_assets.errors import ContractError
from taxi_assets.model.columns import Column, Kind
from taxi_assets.model.made_up import zone_name

ZONES: Final = (1, 265)
"""The first and the last of TLC's taxi zones: 264 and 265 are unknown and outside the city."""
TABLE: Final = "taxi_zones"
TRUSTED: Final = 2
"""What names are worth that are as published; see `ZoneLookup.trust`."""
ZONE_IDS: Final = range(ZONES[0], ZONES[1] + 1)
COLUMNS: Final = (
    Column("location_id", Kind.CODE, ("LocationID",), "TLC taxi zone, 1 to 265."),
    Column("borough", Kind.TEXT, ("Borough",), "Borough; EWR is Newark airport, N/A is outside the city."),
    Column("zone", Kind.TEXT, ("Zone",), "Name of the zone."),
    Column("service_zone", Kind.TEXT, ("service_zone",), "Which taxis may pick up there."),
)
"""Of the table, in its order."""
ZONE_NAMES: Final = tuple(
    Column(f"{end}_{name}", Kind.TEXT, (), f"{name.capitalize()} of the {where}, by the zone lookup.")
    for end, where in (("pickup", "pick-up"), ("dropoff", "drop-off"))
    for name in ("borough", "zone")
)
"""The columns that a view of trips with zones has before those of the trips."""


@dataclass(frozen=True)
class Zone:
    """A row of the lookup; names are None where none is published."""

    location_id: int
    borough: str | None
    zone: str | None
    service_zone: str | None

    def values(self) -> tuple[int, str | None, str | None, str | None]:
        """In the order of the table's columns."""
        return self.location_id, self.borough, self.zone, self.service_zone


@dataclass(frozen=True)
class ZoneLookup:
    """All zones in the order of their ids; `url` says where they were published, `sha256` identifies the file.

    `made_up`: publisher `sample` made the names.
    """

    zones: tuple[Zone, ...]
    url: str
    sha256: str
    made_up: bool = False

    @classmethod
    def of_bytes(cls, data: bytes, url: str) -> ZoneLookup:
        """The lookup in a published file; raises ContractError when it is none."""
        return cls(read_zones(data), url, hashlib.sha256(data).hexdigest())

    @classmethod
    def without_names(cls) -> ZoneLookup:
        """What is known when nobody publishes a lookup: that there are zones 1 to 265."""
        return cls(tuple(Zone(number, None, None, None) for number in ZONE_IDS), "", "")

    @classmethod
    def of_table(cls, zones: Sequence[Zone]) -> ZoneLookup:
        """The lookup that lies in a table; whose it is, its names tell."""
        made_up = all(zone.zone == zone_name(zone.location_id) for zone in zones)
        return cls(tuple(zones), "", "", made_up=made_up)

    @property
    def version(self) -> str:
        """Identifies the zones, whichever file they are from."""
        return hashlib.sha256(repr([zone.values() for zone in self.zones]).encode()).hexdigest()

    @property
    def trust(self) -> int:
        """How much its names are worth: 2 as published, 1 when there are none, 0 when they are made up."""
        if self.made_up:
            return 0
        return TRUSTED if any(zone.zone for zone in self.zones) else 1

    def or_better(self, there: Iterable[ZoneLookup]) -> ZoneLookup:
        """The lookup, or the one of those that are there which is worth more."""
        return max((self, *there), key=lambda lookup: lookup.trust)


def read_zones(data: bytes) -> tuple[Zone, ...]:
    """The zones of a published CSV file, by id.

    Columns are found by name, without case and surrounding spaces; others are passed over. Raises ContractError when
    a column is missing, or the zones are not 1 to 265, each once.
    """
    try:
        header, *rows = csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""))
    except (UnicodeDecodeError, ValueError, csv.Error) as error:  # ValueError: there is no line
        raise ContractError(f"The zone lookup is no CSV file: {error}.") from error
    places = {name.strip().lower(): place for place, name in enumerate(header)}
    missing = [column.published[0] for column in COLUMNS if column.published[0].lower() not in places]
    if missing:
        raise ContractError(f"The zone lookup lacks {', '.join(missing)}.", "Look at what the publisher serves.")
    wanted = [places[column.published[0].lower()] for column in COLUMNS]
    zones = [_zone([row[place].strip() for place in wanted]) for row in rows if len(row) > max(wanted)]
    if sorted(zone.location_id for zone in zones) != list(ZONE_IDS):
        raise ContractError(
            f"The zone lookup has {len(zones)} zones; they should be 1 to {ZONE_IDS[-1]}, each once.",
            "If TLC has new zones, the rules of the trips must know them too.",
        )
    return tuple(sorted(zones, key=lambda zone: zone.location_id))


def _zone(values: Sequence[str]) -> Zone:
    number, *names = values
    if not (number.isascii() and number.isdecimal()):
        raise ContractError(f"The zone lookup has a LocationID {number!r}.", "Look at what the publisher serves.")
    borough, zone, service_zone = (name or None for name in names)
    return Zone(int(number), borough, zone, service_zone)
