"""The daily table reconciles with the trips it is made of, whatever of them is missing."""

from __future__ import annotations

from datetime import date
from typing import Any

import duckdb
import pandas as pd
import pytest

from taxi_assets.destinations.warehouse_month import WarehouseMonth
from taxi_assets.model.datasets import DATASETS, FOR_HIRE, GREEN_TAXI, MEASURES
from taxi_assets.transform.daily import COLUMNS, SUMS, as_table, daily_query, differences, totals_query

MONTH = date(2020, 4, 1)
TYPES = ["string", "object", "object", "string", "Int64", "Int64", "Int64", *["Float64"] * 5]
TRIPS = """SELECT DATE '2020-04-01' AS trip_month, TIMESTAMP '2020-04-02 23:59:59.999999' AS pickup_datetime, *
    FROM (VALUES {}) AS t(pickup_location_id, payment_type, passenger_count, trip_distance, fare_amount, tip_amount,
    tolls_amount, total_amount)"""
ZONES = "SELECT * FROM (VALUES (1, 'EWR'), (2, 'Queens'), (3, 'Queens'), (264, NULL)) AS z(location_id, borough)"


def _ask(query: str) -> pd.DataFrame:
    with duckdb.connect() as connection:
        return connection.execute(query).df()


def _month(*rows: str) -> WarehouseMonth:
    return WarehouseMonth(TRIPS.format(", ".join(rows)), ZONES, _ask)


def _records(table: pd.DataFrame, *names: str) -> list[tuple[Any, ...]]:
    return [tuple(None if pd.isna(value) else value for value in row) for row in table[list(names)].values]


def test_trips_are_added_up_by_day_borough_and_payment() -> None:
    month = _month(
        "(2, 1, 2, 0.1, 10.1, 1, 0, 11.1)", "(3, 1, NULL, 0.2, 20.2, 0.1, 6.12, 26.42)", "(2, 2, 1, 1, -5, 0, 0, -5)"
    )
    table = as_table(month.query(daily_query(GREEN_TAXI)))
    assert list(table.columns) == [column.name for column in COLUMNS]
    assert [tuple(row) for row in table.values] == [
        ("green", MONTH, date(2020, 4, 2), "Queens", 1, 2, 2, 0.3, 30.3, 1.1, 6.12, 37.52),
        ("green", MONTH, date(2020, 4, 2), "Queens", 2, 1, 1, 1.0, -5.0, 0.0, 0.0, -5.0),
    ]
    assert differences(table, month.query(totals_query(GREEN_TAXI))) == []


def test_trips_without_zone_borough_payment_or_amount_are_counted_too() -> None:
    month = _month(
        "(NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)",
        "(264, 1, 1, 1, 1, 1, 1, 1)",
        "(200, NULL, 0, 0, 0, 0, 0, 0)",
    )
    table = as_table(month.query(daily_query(GREEN_TAXI)))
    found = set(_records(table, "pickup_borough", "payment_type", "trips", "passengers", "fare"))
    assert found == {(None, 1, 1, 1, 1.0), (None, None, 2, 0, 0.0)}
    assert differences(table, month.query(totals_query(GREEN_TAXI))) == []


@pytest.mark.parametrize("values", ["(NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)", "(2, 1, 1, 1, 1, 1, 1, 1)"])
def test_types_do_not_depend_on_what_is_null(values: str) -> None:
    table = as_table(_month(values).query(daily_query(GREEN_TAXI)))
    assert [str(kind) for kind in table.dtypes] == TYPES


def test_a_dataset_without_amounts_has_trips_alone() -> None:
    table = as_table(_month("(2, 1, 1, 1, 1, 1, 1, 1)", "(3, 2, 1, 1, 1, 1, 1, 1)").query(daily_query(FOR_HIRE)))
    assert _records(table, "dataset", "pickup_borough", "payment_type", "trips", "passengers", "fare") == [
        ("fhv", "Queens", None, 2, None, None)
    ]
    assert [str(kind) for kind in table.dtypes] == TYPES


def test_sums_are_exact_where_sums_of_doubles_are_not() -> None:
    month = _month(*["(2, 1, 1, 0.001, 0.1, 0.7, 0, 0.8)"] * 1_000)
    table = as_table(month.query(daily_query(GREEN_TAXI)))
    assert _records(table, "miles", "fare", "tips", "total") == [(1.0, 100.0, 700.0, 800.0)]


@pytest.mark.parametrize("name", ["trips", "passengers", "miles", "fare", "tips", "tolls", "total"])
def test_a_changed_number_is_found_and_named(name: str) -> None:
    month = _month("(2, 1, 2, 0.1, 10.1, 1, 0, 11.1)", "(3, 1, NULL, 0.2, 20.2, 0.1, 6.12, 26.42)")
    table = as_table(month.query(daily_query(GREEN_TAXI)))
    table[name] += 1 if name in ("trips", "passengers") else 0.01
    [found] = differences(table, month.query(totals_query(GREEN_TAXI)))
    assert found.startswith(f"{name}: ")


def test_every_sum_is_of_a_column_that_its_dataset_has() -> None:
    for dataset in DATASETS.values():
        assert set(dataset.measures.values()) <= {column.name for column in dataset.columns}


def test_every_measure_that_a_dataset_may_have_is_a_sum_of_the_table() -> None:
    assert [column.name for column in SUMS] == list(MEASURES)
