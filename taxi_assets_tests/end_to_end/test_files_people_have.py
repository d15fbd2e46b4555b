"""Files as people have them, through the whole path: saved by pandas, Spark or a spreadsheet, damaged, another month's.

What can be read is loaded everywhere, what cannot is in quarantine as published, and what is not the month leaves the
month that was there as it was.
"""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import duckdb
import psycopg
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from psycopg.sql import SQL, Identifier

from taxi_assets.destinations.lake.folder import Lake
from taxi_assets.model.datasets import DATASETS
from taxi_assets.model.months import Month
from taxi_assets.settings import POSTGRES_URL, Settings
from taxi_assets_tests.helpers.files_people_have import (
    GREEN_CSV,
    ROWS,
    YELLOW_CSV,
    csv_rows,
    loaded,
    quarantine,
    write_csv,
    write_parquet,
)
from taxi_assets_tests.helpers.run_month import failure, metadata, rows, run_month

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("change", "kept"),
    [
        ({"PULocationID": "99999"}, "pickup_location_id: 99999"),
        ({"fare_amount": "inf"}, "fare_amount: inf"),
        ({"fare_amount": '"1,208.00"'}, "fare_amount: 1,208.00"),
        ({"fare_amount": "$12.00"}, "fare_amount: $12.00"),
        ({"passenger_count": "40000"}, "passenger_count: 40000"),
        ({"tpep_pickup_datetime": "01/03/2021 08:07:01 AM"}, "pickup_datetime: 01/03/2021 08:07:01 AM"),
        ({"tpep_pickup_datetime": "2021-01-03"}, "pickup_datetime: 2021-01-03"),
        ({"tpep_dropoff_datetime": "unknown"}, "dropoff_datetime: unknown"),
        ({"store_and_fwd_flag": "\0"}, "store_and_fwd_flag: \\x00"),
    ],
)
@pytest.mark.fault(34)
def test_a_row_with_a_value_that_does_not_fit_is_in_quarantine_and_the_others_are_loaded(
    settings: Settings, change: dict[str, str], kept: str
) -> None:
    mirror = write_csv(settings, "yellow", "2021-01", YELLOW_CSV, csv_rows(YELLOW_CSV, Month(2021, 1), **change))
    loaded(mirror, "yellow", "2021-01", ROWS - 1)
    [(reasons, text)] = quarantine(mirror, "yellow", "2021-01")
    assert (reasons[0], text) == ("unreadable", kept)


@pytest.mark.parametrize(
    "change",
    [
        {"passenger_count": "nan", "store_and_fwd_flag": "NULL"},
        {"tpep_pickup_datetime": " 2021-01-03 08:07:01", "tpep_dropoff_datetime": "2021-01-03 08:18:01 "},
    ],
)
def test_words_for_nothing_and_blanks_do_not_matter(settings: Settings, change: dict[str, str]) -> None:
    mirror = write_csv(settings, "yellow", "2021-01", YELLOW_CSV, csv_rows(YELLOW_CSV, Month(2021, 1), **change))
    loaded(mirror, "yellow", "2021-01", ROWS)


@pytest.mark.parametrize("pattern", ["01/03/2015 08:{:02}:01 PM", "2015-01-03 20:{:02}:01"])
def test_times_as_the_open_data_portal_writes_them_are_read(settings: Settings, pattern: str) -> None:
    header = "Dispatching_base_num,Pickup_date,locationID,trip_miles"
    trips = [
        {
            "Dispatching_base_num": f"B{row:05}",
            "Pickup_date": pattern.format(row),
            "locationID": "",
            "trip_miles": "far",
        }
        for row in range(ROWS)
    ]
    mirror = write_csv(settings, "fhv", "2015-01", header, trips)
    loaded(mirror, "fhv", "2015-01", ROWS)
    clean = pq.read_table(Lake(settings.home / "lake").clean_file(DATASETS["fhv"], Month(2015, 1)))
    assert clean["pickup_datetime"][0].as_py() == datetime(2015, 1, 3, 20, 0, 1)  # noqa: DTZ001


def test_a_column_of_another_dataset_is_carried_along_and_no_rule_looks_at_it(settings: Settings) -> None:
    header = f"{GREEN_CSV},airport_fee,trip_miles"
    mirror = write_csv(settings, "green", "2021-01", header, csv_rows(header, Month(2021, 1), trip_miles="far"))
    loaded(mirror, "green", "2021-01", ROWS)


def _columns(settings: Settings) -> list[str]:
    with duckdb.connect(settings.warehouse, read_only=True) as connection:
        return [row[0] for row in connection.execute("DESCRIBE trips_data_all.yellow_taxi_trips").fetchall()]


def _comments(settings: Settings, column: str) -> list[str]:
    """The comment on a column of yellow trips, in the warehouse and in Postgres."""
    with duckdb.connect(settings.warehouse, read_only=True) as connection:
        query = "SELECT comment FROM duckdb_columns() WHERE table_name = 'yellow_taxi_trips' AND column_name = ?"
        [in_duckdb] = connection.execute(query, [column]).fetchall()
    with psycopg.connect(os.environ[POSTGRES_URL]) as postgres:
        [in_postgres] = postgres.execute(
            "SELECT col_description(attrelid, attnum) FROM pg_attribute WHERE attname = %s AND attrelid = %s::regclass",
            (column, f"{settings.postgres_schema}.yellow_taxi_trips"),
        ).fetchall()
    return [in_duckdb[0], in_postgres[0]]


