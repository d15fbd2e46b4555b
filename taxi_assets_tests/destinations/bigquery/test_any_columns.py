"""BigQuery takes columns of any name, type and value, once the month is clean."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from taxi_assets.destinations.descriptions import descriptions_of
from taxi_assets.model.datasets import YELLOW_TAXI
from taxi_assets.model.zones import read_zones
from taxi_assets.publishers.sample.zones import zone_lookup
from taxi_assets.transform.daily import daily_query
from taxi_assets_tests.destinations.any_columns import EXTREMES, MONTH, ROWS, check_takes, cleaned, trips, write
from taxi_assets_tests.destinations.bigquery.place import BigQueryPlace


def test_every_name_and_extreme_value_is_taken(tmp_path: Path, place: BigQueryPlace) -> None:
    files = place.delivered(cleaned(write(tmp_path, trips(), EXTREMES)))
    store = replace(place.store(), descriptions=descriptions_of(YELLOW_TAXI))
    check_takes(store, files)
    place.zones().replace(read_zones(zone_lookup()))
    place.zones().join(store.name)
    assert store.month(MONTH).query(daily_query(YELLOW_TAXI))["trips"].sum() == ROWS
