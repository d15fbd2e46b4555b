"""The view of trips with the names of their zones, as SQL."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from taxi_assets.model.zones import ZONE_NAMES


def zone_view_name(table: str) -> str:
    """The name of the view of a table of trips with the names of their zones."""
    return f"{table}_with_zones"


def zone_view_select(trips: str, zones: str, columns: Sequence[str], quoted: Callable[[str], str]) -> str:
    """The SELECT of a view that has each row of `trips` once, with the names of its zones.

    `trips` and `zones` are quoted names of tables, `columns` are those of the trips, and `quoted` quotes one. The names
    of the zones come first, because a view in Postgres can grow only at its end: there is room for columns that are
    added to the trips.
    """
    names = [f"{column.name.replace('_', '.')} AS {column.name}" for column in ZONE_NAMES]
    # A table of an older version of ours may hold a published column of such a name.
    taken = {column.name for column in ZONE_NAMES}
    values = [f"trips.{quoted(column)}" for column in columns if column not in taken]
    return (
        f"SELECT {', '.join([*names, *values])} FROM {trips} AS trips"  # noqa: S608 quoted
        f" LEFT JOIN {zones} AS pickup ON pickup.location_id = trips.pickup_location_id"
        f" LEFT JOIN {zones} AS dropoff ON dropoff.location_id = trips.dropoff_location_id"
    )
