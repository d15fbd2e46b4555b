"""Months of all eras, with their different columns, sit in one Postgres table and in one warehouse table."""

from __future__ import annotations

import dataclasses
from itertools import permutations

import duckdb
import psycopg
import pytest
from psycopg.sql import SQL, Identifier

from taxi_assets.model.columns import Kind
from taxi_assets.model.datasets import FileFormat
from taxi_assets.settings import Settings
from taxi_assets_tests.helpers.run_month import checks, rows, run_month

pytestmark = pytest.mark.slow

ERAS: list[tuple[str, FileFormat]] = [
    ("2009-03", "csv.gz"),
    ("2016-07", "csv.gz"),
    ("2019-01", "csv.gz"),
    ("2025-02", "parquet"),
    ("2026-07", "parquet"),
]
_SAME = {kind.value.postgres: kind.value.duckdb for kind in Kind} | {
    "timestamp without time zone": "TIMESTAMP",
    "text": "VARCHAR",
}


@pytest.fixture
def small(settings: Settings) -> Settings:
    return dataclasses.replace(settings, sample_rows=400)


def _load(settings: Settings, eras: list[tuple[str, FileFormat]]) -> None:
    for month, file_format in eras:
        result = run_month(dataclasses.replace(settings, sample_format=file_format), "yellow", month)
        failed = [name for name, check in checks(result).items() if check.blocking and not check.passed]
        assert not failed


def test_queries_across_all_eras_work_and_types_are_the_same_in_both(small: Settings, postgres_url: str) -> None:
    _load(small, ERAS)
    table = Identifier(small.postgres_schema, "yellow_taxi_trips")
    query = """SELECT trip_month, count(*), count(pickup_longitude), count(pickup_location_id), count(vendor_text),
        count(cbd_congestion_fee), count(request_source) FROM {} GROUP BY 1 ORDER BY 1"""
    with psycopg.connect(postgres_url) as connection:
        in_postgres = connection.execute(SQL(query).format(table)).fetchall()
        types = connection.execute(
            "SELECT column_name, data_type FROM information_schema.columns WHERE table_schema = %s AND table_name = %s",
            (small.postgres_schema, "yellow_taxi_trips"),
        ).fetchall()
    with duckdb.connect(small.warehouse, read_only=True) as connection:
        in_warehouse = connection.execute(query.format("trips_data_all.yellow_taxi_trips")).fetchall()
        columns = "SELECT column_name, data_type FROM duckdb_columns() WHERE table_name = 'yellow_taxi_trips'"
        warehouse_types = dict(connection.execute(columns).fetchall())
    assert in_postgres == in_warehouse
    old, middle, _, cbd, newest = in_postgres
    assert old[2] > 0
    assert old[3] == 0
    assert old[4] > 0
    assert middle[2] == 0
    assert middle[3] > 0
    assert middle[5] == 0
    assert cbd[5] > 0
    assert cbd[6] == 0
    assert newest[6] > 0
    assert {name: _SAME[kind] for name, kind in types} == warehouse_types


@pytest.mark.parametrize("order", list(permutations(range(2))))
def test_a_month_with_a_new_column_may_come_before_or_after_one_without(
    small: Settings, order: tuple[int, ...]
) -> None:
    months = [ERAS[3], ERAS[4]]
    _load(small, [months[place] for place in order])
    for month, _ in months:
        counts = rows(small, "yellow", month)
        assert counts["Postgres"] == counts["warehouse"] == counts["clean"]


def test_the_same_through_bucket_and_bigquery(google_settings: Settings) -> None:
    settings = dataclasses.replace(google_settings, sample_rows=400)
    _load(settings, [ERAS[0], ERAS[4], ERAS[1]])
    for month, _ in (ERAS[0], ERAS[4], ERAS[1]):
        counts = rows(settings, "yellow", month)
        assert counts["Postgres"] == counts["warehouse"] == counts["clean"]
