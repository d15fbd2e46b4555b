"""TLC's taxi zones: the lookup of their names as TLC publishes it, and how much a lookup is to be trusted.

The lookup is one small CSV file for all datasets and months. Where its table lies is up to the destinations.
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
from taxi_assets.model.zone_ids import ZONE_IDS

ZONES: Final = (ZONE_IDS[0], ZONE_IDS[-1])
"""The first and the last of TLC's taxi zones."""
TABLE: Final = "taxi_zones"
TRUSTED: Final = 2
"""The trust in names as TLC publishes them; see `ZoneLookup.trust`."""
COLUMNS: Final = (
    Column("location_id", Kind.CODE, ("LocationID",), f"TLC taxi zone, {ZONES[0]} to {ZONES[1]}."),
    Column("borough", Kind.TEXT, ("Borough",), "Borough; EWR is Newark airport, N/A is outside the city."),
    Column("zone", Kind.TEXT, ("Zone",), "Name of the zone."),
    Column("service_zone", Kind.TEXT, ("service_zone",), "Which taxis may pick up there."),
)
"""The columns of the zone table, in its order."""
ZONE_NAMES: Final = tuple(
    Column(f"{end}_{name}", Kind.TEXT, (), f"{name.capitalize()} of the {where}, from the zone lookup.")
    for end, where in (("pickup", "pick-up"), ("dropoff", "drop-off"))
    for name in ("borough", "zone")
)
"""The columns that a view of trips with zone names has in front of those of the trips."""


@dataclass(frozen=True)
class Zone:
    """A row of the lookup; a name that is not published is None."""

    location_id: int
    borough: str | None
    zone: str | None
    service_zone: str | None

    def values(self) -> tuple[int, str | None, str | None, str | None]:
        """The values in the order of the table's columns."""
        return self.location_id, self.borough, self.zone, self.service_zone


@dataclass(frozen=True)
class ZoneLookup:
    """All zones in the order of their ids, with the address (`url`) and the SHA-256 of the file they are from.

    `made_up` is true when publisher `sample` made the names.
    """

    zones: tuple[Zone, ...]
    url: str
    sha256: str
    made_up: bool = False

    @classmethod
    def from_csv(cls, data: bytes, url: str) -> ZoneLookup:
        """Reads a published CSV file; raises ContractError when it is not a zone lookup."""
        return cls(read_zones(data), url, hashlib.sha256(data).hexdigest())

    @classmethod
    def without_names(cls) -> ZoneLookup:
        """All zones without names: what is known when nobody publishes a lookup."""
        return cls(tuple(Zone(number, None, None, None) for number in ZONE_IDS), "", "")

    @classmethod
    def from_table(cls, zones: Sequence[Zone]) -> ZoneLookup:
        """The lookup that a table holds; whether it is made up is told by its names."""
        made_up = all(zone.zone == zone_name(zone.location_id) for zone in zones)
        return cls(tuple(zones), "", "", made_up=made_up)

    @property
    def version(self) -> str:
        """A hash of all ids and names, whichever file they are from."""
        return hashlib.sha256(repr([zone.values() for zone in self.zones]).encode()).hexdigest()

    @property
    def trust(self) -> int:
        """How much the names are to be trusted: 2 as published, 1 when there are none, 0 when they are made up."""
        if self.made_up:
            return 0
        return TRUSTED if any(zone.zone for zone in self.zones) else 1

    def or_better(self, there: Iterable[ZoneLookup]) -> ZoneLookup:
        """The most trusted of this lookup and those that are already there; this one where they are equal."""
        return max((self, *there), key=lambda lookup: lookup.trust)


def read_zones(data: bytes) -> tuple[Zone, ...]:
    """Reads the zones of a published CSV file, in the order of their ids.

    Columns are found by name, without case and surrounding spaces; other columns are ignored. Raises ContractError when
    a column is missing, or when the file does not have every zone exactly once.
    """
    try:
        header, *rows = csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""))
    except (UnicodeDecodeError, ValueError, csv.Error) as error:  # ValueError: there is no line
        raise ContractError(f"The zone lookup is not a CSV file: {error}.") from error
    places = {name.strip().lower(): place for place, name in enumerate(header)}
    missing = [column.published[0] for column in COLUMNS if column.published[0].lower() not in places]
    if missing:
        raise ContractError(
            f"The zone lookup lacks {', '.join(missing)}.", "Look at the file that the publisher serves."
        )
    wanted = [places[column.published[0].lower()] for column in COLUMNS]
    zones = [_zone([row[place].strip() for place in wanted]) for row in rows if len(row) > max(wanted)]
    if sorted(zone.location_id for zone in zones) != list(ZONE_IDS):
        raise ContractError(
            f"The zone lookup has {len(zones)} zones; it should have {ZONE_IDS[0]} to {ZONE_IDS[-1]}, each once.",
            "If TLC has added zones, extend ZONE_IDS in taxi_assets/model/zone_ids.py; the cleaning rules use it too.",
        )
    return tuple(sorted(zones, key=lambda zone: zone.location_id))


def _zone(values: Sequence[str]) -> Zone:
    number, *names = values
    if not (number.isascii() and number.isdecimal()):
        raise ContractError(
            f"The zone lookup has the LocationID {number!r}, which is not a number.",
            "Look at the file that the publisher serves.",
        )
    borough, zone, service_zone = (name or None for name in names)
    return Zone(int(number), borough, zone, service_zone)
