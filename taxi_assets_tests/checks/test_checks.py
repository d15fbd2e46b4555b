"""The checks of a month: what they prove, and what they say when it is not so."""

from __future__ import annotations

import gzip
from dataclasses import replace
from pathlib import Path

import duckdb
import psycopg
import pyarrow.parquet as pq
import pytest
from dagster import AssetCheckEvaluation, AssetKey, AssetSelection, DagsterInstance, Definitions, define_asset_job
from psycopg.sql import SQL, Composed, Identifier

from taxi_assets.assets import assets_of
from taxi_assets.build import resources_for
from taxi_assets.checks import checks_of
from taxi_assets.destinations.lake.folder import Lake
from taxi_assets.model.datasets import DATASETS, GREEN_TAXI
from taxi_assets.model.months import Month
from taxi_assets.settings import Settings
from taxi_assets_tests.helpers.run_month import checks, run_month

pytestmark = pytest.mark.slow

MONTH = "2020-04"
BLOCKING = {
    "clean_trips every_row_is_accounted_for",
    "clean_trips zones_are_known",
    "gcs_parquet equals_clean_trips",
    "bq_table equals_clean_trips",
    "postgres_table equals_clean_trips",
}


def _check_again(settings: Settings, asset: str) -> dict[str, AssetCheckEvaluation]:
    """Runs the checks of an asset of green alone."""
    job = define_asset_job("again", AssetSelection.checks_for_assets(AssetKey(["green", asset])))
    definitions = Definitions(assets_of(GREEN_TAXI), asset_checks=checks_of(GREEN_TAXI), jobs=[job])
    with DagsterInstance.ephemeral() as instance:
        result = (
            Definitions.merge(definitions, Definitions(resources=resources_for(settings)))
            .resolve_job_def("again")
            .execute_in_process(
                tags={"dagster/partition": Month.parse(MONTH).key}, instance=instance, raise_on_error=False
            )
        )
    return checks(result)


@pytest.mark.parametrize("dataset", DATASETS)
def test_every_check_of_a_month_passes(settings: Settings, dataset: str) -> None:
    found = checks(run_month(settings, dataset, MONTH))
    assert set(found) >= BLOCKING
    failed = {name: check.description for name, check in found.items() if not check.passed}
    assert not failed


def test_every_check_passes_through_bucket_and_bigquery(google_settings: Settings) -> None:
    found = checks(run_month(google_settings, "green", MONTH))
    assert all(found[name].passed for name in BLOCKING)


@pytest.mark.parametrize(
    ("column", "change"),
    [
        ("fare_amount", "fare_amount + 0.01"),
        ("pickup_datetime", "pickup_datetime + interval '1 second'"),
        ("passenger_count", "NULL"),
        ("store_and_fwd_flag", "'Y'"),
        ("source_row", "source_row + 1"),
        ("quality_flags", "quality_flags # 1"),
    ],
)
def test_one_value_changed_in_postgres_is_found_and_its_column_named(
    settings: Settings, postgres_url: str, column: str, change: str
) -> None:
    run_month(settings, "green", MONTH)
    where = "source_row = (SELECT min(source_row) FROM {} WHERE passenger_count = 1 AND store_and_fwd_flag = 'N')"
    table = Identifier(settings.postgres_schema, "green_taxi_trips")
    update: Composed = SQL(f"UPDATE {{}} SET {column} = {change} WHERE {where}").format(table, table)  # noqa: S608
    with psycopg.connect(postgres_url) as connection:
        assert connection.execute(update).rowcount == 1
    found = _check_again(settings, "postgres_table")["postgres_table equals_clean_trips"]
    assert not found.passed
    assert (found.description or "").startswith(f"{column}: ")


def test_a_row_gone_from_postgres_is_found(settings: Settings, postgres_url: str) -> None:
    run_month(settings, "green", MONTH)
    table = Identifier(settings.postgres_schema, "green_taxi_trips")
    with psycopg.connect(postgres_url) as connection:
        connection.execute(SQL("DELETE FROM {} WHERE source_row = 3").format(table))
    found = _check_again(settings, "postgres_table")["postgres_table equals_clean_trips"]
    assert (found.description or "").startswith("rows: ")


def test_one_value_changed_in_the_warehouse_is_found_and_its_column_named(settings: Settings) -> None:
    run_month(settings, "green", MONTH)
    with duckdb.connect(settings.warehouse) as connection:
        connection.execute("UPDATE trips_data_all.green_taxi_trips SET trip_distance = 9.99 WHERE source_row = 3")
    found = _check_again(settings, "bq_table")["bq_table equals_clean_trips"]
    assert not found.passed
    assert (found.description or "").startswith("trip_distance: ")


def test_a_row_lost_between_raw_and_clean_blocks_what_comes_after(settings: Settings) -> None:
    run_month(settings, "green", MONTH)
    path = Lake(settings.home / "lake").quarantine_file(GREEN_TAXI, Month.parse(MONTH))
    table = pq.read_table(path)
    pq.write_table(table.slice(1), path)
    found = _check_again(settings, "clean_trips")["clean_trips every_row_is_accounted_for"]
    assert not found.passed
    assert found.blocking


def test_a_month_beside_a_much_larger_one_is_worth_a_look(settings: Settings) -> None:
    run_month(settings, "green", "2020-05")
    found = checks(run_month(replace(settings, sample_rows=500), "green", MONTH))["clean_trips volume_is_usual"]
    assert not found.passed
    assert "times 2020-05" in (found.description or "")


def test_a_file_with_a_new_column_is_carried_along_with_a_warning(settings: Settings, tmp_path: Path) -> None:
    folder = tmp_path / "mirror" / "green"
    folder.mkdir(parents=True)
    header = (
        "VendorID,lpep_pickup_datetime,lpep_dropoff_datetime,store_and_fwd_flag,RatecodeID,PULocationID,DOLocationID,"
        "passenger_count,trip_distance,fare_amount,extra,mta_tax,tip_amount,tolls_amount,ehail_fee,"
        "improvement_surcharge,total_amount,payment_type,trip_type,congestion_surcharge,Surge Zone"
    )
    row = "2,2020-04-01 00:44:02,2020-04-01 00:52:23,N,1,42,41,1,1.68,8,0.5,0.5,0,0,,0.3,9.3,1,1,0,north"
    (folder / "green_tripdata_2020-04.csv.gz").write_bytes(gzip.compress(f"{header}\r\n{row}\r\n".encode()))
    mirror = replace(settings, publisher=folder.parent.as_uri())
    found = checks(run_month(mirror, "green", MONTH))
    assert not found["clean_trips no_unknown_columns"].passed
    assert "Surge Zone" in (found["clean_trips no_unknown_columns"].description or "")
    assert found["postgres_table equals_clean_trips"].passed
    with duckdb.connect(settings.warehouse, read_only=True) as connection:
        values = connection.execute("SELECT surge_zone FROM trips_data_all.green_taxi_trips").fetchall()
    assert values == [("north",)]
