"""Files as people have them, through the whole path: saved by pandas, Spark or a spreadsheet, damaged, another month's.

What can be read is loaded everywhere, what cannot is in quarantine as published, and what is not the month leaves the
month that was there as it was.
"""

from __future__ import annotations

import gzip
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from taxi_assets.destinations.lake.folder import Lake
from taxi_assets.model.datasets import DATASETS
from taxi_assets.model.months import Month
from taxi_assets.settings import Settings
from taxi_assets_tests.helpers.run_month import checks, failure, rows, run_month

pytestmark = pytest.mark.slow

ROWS = 12
YELLOW_CSV = (
    "VendorID,tpep_pickup_datetime,tpep_dropoff_datetime,passenger_count,trip_distance,RatecodeID,store_and_fwd_flag,"
    "PULocationID,DOLocationID,payment_type,fare_amount,extra,mta_tax,tip_amount,tolls_amount,improvement_surcharge,"
    "total_amount,congestion_surcharge"
)
GREEN_CSV = (
    "VendorID,lpep_pickup_datetime,lpep_dropoff_datetime,store_and_fwd_flag,RatecodeID,PULocationID,DOLocationID,"
    "passenger_count,trip_distance,fare_amount,extra,mta_tax,tip_amount,tolls_amount,ehail_fee,improvement_surcharge,"
    "total_amount,payment_type,trip_type,congestion_surcharge"
)


def _csv_rows(header: str, month: Month, **changes: str) -> list[dict[str, str]]:
    """Twelve trips as CSV has them; `changes` are the values of columns in the second."""
    trips = []
    for row in range(ROWS):
        pickup = month.start + timedelta(days=2, hours=8, minutes=7 * row, seconds=row)
        values = dict.fromkeys(header.split(","), "0")
        for name in values:
            if name.endswith("pickup_datetime"):
                values[name] = str(pickup)
            elif name.endswith("dropoff_datetime"):
                values[name] = str(pickup + timedelta(minutes=11))
        values |= {"PULocationID": str(100 + row), "DOLocationID": "43", "trip_distance": f"{row}.5", "VendorID": "1"}
        values |= {"store_and_fwd_flag": "N", "passenger_count": "1", "RatecodeID": "1", "payment_type": "2"}
        trips.append(values | (changes if row == 1 else {}))
    return trips


def _write_csv(settings: Settings, dataset: str, month: str, header: str, trips: list[dict[str, str]]) -> Settings:
    lines = [header, *(",".join(trip[name] for name in header.split(",")) for trip in trips)]
    folder = settings.home.parent / "mirror"
    path = folder / dataset / f"{dataset}_tripdata_{month}.csv.gz"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress("".join(f"{line}\n" for line in lines).encode()))
    return replace(settings, publisher=folder.as_uri())


def _write_parquet(settings: Settings, month: str, **changes: Any) -> Settings:
    """Twelve yellow trips as TLC's Parquet of 2024; `changes` are other or more columns."""
    pickups = [Month.parse(month).start + timedelta(days=2, minutes=7 * row) for row in range(ROWS)]
    moments = pa.array(pickups, pa.timestamp("us"))
    columns: dict[str, Any] = {
        "VendorID": pa.array([1] * ROWS, pa.int32()),
        "tpep_pickup_datetime": moments,
        "tpep_dropoff_datetime": pa.array([pickup + timedelta(minutes=9) for pickup in pickups], moments.type),
        "passenger_count": pa.array([1] * ROWS),
        "trip_distance": pa.array([row + 0.5 for row in range(ROWS)]),
        "RatecodeID": pa.array([1] * ROWS),
        "store_and_fwd_flag": pa.array(["N"] * ROWS),
        "PULocationID": pa.array(range(100, 100 + ROWS), pa.int32()),
        "DOLocationID": pa.array([43] * ROWS, pa.int32()),
        "payment_type": pa.array([2] * ROWS),
        **{name: pa.array([1.0] * ROWS) for name in ("fare_amount", "extra", "mta_tax", "tip_amount", "tolls_amount")},
        **{name: pa.array([1.0] * ROWS) for name in ("improvement_surcharge", "total_amount", "congestion_surcharge")},
        "Airport_fee": pa.array([0.0] * ROWS),
    }
    folder = settings.home.parent / "mirror"
    path = folder / "trip-data" / f"yellow_tripdata_{month}.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table({**columns, **changes}), path)
    return replace(settings, publisher=folder.as_uri())


def _quarantine(settings: Settings, dataset: str, month: str) -> list[tuple[list[str], str | None]]:
    path = Lake(settings.home / "lake").quarantine_file(DATASETS[dataset], Month.parse(month))
    found = pq.read_table(path, columns=["reasons", "published_text"]).to_pylist()
    return [(row["reasons"], row["published_text"]) for row in found]


def _loaded(settings: Settings, dataset: str, month: str, clean: int) -> None:
    """The month loads, every blocking check passes, and it is everywhere with so many rows."""
    found = checks(run_month(settings, dataset, month))
    assert [name for name, check in found.items() if check.blocking and not check.passed] == []
    counts = rows(settings, dataset, month)
    assert [counts[place] for place in ("clean", "bucket", "warehouse", "Postgres")] == [clean] * 4
    assert counts["published"] == counts["clean"] + counts["quarantine"]


