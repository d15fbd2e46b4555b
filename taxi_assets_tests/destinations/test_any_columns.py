"""What is clean, every destination takes: no name, type or value of a column is a reason to refuse a month."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings

from taxi_assets.destinations.descriptions import descriptions_of
from taxi_assets.destinations.duckdb.file import DuckDBFile
from taxi_assets.destinations.duckdb.table import DuckDBTable
from taxi_assets.destinations.duckdb.zones import DuckDBZones
from taxi_assets.destinations.postgres.table import PostgresTable
from taxi_assets.destinations.postgres.zones import PostgresZones
from taxi_assets.errors import ContractError
from taxi_assets.model.datasets import YELLOW_TAXI
from taxi_assets.model.zones import read_zones
from taxi_assets.publishers.sample.zones import zone_lookup
from taxi_assets.transform.column_mapping import MOST_UNDESCRIBED
from taxi_assets.transform.daily import daily_query
from taxi_assets_tests.destinations.any_columns import (
    COLUMNS,
    EXTREMES,
    MONTH,
    ROWS,
    check_takes,
    cleaned,
    not_utf8,
    trips,
    write,
)

pytestmark = pytest.mark.slow

DESCRIPTIONS = descriptions_of(YELLOW_TAXI)
FEW = settings(
    max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], derandomize=True
)


@pytest.fixture
def duckdb(tmp_path: Path) -> DuckDBTable:
    return DuckDBTable(tmp_path / "trips.duckdb", "main", "yellow_taxi_trips", DESCRIPTIONS)


@pytest.fixture
def postgres(postgres_url: str, postgres_schema: str) -> PostgresTable:
    return PostgresTable(postgres_url, postgres_schema, "yellow_taxi_trips", DESCRIPTIONS)


@FEW
@given(COLUMNS)
def test_databases_take_generated_columns(
    tmp_path: Path, duckdb: DuckDBTable, postgres: PostgresTable, extras: Sequence[tuple[str, pa.Array]]
) -> None:
    files = cleaned(write(tmp_path, trips(), extras))
    assert files.clean.rows == ROWS
    for store in (duckdb, postgres):
        check_takes(replace(store, name=f"t{uuid4().hex}"), files)


def test_databases_take_every_name_and_extreme_value(
    tmp_path: Path, duckdb: DuckDBTable, postgres: PostgresTable
) -> None:
    files = cleaned(write(tmp_path, trips(), EXTREMES))
    named = [name for name, _ in EXTREMES if name.strip()]
    assert len(files.clean.schema) == len(YELLOW_TAXI.columns) + len(named)
    zones = read_zones(zone_lookup())
    tables = (
        (duckdb, DuckDBZones(DuckDBFile(duckdb.database), duckdb.schema)),
        (postgres, PostgresZones(postgres.url, postgres.schema)),
    )
    for store, lookup in tables:
        check_takes(store, files)
        check_takes(store, files)
        lookup.replace(zones)
        lookup.join(store.name)
        assert store.month(MONTH).query(daily_query(YELLOW_TAXI))["trips"].sum() == ROWS


UNREADABLE: dict[str, pa.Array] = {
    "tpep_dropoff_datetime": pa.array([2**62, -(2**62)], pa.int64()).view(pa.timestamp("us")),
    "fare_amount": pa.array([1e300, float("inf")]),
    "passenger_count": pa.array([2**40, 2**63 - 1]),
    "PULocationID": pa.array([2**31 - 1, -(2**31)], pa.int32()),
    "store_and_fwd_flag": not_utf8([b"\xff", b"\0" * 10]),
}
"""Values of described columns that no destination takes, or that are none of theirs."""


@pytest.mark.parametrize("name", UNREADABLE)
def test_a_value_that_no_destination_takes_is_in_quarantine_before_any_place_has_changed(
    tmp_path: Path, duckdb: DuckDBTable, postgres: PostgresTable, name: str
) -> None:
    rows = 300
    columns = trips(rows)
    bad = UNREADABLE[name]
    columns[name] = pa.concat_arrays([bad, columns[name].slice(len(bad))])
    files = cleaned(write(tmp_path, columns))
    assert (files.clean.rows, files.quarantine.rows) == (rows - 2, 2)
    found = pq.read_table(files.quarantine.path, columns=["reasons", "published_text"]).to_pylist()
    assert all("unreadable" in row["reasons"] and row["published_text"] for row in found)
    for store in (duckdb, postgres):
        check_takes(store, files)


@pytest.mark.parametrize("kind", [pa.string(), pa.dictionary(pa.int32(), pa.string())])
def test_a_text_too_long_for_databases_is_in_quarantine_cut(
    tmp_path: Path, postgres: PostgresTable, kind: pa.DataType
) -> None:
    columns = trips(300)
    flags = pa.array(["y" * 200_000, *["N"] * 299])
    files = cleaned(write(tmp_path, {**columns, "store_and_fwd_flag": flags.cast(kind)}))
    [row] = pq.read_table(files.quarantine.path, columns=["published_text"]).to_pylist()
    assert row["published_text"].endswith("yyy... (200,000 bytes)")
    assert len(row["published_text"]) == len("store_and_fwd_flag: ") + 2_000
    check_takes(postgres, files)


def test_as_many_columns_as_postgres_takes_are_carried_along_and_more_are_refused(
    tmp_path: Path, postgres: PostgresTable
) -> None:
    extras = [(f"extra_{number}", pa.array(["24 bytes that cannot go."] * ROWS)) for number in range(MOST_UNDESCRIBED)]
    check_takes(postgres, cleaned(write(tmp_path, trips(), extras)))
    with pytest.raises(ContractError, match="has 251 columns that nobody has described, for example 'extra_0'"):
        cleaned(write(tmp_path, trips(), [*extras, ("one_more", pa.array(["x"] * ROWS))]))
