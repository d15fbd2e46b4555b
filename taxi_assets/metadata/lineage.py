"""Which column was made from which: from the published file to the clean month, its copies and the marts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from dagster import AssetKey, TableColumnDep, TableColumnLineage

from taxi_assets.asset_keys import BQ_TABLE, POSTGRES_TABLE, RAW_TRIPS, TAXI_ZONES, key_of
from taxi_assets.model.columns import QUALITY_FLAGS
from taxi_assets.model.datasets import Dataset
from taxi_assets.model.zones import ZONE_NAMES
from taxi_assets.transform.flags import FLAGS

Sources = Mapping[str, Iterable[tuple[AssetKey, str]]]
"""For each column the (asset, column) pairs it was made from."""


def of_published(dataset: Dataset, published: Mapping[str, str]) -> dict[str, Any]:
    """Of a clean month: `published` are the file's own names of the columns it has."""
    raw = key_of(dataset, RAW_TRIPS)
    sources = {name: [(raw, theirs)] for name, theirs in published.items()}
    looked_at = {name for rule in FLAGS for either in (*rule.columns, *rule.more) for name in either.split("|")}
    flags = [(raw, theirs) for name, theirs in published.items() if name in looked_at]
    return _lineage({**sources, QUALITY_FLAGS.name: flags})


def of_copy(upstream: AssetKey, columns: Iterable[str]) -> dict[str, Any]:
    """Of a copy: every column from the same one."""
    return _lineage({name: [(upstream, name)] for name in columns})


def of_daily(dataset: Dataset) -> dict[str, Any]:
    """Of daily_trips."""
    trips = key_of(dataset, BQ_TABLE)
    sources: dict[str, list[tuple[AssetKey, str]]] = {
        name: [(trips, source)] for name, source in dataset.measures.items()
    }
    if "payment_type" in dataset.schema.names:
        sources["payment_type"] = [(trips, "payment_type")]
    return _lineage(
        {
            "trip_month": [(trips, "trip_month")],
            "day": [(trips, "pickup_datetime")],
            "pickup_borough": [(trips, "pickup_location_id"), (TAXI_ZONES, "borough")],
            **sources,
        }
    )


def of_views(dataset: Dataset) -> dict[str, Any]:
    """Of trips_with_zones, in both places alike."""
    tables = [key_of(dataset, name) for name in (BQ_TABLE, POSTGRES_TABLE)]
    sources = {name: [(table, name) for table in tables] for name in dataset.schema.names}
    for column in ZONE_NAMES:
        end, name = column.name.split("_")
        sources[column.name] = [(TAXI_ZONES, name), *((table, f"{end}_location_id") for table in tables)]
    return _lineage(sources)


def _lineage(sources: Sources) -> dict[str, Any]:
    deps = {column: [TableColumnDep(asset_key, name) for asset_key, name in found] for column, found in sources.items()}
    return {"dagster/column_lineage": TableColumnLineage(deps)}
