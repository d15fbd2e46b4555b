"""Zones in BigQuery: one load job when the lookup changed; views that lose nothing and grow with their table."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from google.cloud import bigquery as google_bigquery
from google.cloud import storage

from taxi_assets.destinations.bigquery.table import BigQueryTable
from taxi_assets.destinations.bigquery.zones import BigQueryZones
from taxi_assets.destinations.gcs.bucket import Bucket
from taxi_assets.errors import TaxiError
from taxi_assets.model.months import Month
from taxi_assets.model.zones import Zone
from taxi_assets_tests.destinations.duckdb.test_table import month_file
from taxi_assets_tests.destinations.postgres.test_table import FEBRUARY, JANUARY
from taxi_assets_tests.destinations.postgres.test_zones import UNNAMED, ZONES, ends
from taxi_assets_tests.servers.bigquery import BigQueryServer
from taxi_assets_tests.servers.google_login import PROJECT


@pytest.fixture
def zones(bigquery: BigQueryServer) -> Iterator[BigQueryZones]:
    with google_bigquery.Client(project=PROJECT) as client:
        yield BigQueryZones(client, f"test_{secrets.token_hex(6)}")


@pytest.fixture
def table(zones: BigQueryZones) -> BigQueryTable:
    return BigQueryTable(zones.client, zones.dataset, "yellow_taxi_trips", "Yellow taxi trips.", {})


@pytest.fixture
def store(bucket: str) -> Bucket:
    return Bucket(storage.Client(project=PROJECT), bucket)


def _load(table: BigQueryTable, store: Bucket, folder: Path, month: Month, columns: dict[str, pa.Array]) -> None:
    path = month_file(folder, month, len(columns["pickup_location_id"]), columns).path
    assert path is not None
    table.replace_month(month, store.upload(path, f"trips/{month}.parquet"), f"taxi_assets_{secrets.token_hex(6)}")


def _rows(zones: BigQueryZones, query: str) -> list[tuple[Any, ...]]:
    config = google_bigquery.QueryJobConfig(default_dataset=f"{PROJECT}.{zones.dataset}")
    return [row.values() for row in zones.client.query(query, config).result()]


def test_the_last_lookup_written_is_the_one_that_is_there_loaded_once(zones: BigQueryZones) -> None:
    zones.replace(UNNAMED)
    for _ in range(2):
        assert zones.replace(ZONES) == f"{PROJECT}.{zones.dataset}.taxi_zones"
    assert [Zone(*row) for row in _rows(zones, "SELECT * FROM taxi_zones ORDER BY location_id")] == list(ZONES)
    jobs = [job for job in zones.client.list_jobs() if job.job_type == "load"]
    assert len([job for job in jobs if job.destination.dataset_id == zones.dataset]) == 2


def test_the_view_has_every_trip_once_and_the_names_of_its_zones(
    zones: BigQueryZones, table: BigQueryTable, store: Bucket, tmp_path: Path
) -> None:
    zones.replace(ZONES)
    _load(table, store, tmp_path, JANUARY, ends([2, None, 265, 2]))
    assert zones.join(table.name) == f"{table.id}_with_zones"
    query = """SELECT source_row, pickup_borough, pickup_zone, dropoff_zone FROM yellow_taxi_trips_with_zones
        WHERE trip_month = '2021-01-01' ORDER BY 1"""
    assert _rows(zones, query) == [
        (0, "Brooklyn", "Sample zone 2", "Sample zone 4"),
        (1, None, None, "Sample zone 4"),
        (2, "N/A", "Sample zone 265", "Sample zone 4"),
        (3, "Brooklyn", "Sample zone 2", "Sample zone 4"),
    ]


def test_the_view_follows_a_new_column(
    zones: BigQueryZones, table: BigQueryTable, store: Bucket, tmp_path: Path
) -> None:
    zones.replace(ZONES)
    _load(table, store, tmp_path, JANUARY, ends([1, 2, 3]))
    zones.join(table.name)
    _load(table, store, tmp_path, FEBRUARY, {**ends([1, 2]), "request_source": pa.array(["app"] * 2)})
    zones.join(table.name)
    query = """SELECT request_source, COUNT(pickup_zone) FROM yellow_taxi_trips_with_zones
        WHERE trip_month >= '2021-01-01' GROUP BY 1 ORDER BY 1"""
    assert sorted(_rows(zones, query), key=str) == [("app", 2), (None, 3)]
    schema = zones.client.get_table(f"{table.id}_with_zones").schema
    assert [field.name for field in schema[:4]] == [
        "pickup_borough",
        "pickup_zone",
        "dropoff_borough",
        "dropoff_zone",
    ]
    assert "request_source" in {field.name for field in schema}


def test_a_view_without_its_tables_says_what_to_materialize(
    zones: BigQueryZones, table: BigQueryTable, store: Bucket, tmp_path: Path
) -> None:
    _load(table, store, tmp_path, JANUARY, ends([1]))
    with pytest.raises(TaxiError, match="Materialize bq_table and taxi_zones first"):
        zones.join(table.name)


def test_a_month_answers_a_query_over_its_rows_alone_and_the_zones(
    zones: BigQueryZones, table: BigQueryTable, store: Bucket, tmp_path: Path
) -> None:
    for month, count in ((JANUARY, 3), (FEBRUARY, 2)):
        _load(table, store, tmp_path, month, ends([2] * count))
    query = (
        "SELECT borough, COUNT(*) AS n FROM trips LEFT JOIN taxi_zones ON location_id = pickup_location_id GROUP BY 1"
    )
    with pytest.raises(TaxiError, match="Materialize bq_table and taxi_zones first"):
        table.month(JANUARY).query(query)
    zones.replace(ZONES)
    assert table.month(JANUARY).query(query).to_dict("records") == [{"borough": "Brooklyn", "n": 3}]
