"""Zones in the local warehouse have the types of the column table."""

from __future__ import annotations

from pathlib import Path

import duckdb

from taxi_assets.destinations.duckdb.file import DuckDBFile
from taxi_assets.destinations.duckdb.zones import DuckDBZones
from taxi_assets_tests.destinations.contract import ZONES


def test_zones_have_the_types_of_the_column_table(tmp_path: Path) -> None:
    file = DuckDBFile(tmp_path / "warehouse.duckdb", wait_seconds=0.5)
    DuckDBZones(file, "trips_data_all").replace(ZONES)
    with duckdb.connect(file.path, read_only=True) as connection:
        query = "SELECT data_type FROM duckdb_columns() WHERE table_name = 'taxi_zones' ORDER BY column_index"
        types = connection.execute(query).fetchall()
    assert types == [("SMALLINT",), ("VARCHAR",), ("VARCHAR",), ("VARCHAR",)]


def test_an_unchanged_lookup_is_not_written_again(tmp_path: Path) -> None:
    zones = DuckDBZones(DuckDBFile(tmp_path / "warehouse.duckdb", wait_seconds=0.5), "trips_data_all")
    zones.replace(ZONES)
    with duckdb.connect(zones.file.path) as connection:
        connection.execute("COMMENT ON TABLE trips_data_all.taxi_zones IS 'as it was'")
    zones.replace(ZONES)
    with duckdb.connect(zones.file.path, read_only=True) as connection:
        kept = connection.execute("SELECT comment FROM duckdb_tables() WHERE table_name = 'taxi_zones'").fetchone()
    assert kept == ("as it was",)
