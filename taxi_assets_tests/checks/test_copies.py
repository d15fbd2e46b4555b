"""The checks of copies: any difference from the clean month is found, and its column named."""

from __future__ import annotations

import duckdb
import psycopg
import pytest
from psycopg.sql import SQL, Composed, Identifier

from taxi_assets.settings import Settings
from taxi_assets_tests.helpers.rerun_checks import rerun_checks
from taxi_assets_tests.helpers.run_month import run_month

pytestmark = pytest.mark.slow

MONTH = "2020-04"


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
    update: Composed = SQL(f"UPDATE {{}} SET {column} = {change} WHERE {where}").format(table, table)  # noqa: S608 names of the tests
    with psycopg.connect(postgres_url) as connection:
        assert connection.execute(update).rowcount == 1
    found = rerun_checks(settings, MONTH, "postgres_table")["postgres_table equals_clean_trips"]
    assert not found.passed
    assert (found.description or "").startswith(f"{column}: ")


def test_a_row_gone_from_postgres_is_found(settings: Settings, postgres_url: str) -> None:
    run_month(settings, "green", MONTH)
    table = Identifier(settings.postgres_schema, "green_taxi_trips")
    with psycopg.connect(postgres_url) as connection:
        connection.execute(SQL("DELETE FROM {} WHERE source_row = 3").format(table))
    found = rerun_checks(settings, MONTH, "postgres_table")["postgres_table equals_clean_trips"]
    assert (found.description or "").startswith("rows: ")


def test_one_value_changed_in_the_warehouse_is_found_and_its_column_named(settings: Settings) -> None:
    run_month(settings, "green", MONTH)
    with duckdb.connect(settings.warehouse) as connection:
        connection.execute("UPDATE trips_data_all.green_taxi_trips SET trip_distance = 9.99 WHERE source_row = 3")
    found = rerun_checks(settings, MONTH, "bq_table")["bq_table equals_clean_trips"]
    assert not found.passed
    assert (found.description or "").startswith("trip_distance: ")
