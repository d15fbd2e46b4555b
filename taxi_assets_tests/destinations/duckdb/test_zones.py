"""Zones in the local warehouse, and views that lose and double nothing, and grow with their table."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from taxi_assets.destinations.duckdb.file import DuckDBFile
from taxi_assets.destinations.duckdb.table import DuckDBTable
from taxi_assets.destinations.duckdb.zones import DuckDBZones
from taxi_assets.errors import TaxiError
from taxi_assets.model.zones import Zone
from taxi_assets_tests.destinations.duckdb.test_table import month_file
from taxi_assets_tests.destinations.postgres.test_table import FEBRUARY, JANUARY
from taxi_assets_tests.destinations.postgres.test_zones import UNNAMED, ZONES, ends


@pytest.fixture
def zones(tmp_path: Path) -> DuckDBZones:
    return DuckDBZones(DuckDBFile(tmp_path / "warehouse.duckdb", wait_seconds=0.5), "trips_data_all")


@pytest.fixture
def table(zones: DuckDBZones) -> DuckDBTable:
    return DuckDBTable(zones.file.path, zones.schema, "yellow_taxi_trips", {})


def _rows(zones: DuckDBZones, query: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(zones.file.path, read_only=True) as connection:
        return connection.execute(f"USE {zones.schema}; {query}").fetchall()


def test_the_last_lookup_written_is_the_one_that_is_there(zones: DuckDBZones) -> None:
    zones.replace(UNNAMED)
    assert zones.replace(ZONES) == "trips_data_all.taxi_zones"
    assert [Zone(*row) for row in _rows(zones, "FROM taxi_zones ORDER BY location_id")] == list(ZONES)
    types = _rows(zones, "SELECT data_type FROM duckdb_columns() WHERE table_name = 'taxi_zones' ORDER BY column_index")
    assert types == [("SMALLINT",), ("VARCHAR",), ("VARCHAR",), ("VARCHAR",)]


def test_the_view_has_every_trip_once_and_the_names_of_its_zones(
    zones: DuckDBZones, table: DuckDBTable, tmp_path: Path
) -> None:
    zones.replace(ZONES)
    table.replace_month(JANUARY, month_file(tmp_path, JANUARY, 4, ends([2, None, 265, 2])))
    assert zones.join(table.name) == "trips_data_all.yellow_taxi_trips_with_zones"
    query = "SELECT source_row, pickup_borough, pickup_zone, dropoff_zone FROM yellow_taxi_trips_with_zones ORDER BY 1"
    assert _rows(zones, query) == [
        (0, "Brooklyn", "Sample zone 2", "Sample zone 4"),
        (1, None, None, "Sample zone 4"),
        (2, "N/A", "Sample zone 265", "Sample zone 4"),
        (3, "Brooklyn", "Sample zone 2", "Sample zone 4"),
    ]


def test_the_view_follows_a_new_column_and_a_new_lookup(zones: DuckDBZones, table: DuckDBTable, tmp_path: Path) -> None:
    zones.replace(UNNAMED)
    table.replace_month(JANUARY, month_file(tmp_path, JANUARY, 3, ends([1, 2, 3])))
    zones.join(table.name)
    new = {"request_source": pa.array(["app"] * 2)}
    table.replace_month(FEBRUARY, month_file(tmp_path, FEBRUARY, 2, {**ends([1, 2]), **new}))
    assert _rows(zones, "SELECT count(*) FROM yellow_taxi_trips_with_zones") == [(5,)]
    zones.join(table.name)
    zones.replace(ZONES)
    query = "SELECT request_source, count(pickup_zone) FROM yellow_taxi_trips_with_zones GROUP BY 1 ORDER BY 1"
    assert _rows(zones, query) == [("app", 2), (None, 3)]


def test_a_view_without_its_tables_says_what_to_materialize(
    zones: DuckDBZones, table: DuckDBTable, tmp_path: Path
) -> None:
    table.replace_month(JANUARY, month_file(tmp_path, JANUARY, 1, ends([1])))
    with pytest.raises(TaxiError, match="taxi_zones first"):
        zones.join(table.name)
    with pytest.raises(TaxiError, match="lacks a table"):
        zones.join("green_taxi_trips")


def test_a_month_answers_a_query_over_its_rows_alone_and_the_zones(
    zones: DuckDBZones, table: DuckDBTable, tmp_path: Path
) -> None:
    for month, count in ((JANUARY, 3), (FEBRUARY, 2)):
        table.replace_month(month, month_file(tmp_path, month, count, ends([2] * count)))
    query = (
        "SELECT borough, count(*) AS n FROM trips LEFT JOIN taxi_zones ON location_id = pickup_location_id GROUP BY 1"
    )
    with pytest.raises(TaxiError, match="Materialize bq_table and taxi_zones first"):
        table.month(JANUARY).query(query)
    zones.replace(ZONES)
    assert table.month(JANUARY).query(query).to_dict("records") == [{"borough": "Brooklyn", "n": 3}]
