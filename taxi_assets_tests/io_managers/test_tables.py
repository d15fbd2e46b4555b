"""An IO manager of tables says which asset makes what is missing, and which types an input may have."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest

from taxi_assets.destinations.warehouse_month import WarehouseMonth
from taxi_assets.errors import TaxiError
from taxi_assets.io_managers.base import TableIOManager
from taxi_assets.io_managers.duckdb import DuckDBWarehouse
from taxi_assets.io_managers.postgres import PostgresTables
from taxi_assets.model.datasets import GREEN_TAXI, YELLOW_TAXI
from taxi_assets.resources.postgres import ExternalPostgres
from taxi_assets.transform.checksums import Checksums
from taxi_assets_tests.destinations.contract import ZONES
from taxi_assets_tests.destinations.month_files import JANUARY, month_files


@pytest.fixture
def warehouse(tmp_path: Path) -> TableIOManager:
    return DuckDBWarehouse(database=str(tmp_path / "warehouse.duckdb"), schema_name="trips_data_all")


@pytest.fixture
def postgres(postgres_url: str, postgres_schema: str) -> TableIOManager:
    return PostgresTables(server=ExternalPostgres(url=postgres_url), schema_name=postgres_schema)


@pytest.fixture(params=["warehouse", "postgres"])
def manager(request: pytest.FixtureRequest) -> TableIOManager:
    manager: TableIOManager = request.getfixturevalue(request.param)
    return manager


def _load(manager: TableIOManager, folder: Path) -> None:
    with manager.open_store(YELLOW_TAXI) as store:
        store.replace_month(JANUARY, month_files(folder, JANUARY, 10))


def test_a_view_without_its_tables_says_what_to_materialize(manager: TableIOManager, tmp_path: Path) -> None:
    asset = "postgres_table" if isinstance(manager, PostgresTables) else "bq_table"
    with pytest.raises(TaxiError, match=f"Materialize taxi_zones and {asset} first"):
        manager.join_zones(YELLOW_TAXI)
    _load(manager, tmp_path)
    with pytest.raises(TaxiError, match="Materialize taxi_zones first"):
        manager.join_zones(YELLOW_TAXI)
    manager.replace_zones(ZONES)
    with pytest.raises(TaxiError, match=f"Materialize {asset} first"):
        manager.join_zones(GREEN_TAXI)
    assert manager.join_zones(YELLOW_TAXI).endswith("yellow_taxi_trips_with_zones")


def test_a_query_without_its_tables_says_what_to_materialize(manager: TableIOManager, tmp_path: Path) -> None:
    asset = "postgres_table" if isinstance(manager, PostgresTables) else "bq_table"
    with pytest.raises(TaxiError, match=f"Materialize {asset} and taxi_zones first"):
        manager.read(YELLOW_TAXI, JANUARY, pd.DataFrame)
    _load(manager, tmp_path)
    month = manager.read(YELLOW_TAXI, JANUARY, WarehouseMonth)
    assert isinstance(month, WarehouseMonth)
    for _ in range(2):
        with pytest.raises(TaxiError, match=f"Materialize {asset} and taxi_zones first"):
            month.query("SELECT count(*) FROM taxi_zones")
    manager.replace_zones(ZONES)
    assert month.query("SELECT count(*) AS n FROM trips")["n"].tolist() == [10]


def test_a_month_is_read_as_what_the_annotation_asks_for(manager: TableIOManager, tmp_path: Path) -> None:
    _load(manager, tmp_path)
    frame = manager.read(YELLOW_TAXI, JANUARY, pd.DataFrame)
    assert isinstance(frame, pd.DataFrame)
    assert len(frame) == 10
    assert str(frame.dtypes["pickup_datetime"]).startswith("datetime64")
    assert isinstance(manager.read(YELLOW_TAXI, JANUARY, Checksums), Checksums)
    with pytest.raises(TaxiError, match="as RecordBatchReader") as raised:
        manager.read(YELLOW_TAXI, JANUARY, pa.RecordBatchReader)
    assert raised.value.advice == "Annotate the input as pandas.DataFrame, Checksums or WarehouseMonth."