@pytest.mark.fault(35)
def test_columns_of_any_name_and_type_break_neither_their_month_nor_the_next(settings: Settings) -> None:
    extras = {
        "day": pa.array([18_628] * ROWS, pa.date32()),
        "pickup_borough": pa.array(["x"] * ROWS),
        "trips": pa.array([2**64 - 1] * ROWS, pa.uint64()),
        "meta": pa.array([{"a": 1}] * ROWS),
        "speed": pa.array([float("inf")] * ROWS),
        "a.b": pa.array([1] * ROWS),
        "A-B": pa.array(["\0"] * ROWS),
        "n" * 70: pa.array([1] * ROWS),
        "select": pa.array([True] * ROWS),
    }
    result = loaded(write_parquet(settings, "2024-01", **extras), "yellow", "2024-01", ROWS)
    [shortened] = [name for name in _columns(settings) if name.startswith("nnn")]
    assert len(shortened) == 63
    published = f"Not in TLC's data dictionary when this was written. Published as {'n' * 70}."
    assert _comments(settings, shortened) == [published] * 2
    schema = metadata(result, "clean_trips")["dagster/column_schema"]
    assert {column.name: column.description for column in schema.columns}[shortened] == published
    loaded(write_parquet(settings, "2024-02"), "yellow", "2024-02", ROWS)
    other_types = {"speed": pa.array(["fast"] * ROWS), "select": pa.array([0.5] * ROWS), "meta": pa.array([1] * ROWS)}
    loaded(write_parquet(settings, "2024-03", **other_types), "yellow", "2024-03", ROWS)


@pytest.fixture(scope="module")
def month_that_was_there(tmp_path_factory: pytest.TempPathFactory, postgres_url: str) -> Iterator[Settings]:
    """Yellow 2024-01, loaded everywhere."""
    schema = f"test_{secrets.token_hex(6)}"
    settings = Settings(home=tmp_path_factory.mktemp("people") / "taxi", external_postgres=True, postgres_schema=schema)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(POSTGRES_URL, postgres_url)
        mirror = write_parquet(settings, "2024-01")
        loaded(mirror, "yellow", "2024-01", ROWS)
        yield mirror
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(SQL("DROP SCHEMA {} CASCADE").format(Identifier(schema)))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"tpep_pickup_datetime": pa.array([1_704_268_800_000] * ROWS)}, "holds values of type int64 and no times"),
        ({"tpep_pickup_datetime": pa.array([None] * ROWS, pa.timestamp("us"))}, "12 of the 12 rows would go to"),
        (
            {"tpep_pickup_datetime": pa.array([0] * ROWS, pa.timestamp("us"))},
            "to quarantine as pickup_outside_month",
        ),
        ({"tpep_dropoff_datetime": pa.array(["2024-01-03T08:00:00Z"] * ROWS)}, "holds times with a time zone"),
        ({"fare_amount": pa.array(["much"] * ROWS)}, "fare_amount cannot be read in 12 of 12 rows"),
        ({"lpep_pickup_datetime": pa.array([0] * ROWS)}, "which only files of green have"),
        ({"tpep_dropoff_datetime": pa.array([1_704_268_800_000] * ROWS)}, "values of type int64 and no times"),
        ({"tpep_pickup_datetime": pa.array([b"\xff"] * ROWS, pa.binary())}, "values of type binary and no times"),
        ({"tpep_pickup_datetime": pa.array([0] * ROWS, pa.timestamp("us", "UTC"))}, "times of the time zone UTC"),
        ({"tpep_dropoff_datetime": pa.array(["2024-01-03"] * ROWS)}, "dates without a time, for example '2024-01-03'"),
        ({"tpep_dropoff_datetime": pa.array(["1/3/24"] * ROWS)}, "dates without a time, for example '1/3/24'"),
        ({f"new_{place}": pa.array([0] * ROWS) for place in range(251)}, "251 columns that nobody has described"),
    ],
)
@pytest.mark.fault(33)
def test_what_is_not_the_month_leaves_the_month_that_was_there(
    month_that_was_there: Settings, changes: dict[str, Any], said: str
) -> None:
    mirror = month_that_was_there
    result = run_month(write_parquet(mirror, "2024-01", **changes), "yellow", "2024-01", raises=False)
    assert not result.success
    text = failure(result, "clean_trips")
    assert said in text
    assert re.search(r"yellow 2024-01, clean_trips: [A-Z0-9].*\. [A-Z].*\. A retry will not help\.", text)
    assert not any(event.is_step_up_for_retry for event in result.all_events)
    counts = rows(mirror, "yellow", "2024-01")
    assert [counts[place] for place in ("clean", "bucket", "warehouse", "Postgres")] == [ROWS] * 4


def test_a_green_file_under_a_yellow_name_is_refused(settings: Settings) -> None:
    mirror = write_csv(settings, "yellow", "2021-01", GREEN_CSV, csv_rows(GREEN_CSV, Month(2021, 1)))
    result = run_month(mirror, "yellow", "2021-01", assets=["raw_trips", "clean_trips"], raises=False)
    assert "lpep_pickup_datetime, which only files of green have" in failure(result, "clean_trips")


def test_a_month_mostly_in_quarantine_loads_where_run_config_says_so(settings: Settings) -> None:
    epoch, last = datetime(1970, 1, 1), datetime(2024, 1, 3, 1, 17)  # noqa: DTZ001
    outside = pa.array([epoch] * (ROWS - 1) + [last], pa.timestamp("us"))
    mirror = write_parquet(settings, "2024-01", tpep_pickup_datetime=outside)
    assert not run_month(mirror, "yellow", "2024-01", raises=False).success
    run_month(mirror, "yellow", "2024-01", config={"clean_trips": {"max_quarantined_share": 1.0}})
    assert rows(mirror, "yellow", "2024-01")["Postgres"] == 1
