"""The metadata of taxi_zones: where the lookup was published, and what it holds."""

from __future__ import annotations

from collections import Counter
from typing import Any

from dagster import MetadataValue

from taxi_assets.metadata.contents import preview_metadata
from taxi_assets.metadata.links import link
from taxi_assets.metadata.previews import ROWS, counted
from taxi_assets.model.zones import COLUMNS, ZoneLookup


def zones_metadata(lookup: ZoneLookup) -> dict[str, Any]:
    """Where the zone lookup was published, how many zones each borough has, and the first of them."""
    boroughs = Counter(zone.borough or "without a name" for zone in lookup.zones)
    rows = [dict(zip((column.name for column in COLUMNS), zone.values(), strict=True)) for zone in lookup.zones[:ROWS]]
    return {
        "dagster/row_count": len(lookup.zones),
        "url": link(lookup.url),
        "sha256": lookup.sha256,
        "by_borough": MetadataValue.md(counted("borough", boroughs, len(lookup.zones))),
        **preview_metadata(rows),
    }