@pytest.mark.parametrize(
    ("change", "kept"),
    [
        ({"PULocationID": "99999"}, "pickup_location_id: 99999"),
        ({"fare_amount": "inf"}, "fare_amount: inf"),
        ({"fare_amount": '"1,208.00"'}, "fare_amount: 1,208.00"),
        ({"fare_amount": "$12.00"}, "fare_amount: $12.00"),
        ({"passenger_count": "40000"}, "passenger_count: 40000"),
        ({"tpep_pickup_datetime": "01/03/2021 08:07:01 AM"}, "pickup_datetime: 01/03/2021 08:07:01 AM"),
        ({"tpep_dropoff_datetime": "unknown"}, "dropoff_datetime: unknown"),
        ({"store_and_fwd_flag": "\0"}, "store_and_fwd_flag: \\x00"),
    ],
)
@pytest.mark.fault(34)
def test_a_row_with_a_value_that_does_not_fit_is_in_quarantine_and_the_others_are_loaded(
    settings: Settings, change: dict[str, str], kept: str
) -> None:
    mirror = _write_csv(settings, "yellow", "2021-01", YELLOW_CSV, _csv_rows(YELLOW_CSV, Month(2021, 1), **change))
    _loaded(mirror, "yellow", "2021-01", ROWS - 1)
    [(reasons, text)] = _quarantine(mirror, "yellow", "2021-01")
    assert (reasons[0], text) == ("unreadable", kept)


@pytest.mark.parametrize(
    "change",
    [
        {"passenger_count": "nan", "store_and_fwd_flag": "NULL"},
        {"tpep_pickup_datetime": " 2021-01-03 08:07:01", "tpep_dropoff_datetime": "2021-01-03 08:18:01 "},
    ],
)
def test_words_for_nothing_and_blanks_do_not_matter(settings: Settings, change: dict[str, str]) -> None:
    mirror = _write_csv(settings, "yellow", "2021-01", YELLOW_CSV, _csv_rows(YELLOW_CSV, Month(2021, 1), **change))
    _loaded(mirror, "yellow", "2021-01", ROWS)


def test_times_as_the_open_data_portal_writes_them_are_read(settings: Settings) -> None:
    trips = [
        {"Dispatching_base_num": f"B{row:05}", "Pickup_date": f"01/03/2015 08:{row:02}:01 PM", "locationID": ""}
        for row in range(ROWS)
    ]
    mirror = _write_csv(settings, "fhv", "2015-01", "Dispatching_base_num,Pickup_date,locationID", trips)
    _loaded(mirror, "fhv", "2015-01", ROWS)
    clean = pq.read_table(Lake(settings.home / "lake").clean_file(DATASETS["fhv"], Month(2015, 1)))
    assert clean["pickup_datetime"][0].as_py() == datetime(2015, 1, 3, 20, 0, 1)  # noqa: DTZ001


def test_a_column_of_another_dataset_is_carried_along_and_no_rule_looks_at_it(settings: Settings) -> None:
    header = f"{GREEN_CSV},airport_fee,trip_miles"
    mirror = _write_csv(settings, "green", "2021-01", header, _csv_rows(header, Month(2021, 1), trip_miles="far"))
    _loaded(mirror, "green", "2021-01", ROWS)


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
    _loaded(_write_parquet(settings, "2024-01", **extras), "yellow", "2024-01", ROWS)
    _loaded(_write_parquet(settings, "2024-02"), "yellow", "2024-02", ROWS)
    other_types = {"speed": pa.array(["fast"] * ROWS), "select": pa.array([0.5] * ROWS), "meta": pa.array([1] * ROWS)}
    _loaded(_write_parquet(settings, "2024-03", **other_types), "yellow", "2024-03", ROWS)


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
    ],
)
@pytest.mark.fault(33)
def test_what_is_not_the_month_leaves_the_month_that_was_there(
    settings: Settings, changes: dict[str, Any], said: str
) -> None:
    mirror = _write_parquet(settings, "2024-01")
    _loaded(mirror, "yellow", "2024-01", ROWS)
    result = run_month(_write_parquet(settings, "2024-01", **changes), "yellow", "2024-01", raises=False)
    assert not result.success
    assert said in failure(result, "clean_trips")
    assert "A retry will not help" in failure(result, "clean_trips")
    counts = rows(mirror, "yellow", "2024-01")
    assert [counts[place] for place in ("clean", "bucket", "warehouse", "Postgres")] == [ROWS] * 4


def test_a_month_mostly_in_quarantine_loads_where_run_config_says_so(settings: Settings) -> None:
    epoch, last = datetime(1970, 1, 1), datetime(2024, 1, 3, 1, 17)  # noqa: DTZ001
    outside = pa.array([epoch] * (ROWS - 1) + [last], pa.timestamp("us"))
    mirror = _write_parquet(settings, "2024-01", tpep_pickup_datetime=outside)
    assert not run_month(mirror, "yellow", "2024-01", raises=False).success
    run_month(mirror, "yellow", "2024-01", config={"clean_trips": {"max_quarantined_share": 1.0}})
    assert rows(mirror, "yellow", "2024-01")["Postgres"] == 1
