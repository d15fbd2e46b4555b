"""TLC's taxi zones: the lookup of their names as TLC publishes it, and how much a lookup is to be trusted.

The lookup is one small CSV file for all datasets and months. Where its table lies is up to the destinations.
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
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
_LOOK: Final = "Look at the file that the publisher serves."
_WHOLE: Final = re.compile(r"\d{1,6}(\.0*)?", re.ASCII)
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
        """Reads a published CSV file; raises ContractError when it is not the lookup of all zones."""
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

    Columns are found by TLC's names or ours, without case and surrounding spaces; other columns and rows without any
    value are ignored. An id may be written as `1.0`. Raises ContractError, naming the line, when a row is no zone or
    repeats one, or when a column or a zone is missing.
    """
    lines = csv.reader(io.StringIO(_decoded(data), newline=""), skipinitialspace=True)
    try:
        rows = [(lines.line_num, [value.strip() for value in row]) for row in lines]
    except csv.Error as error:
        raise ContractError(f"The zone lookup is not a CSV file: {error} in line {lines.line_num}.", _LOOK) from error
    (_, header), *rows = [(line, row) for line, row in rows if any(row)] or [(0, [])]
    wanted = _places(header)
    zones: dict[int, Zone] = {}
    for line, row in rows:
        zone = _zone(line, row, wanted)
        if zone.location_id in zones:
            raise ContractError(
                f"The zone lookup has zone {zone.location_id} twice, the second time in line {line}; it should have "
                f"{ZONE_IDS[0]} to {ZONE_IDS[-1]}, each once.",
                _LOOK,
            )
        zones[zone.location_id] = zone
    if sorted(zones) != list(ZONE_IDS):
        raise ContractError(
            f"The zone lookup has {len(zones)} zones; it should have {ZONE_IDS[0]} to {ZONE_IDS[-1]}, each once.",
            "If TLC has added zones, extend ZONE_IDS in taxi_assets/model/zone_ids.py; the cleaning rules use it too.",
        )
    return tuple(zones[number] for number in ZONE_IDS)


def _decoded(data: bytes) -> str:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ContractError(f"The zone lookup is not a CSV file in UTF-8: {error}.", _LOOK) from error
    if not text.strip():
        raise ContractError("The zone lookup is not a CSV file: it is empty.", _LOOK)
    return text


def _places(header: Sequence[str]) -> list[int]:
    """The position in the file of each of COLUMNS."""
    names = [name.lower() for name in header]
    known = [[name.lower() for name in (*column.published, column.name)] for column in COLUMNS]
    missing = [column.published[0] for column, mine in zip(COLUMNS, known, strict=True) if not {*mine} & {*names}]
    if missing:
        raise ContractError(f"The zone lookup lacks {', '.join(missing)}; its columns are {', '.join(header)}.", _LOOK)
    return [next(names.index(name) for name in mine if name in names) for mine in known]


def _zone(line: int, row: Sequence[str], wanted: Sequence[int]) -> Zone:
    if len(row) <= max(wanted):
        raise ContractError(f"The zone lookup has too few values in line {line}: {', '.join(row)!r}.", _LOOK)
    number, *names = (row[place] for place in wanted)
    if not _WHOLE.fullmatch(number):
        raise ContractError(f"The zone lookup has the LocationID {number!r} in line {line}, which is no number.", _LOOK)
    if "\0" in "".join(names):
        raise ContractError(f"The zone lookup has a NUL in line {line}; no database takes one.", _LOOK)
    borough, zone, service_zone = (name or None for name in names)
    return Zone(int(number.partition(".")[0]), borough, zone, service_zone)
