"""The DuckDB file does what every database of trips must do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest

from taxi_assets.destinations.duckdb.file import DuckDBFile
from taxi_assets.destinations.duckdb.table import DuckDBTable
from taxi_assets.destinations.duckdb.zones import DuckDBZones
from taxi_assets_tests.destinations.contract import DESCRIPTIONS, TABLE, Place, TableStoreContract


@dataclass
class DuckDBPlace(Place):
    """A file that does not exist yet."""

    path: Path

    def store(self) -> DuckDBTable:
        return DuckDBTable(self.path, "trips_data_all", TABLE, DESCRIPTIONS)

    def zones(self) -> DuckDBZones:
        return DuckDBZones(DuckDBFile(self.path), "trips_data_all")

    def full_name(self, table: str) -> str:
        return f"trips_data_all.{table}"

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(self.path, read_only=True) as connection:
            return connection.execute(f"USE trips_data_all; {query}").fetchall()

    def comments(self, table: str) -> Mapping[str, str]:
        return dict(self.ask(f"SELECT column_name, comment FROM duckdb_columns() WHERE table_name = '{table}'"))  # noqa: S608 names of the tests


class TestDuckDB(TableStoreContract):
    @pytest.fixture
    def place(self, tmp_path: Path) -> Place:
        return DuckDBPlace(tmp_path / "warehouse.duckdb")
