"""The checks of the clean month: lost rows, an unusual volume, new columns; and what the checks say."""

from __future__ import annotations

import gzip
from dataclasses import replace
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

from taxi_assets.destinations.lake.folder import Lake
from taxi_assets.model.datasets import GREEN_TAXI
from taxi_assets.model.months import Month
from taxi_assets.settings import Settings
from taxi_assets_tests.helpers.files_people_have import write_parquet
from taxi_assets_tests.helpers.rerun_checks import rerun_checks
from taxi_assets_tests.helpers.run_month import checks, run_month

pytestmark = pytest.mark.slow

MONTH = "2020-04"


def test_a_row_lost_between_raw_and_clean_blocks_what_comes_after(settings: Settings) -> None:
    run_month(settings, "green", MONTH)
    path = Lake(settings.home / "lake").quarantine_file(GREEN_TAXI, Month.parse(MONTH))
    table = pq.read_table(path)
    pq.write_table(table.slice(1), path)
    found = rerun_checks(settings, MONTH, "clean_trips")["clean_trips every_row_is_accounted_for"]
    assert not found.passed
    assert found.blocking


def test_a_month_beside_a_much_larger_one_is_worth_a_look(settings: Settings) -> None:
    run_month(settings, "green", "2020-05")
    found = checks(run_month(replace(settings, sample_rows=500), "green", MONTH))["clean_trips volume_is_usual"]
    assert not found.passed
    assert "times 2020-05" in (found.description or "")


@pytest.mark.parametrize(
    ("month", "said", "passed"),
    [
        ("2024-05", "12 rows; 3,723,833 are known from tlc.", False),
        ("2024-06", "12 rows; how many there should be is not known yet: counts from tlc end with 2024-05.", True),
    ],
)
def test_a_count_that_is_not_known_yet_is_said_to_be_so(
    settings: Settings, month: str, said: str, passed: bool
) -> None:
    result = run_month(write_parquet(settings, month), "yellow", month, assets=["raw_trips", "clean_trips"])
    found = checks(result)["clean_trips rows_as_published"]
    assert (found.description, found.passed) == (said, passed)


@pytest.mark.fault(11)
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
