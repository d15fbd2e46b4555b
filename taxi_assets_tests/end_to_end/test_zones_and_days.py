"""What comes after the tables of trips: zones by name, and days; through runs, on a laptop and in BigQuery."""

from __future__ import annotations

import dataclasses
import gzip
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import psycopg
import pytest
from dagster import AssetCheckEvaluation, AssetKey, AssetSelection, DagsterInstance, Definitions, define_asset_job
from google.cloud import bigquery as google_bigquery
from psycopg.sql import SQL, Identifier

from taxi_assets.build import build_definitions
from taxi_assets.destinations.lake.folder import Lake
from taxi_assets.model.datasets import DATASETS
from taxi_assets.model.months import Month
from taxi_assets.publishers.sample.zones import zone_lookup
from taxi_assets.settings import Settings
from taxi_assets.transform.daily import COLUMNS
from taxi_assets_tests.helpers.run_month import checks, metadata, rows, run_month

pytestmark = pytest.mark.slow

MONTH = "2020-04"
CHECK = "daily_trips adds_up_to_bq_table"


def _warehouse(settings: Settings, query: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(settings.warehouse) as connection:
        return connection.execute(f"USE trips_data_all; {query}").fetchall()


def _postgres(settings: Settings, url: str, query: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(url, options=f"-c search_path={settings.postgres_schema}") as connection:
        return connection.execute(query.encode()).fetchall()


def _bigquery(settings: Settings, query: str) -> list[tuple[Any, ...]]:
    config = google_bigquery.QueryJobConfig(default_dataset=f"{settings.gcp_project}.{settings.bq_dataset}")
    with google_bigquery.Client(project=settings.gcp_project) as client:
        return [row.values() for row in client.query(query, config).result()]


def _check_again(settings: Settings, dataset: str) -> AssetCheckEvaluation:
    """Runs the check of the daily trips alone."""
    selection = AssetSelection.checks_for_assets(AssetKey([dataset, "daily_trips"]))
    again = Definitions(jobs=[define_asset_job("again", selection)])
    job = Definitions.merge(build_definitions(settings), again).resolve_job_def("again")
    tags = {"dagster/partition": Month.parse(MONTH).key}
    with DagsterInstance.ephemeral() as instance:
        return checks(job.execute_in_process(tags=tags, instance=instance, raise_on_error=False))[CHECK]


@pytest.mark.parametrize("dataset", DATASETS)
def test_the_first_run_of_an_empty_home_makes_zones_views_and_days(
    settings: Settings, postgres_url: str, dataset: str
) -> None:
    result = run_month(settings, dataset, MONTH)
    assert checks(result)[CHECK].passed
    clean = rows(settings, dataset, MONTH)["clean"]
    query = """SELECT count(*), count(DISTINCT source_row), count(pickup_location_id), count(pickup_zone),
        count(pickup_borough), count(dropoff_location_id), count(dropoff_zone), count(dropoff_borough) FROM """
    query += f"{DATASETS[dataset].table}_with_zones"
    [found] = _warehouse(settings, query)
    assert found == _postgres(settings, postgres_url, query)[0]
    assert found[:2] == (clean, clean)
    assert found[2] == found[3] == found[4] > 0
    assert found[5] == found[6] == found[7]
    assert _warehouse(settings, "SELECT dataset, sum(trips) FROM daily_trips GROUP BY ALL") == [(dataset, clean)]


def test_daily_numbers_are_those_of_the_joined_trips(settings: Settings) -> None:
    run_month(settings, "green", MONTH)
    direct = """SELECT CAST(pickup_datetime AS DATE), pickup_borough, payment_type, count(*), sum(passenger_count),
        round(sum(trip_distance), 6), round(sum(fare_amount), 6), round(sum(tip_amount), 6),
        round(sum(tolls_amount), 6), round(sum(total_amount), 6)
        FROM green_taxi_trips_with_zones GROUP BY ALL ORDER BY ALL"""
    found = _warehouse(settings, "SELECT * EXCLUDE (dataset, trip_month) FROM daily_trips ORDER BY ALL")
    assert found == _warehouse(settings, direct)
    assert {row[2] for row in found} >= {1, 2, None}


def test_datasets_and_months_share_the_table_and_each_run_leaves_one_copy(settings: Settings) -> None:
    months = [("fhv", MONTH), ("green", MONTH), ("green", "2020-05"), ("fhvhv", MONTH), ("yellow", "2009-03")]
    for dataset, month in months:
        run_month(settings, dataset, month)
    before = _warehouse(settings, "FROM daily_trips ORDER BY ALL")
    for dataset, month in months:
        run_month(settings, dataset, month, assets=["daily_trips"])
    assert _warehouse(settings, "FROM daily_trips ORDER BY ALL") == before
    query = "SELECT dataset, strftime(trip_month, '%Y-%m'), sum(trips) FROM daily_trips GROUP BY ALL ORDER BY ALL"
    assert _warehouse(settings, query) == sorted((*key, rows(settings, *key)["clean"]) for key in months)
    old = "SELECT DISTINCT pickup_borough, payment_type IS NULL, fare IS NULL FROM daily_trips WHERE dataset = 'yellow'"
    assert (None, False, False) in _warehouse(settings, old)


@pytest.mark.parametrize(
    "change", ["trips = trips + 1", "fare = fare - 0.01", "passengers = NULL", "miles = miles * 2"]
)
def test_a_number_changed_by_hand_is_found_and_named(settings: Settings, change: str) -> None:
    run_month(settings, "green", MONTH)
    assert _check_again(settings, "green").passed
    where = "day = '2020-04-07' AND passengers > 0 AND miles > 0"
    _warehouse(settings, f"UPDATE daily_trips SET {change} WHERE {where}")  # noqa: S608 names of the tests
    again = _check_again(settings, "green")
    assert not again.passed
    assert again.blocking
    assert (again.description or "").startswith(f"{change.split(maxsplit=1)[0]}: ")


def test_a_row_gone_or_doubled_is_found(settings: Settings) -> None:
    run_month(settings, "green", MONTH)
    _warehouse(settings, "INSERT INTO daily_trips FROM daily_trips WHERE day = '2020-04-07'")
    assert (_check_again(settings, "green").description or "").startswith("trips: ")
    _warehouse(settings, "DELETE FROM daily_trips WHERE day = '2020-04-07'")
    assert (_check_again(settings, "green").description or "").startswith("trips: ")


def test_a_column_that_a_later_month_brings_is_in_the_views_after_its_run(
    settings: Settings, postgres_url: str
) -> None:
    for month in ("2024-12", "2025-01"):
        run_month(settings, "yellow", month)
        view = "SELECT * FROM yellow_taxi_trips_with_zones LIMIT 1"
        assert len(_warehouse(settings, view)[0]) == len(_postgres(settings, postgres_url, view)[0])
    run_month(dataclasses.replace(settings, sample_format="parquet"), "yellow", "2026-07")
    query = "SELECT count(*) FROM yellow_taxi_trips_with_zones WHERE request_source IS NOT NULL"
    assert _warehouse(settings, query) == _postgres(settings, postgres_url, query) != [(0,)]


def test_a_mirror_without_a_lookup_loads_all_the_same_with_a_borough_nowhere(
    settings: Settings, postgres_url: str, tmp_path: Path
) -> None:
    folder = tmp_path / "mirror/fhv"
    folder.mkdir(parents=True)
    lines = ["dispatching_base_num,pickup_datetime,dropoff_datetime,PULocationID,DOLocationID,SR_Flag"]
    lines += [f"B0000{row},2020-04-01 10:00:00,2020-04-01 10:10:00,7,," for row in range(3)]
    (folder / "fhv_tripdata_2020-04.csv.gz").write_bytes(gzip.compress("\r\n".join([*lines, ""]).encode()))
    mirror = dataclasses.replace(settings, publisher=folder.parent.as_uri())
    assert checks(run_month(mirror, "fhv", MONTH))[CHECK].passed
    daily = "SELECT pickup_borough, trips FROM daily_trips"
    assert _warehouse(settings, daily) == [(None, 3)]
    (folder.parent / "misc").mkdir()
    (folder.parent / "misc/taxi_zone_lookup.csv").write_bytes(zone_lookup())
    run_month(mirror, "fhv", MONTH)
    assert _warehouse(settings, daily) == [("Brooklyn", 3)]
    names = "SELECT DISTINCT pickup_zone FROM fhv_trips_with_zones"
    assert _postgres(settings, postgres_url, names) == [("Sample zone 7",)]


def test_zones_views_and_days_are_in_bigquery(google_settings: Settings) -> None:
    for _ in range(2):
        result = run_month(google_settings, "green", MONTH)
        assert checks(result)[CHECK].passed
    clean = rows(google_settings, "green", MONTH)["clean"]
    assert metadata(result, "daily_trips")["dagster/storage_kind"] == "bigquery"
    query = """SELECT COUNT(*), COUNT(DISTINCT source_row), COUNT(pickup_zone), COUNT(pickup_location_id)
        FROM green_taxi_trips_with_zones WHERE trip_month = '2020-04-01'"""
    [found] = _bigquery(google_settings, query)
    assert found[:2] == (clean, clean)
    assert found[2] == found[3] > 0
    assert _bigquery(google_settings, "SELECT SUM(trips) FROM daily_trips") == [(clean,)]
    _bigquery(google_settings, "UPDATE daily_trips SET total = total + 1 WHERE day = '2020-04-07'")
    assert (_check_again(google_settings, "green").description or "").startswith("total: ")


def test_the_days_of_a_laptop_and_of_bigquery_are_the_same(google_settings: Settings) -> None:
    columns = ", ".join(column.name for column in COLUMNS)
    daily = f"SELECT {columns} FROM daily_trips"  # noqa: S608 names of the tests
    settings = dataclasses.replace(google_settings, bq_dataset=None)
    for dataset in ("yellow", "fhv"):
        run_month(google_settings, dataset, MONTH)
        run_month(settings, dataset, MONTH)
    assert sorted(_bigquery(google_settings, daily), key=str) == sorted(_warehouse(settings, daily), key=str)


def test_the_zone_lookup_has_no_months_and_comes_with_every_run(settings: Settings, postgres_url: str) -> None:
    result = run_month(settings, "green", MONTH)
    assert metadata(result, "taxi_zones")["url"] == "sample://misc/taxi_zone_lookup.csv"
    events = result.get_asset_materialization_events()
    [event] = [event for event in events if event.asset_key == AssetKey("taxi_zones")]
    assert event.partition is None
    with psycopg.connect(postgres_url) as connection:
        table = Identifier(settings.postgres_schema, "taxi_zones")
        assert connection.execute(SQL("SELECT count(*) FROM {}").format(table)).fetchone() == (265,)


def test_a_published_month_adds_up_by_tlcs_own_zones(settings: Settings, real_data: Path) -> None:
    settings = dataclasses.replace(settings, publisher=(real_data / "tlc").as_uri())
    result = run_month(settings, "green", "2024-01")
    assert checks(result)[CHECK].passed
    lookup = pd.read_csv(real_data / "tlc/misc/taxi_zone_lookup.csv", keep_default_na=False).set_index("LocationID")
    trips = pd.read_parquet(Lake(settings.home / "lake").clean_file(DATASETS["green"], Month(2024, 1)))
    trips["borough"] = trips["pickup_location_id"].map(lookup["Borough"])
    grouped = trips.groupby("borough").agg(trips=("source_row", "size"), total=("total_amount", "sum")).round(2)
    query = "SELECT pickup_borough, sum(trips), round(sum(total), 2) FROM daily_trips GROUP BY 1 ORDER BY 1"
    assert _warehouse(settings, query) == list(grouped.itertuples(name=None))
    assert sum(grouped["trips"]) == rows(settings, "green", "2024-01")["clean"]


def test_a_datasets_own_assets_make_the_zone_lookup_where_it_is_missing(settings: Settings) -> None:
    """As when somebody materializes a dataset's group in the UI: taxi_zones is in another group."""
    own = ["raw_trips", "clean_trips", "gcs_parquet", "bq_table", "postgres_table", "trips_with_zones", "daily_trips"]
    assert run_month(settings, "green", "2020-04", assets=own).success
