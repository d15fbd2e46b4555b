"""Months of twelve trips, written as people have them, in a folder that stands in for a publisher."""

from __future__ import annotations

import gzip
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from dagster import ExecuteInProcessResult

from taxi_assets.destinations.lake.folder import Lake
from taxi_assets.model.datasets import DATASETS
from taxi_assets.model.months import Month
from taxi_assets.settings import Settings
from taxi_assets_tests.helpers.run_month import checks, rows, run_month

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


def csv_rows(header: str, month: Month, **changes: str) -> list[dict[str, str]]:
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


def write_csv(settings: Settings, dataset: str, month: str, header: str, trips: list[dict[str, str]]) -> Settings:
    lines = [header, *(",".join(trip[name] for name in header.split(",")) for trip in trips)]
    return write_lines(settings, dataset, month, [line.encode() for line in lines])


def write_lines(settings: Settings, dataset: str, month: str, lines: Sequence[bytes], end: bytes = b"\n") -> Settings:
    """Publishes a CSV file of these lines."""
    folder = settings.home.parent / "mirror"
    path = folder / dataset / f"{dataset}_tripdata_{month}.csv.gz"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(b"".join(line + end for line in lines)))
    return replace(settings, publisher=folder.as_uri())


def write_parquet(
    settings: Settings,
    month: str,
    *,
    int96: bool = False,
    renamed: Mapping[str, str] | None = None,
    left_out: Collection[str] = (),
    **changes: Any,
) -> Settings:
    """Twelve yellow trips as TLC's Parquet of 2024; `changes` are other or more columns, `int96` writes times as Spark
    does. `renamed` and `left_out` are columns that have other names, or are not there.
    """
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
    kept = {(renamed or {}).get(name, name): array for name, array in columns.items() if name not in left_out}
    pq.write_table(pa.table({**kept, **changes}), path, use_deprecated_int96_timestamps=int96)
    return replace(settings, publisher=folder.as_uri())


def quarantine(settings: Settings, dataset: str, month: str) -> list[tuple[list[str], str | None]]:
    path = Lake(settings.home / "lake").quarantine_file(DATASETS[dataset], Month.parse(month))
    found = pq.read_table(path, columns=["reasons", "published_text"]).to_pylist()
    return [(row["reasons"], row["published_text"]) for row in found]


def clean_rows(settings: Settings, dataset: str, month: str) -> list[dict[str, Any]]:
    path = Lake(settings.home / "lake").clean_file(DATASETS[dataset], Month.parse(month))
    found: list[dict[str, Any]] = pq.read_table(path).to_pylist()
    return found


def loaded(settings: Settings, dataset: str, month: str, clean: int) -> ExecuteInProcessResult:
    """Runs a month, which loads: every blocking check passes, and it is everywhere with so many rows."""
    result = run_month(settings, dataset, month)
    found = checks(result)
    assert [name for name, check in found.items() if check.blocking and not check.passed] == []
    counts = rows(settings, dataset, month)
    assert [counts[place] for place in ("clean", "bucket", "warehouse", "Postgres")] == [clean] * 4
    assert counts["published"] == counts["clean"] + counts["quarantine"]
    return result
