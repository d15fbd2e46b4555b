"""Zones in BigQuery: one load job when the lookup changed; a view that grows with its table."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from taxi_assets_tests.destinations.bigquery.place import BigQueryPlace
from taxi_assets_tests.destinations.contract import TABLE, UNNAMED, ZONES
from taxi_assets_tests.destinations.month_files import FEBRUARY, JANUARY, month_files


def test_an_unchanged_lookup_is_not_loaded_again(place: BigQueryPlace) -> None:
    place.zones().replace(UNNAMED)
    for _ in range(2):
        place.zones().replace(ZONES)
    jobs = [job for job in place.client.list_jobs() if job.job_type == "load"]
    assert len([job for job in jobs if job.destination.dataset_id == place.dataset]) == 2


def test_the_view_has_the_names_of_zones_first_and_new_columns_too(place: BigQueryPlace, tmp_path: Path) -> None:
    place.zones().replace(ZONES)
    place.load(JANUARY, month_files(tmp_path, JANUARY, 3))
    place.zones().join(TABLE)
    place.load(FEBRUARY, month_files(tmp_path, FEBRUARY, 2, {"request_source": pa.array(["app"] * 2)}))
    place.zones().join(TABLE)
    schema = place.client.get_table(f"{place.store().id}_with_zones").schema
    assert [field.name for field in schema[:4]] == [
        "pickup_borough",
        "pickup_zone",
        "dropoff_borough",
        "dropoff_zone",
    ]
    assert "request_source" in {field.name for field in schema}
