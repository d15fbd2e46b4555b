"""Trips by day, pickup borough and payment: a small table to make charts from, and its reconciliation with the trips.

There is one table for all datasets, with the same columns for each; what a dataset does not publish is null. The SQL
runs in DuckDB, BigQuery, Postgres and SQLite alike, over `trips` and `taxi_zones` as `WarehouseMonth` names them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from taxi_assets.model.columns import PAYMENT_TYPES, TRIP_MONTH, Column, Kind
from taxi_assets.model.datasets import Dataset

if TYPE_CHECKING:
    import pandas as pd

MILLION: Final = 1_000_000
"""Amounts and miles are added up as whole millionths, so that a sum does not depend on the order of the rows."""


def _sum(name: str, doc: str, unit: str = "", kind: Kind = Kind.FLOAT) -> Column:
    return Column(name, kind, (), doc, unit)


SUMS: Final = (
    _sum("passengers", "Number of passengers, over the trips where it is known.", kind=Kind.LONG),
    _sum("miles", "Distance of the trips.", "miles"),
    _sum("fare", "Fares; those of fhvhv are before tolls, tips, taxes and fees.", "US dollars"),
    _sum("tips", "Tips; those of taxis are the ones paid by card.", "US dollars"),
    _sum("tolls", "Tolls.", "US dollars"),
    _sum("total", "Total charged to the passengers, without cash tips.", "US dollars"),
)
UNKNOWN: Final = "unknown"
COLUMNS: Final = (
    Column("dataset", Kind.TEXT, (), "Name of the dataset, for example yellow."),
    TRIP_MONTH,
    Column("day", Kind.DATE, (), "Day of the pick-up."),
    Column("pickup_borough", Kind.TEXT, (), "Borough of the pick-up; null where the zone has no known name."),
    Column(
        "payment_type",
        Kind.LONG,
        (),
        "How the passenger paid; null in datasets that do not publish it.",
        codes=PAYMENT_TYPES,
    ),
    Column("trips", Kind.LONG, (), "Number of trips."),
    *SUMS,
)
"""The columns of the table, in its order. Days without trips have no row."""


def daily_query(dataset: Dataset) -> str:
    """The SELECT of a month's rows of the table."""
    paid = ["trips.payment_type"] if any(column.name == "payment_type" for column in dataset.columns) else []
    kept = ["trips.trip_month", "DATE(trips.pickup_datetime) AS day", "taxi_zones.borough AS pickup_borough", *paid]
    # By position: a column that the trips carry along may be called like one of these.
    keys = ", ".join(str(place) for place, _ in enumerate(kept, start=2))
    return (
        f"SELECT '{dataset.name}' AS dataset, {', '.join(kept)}, {_sums(dataset)}"  # noqa: S608 names are our own
        f" FROM trips LEFT JOIN taxi_zones ON taxi_zones.location_id = trips.pickup_location_id"
        f" GROUP BY {keys} ORDER BY {keys}"
    )


def totals_query(dataset: Dataset) -> str:
    """The query for the sums over all trips of a month, without days and zones: one row."""
    return f"SELECT {_sums(dataset)} FROM trips"  # noqa: S608 names are our own


def as_table(frame: pd.DataFrame) -> pd.DataFrame:
    """The result of `daily_query` with all columns of the table, in types that every warehouse stores alike."""
    import pandas as pd

    types = {Kind.TEXT: "string", Kind.LONG: "Int64", Kind.FLOAT: "Float64"}
    table = frame.reindex(columns=[column.name for column in COLUMNS])
    for column in COLUMNS:
        if column.kind is Kind.DATE:
            table[column.name] = pd.to_datetime(table[column.name]).dt.date
    return table.astype({column.name: types[column.kind] for column in COLUMNS if column.kind in types})


def totals(table: pd.DataFrame, by: str | None = None) -> pd.DataFrame:
    """The table's trips and sums added up: over all rows into one, or by a column, the most trips first.

    A sum without any value is null, not 0.
    """
    names = ["trips", *(each.name for each in SUMS)]
    keys = table[by].fillna(UNKNOWN) if by else table["dataset"]
    return table.groupby(keys)[names].sum(min_count=1).sort_values("trips", ascending=False, kind="stable")


def differences(table: pd.DataFrame, answer: pd.DataFrame) -> list[str]:
    """Where a month of the table does not add up to the result of `totals_query`: a sentence for each such column."""
    found = []
    for name in answer.columns:
        mine, theirs = (sum(_millionths(value) for value in frame[name].dropna()) for frame in (table, answer))
        if mine != theirs:
            found.append(f"{name}: {mine / MILLION:,.2f} by day, {theirs / MILLION:,.2f} in the table of trips")
    return found


def _sums(dataset: Dataset) -> str:
    sources = dataset.measures
    sums = [f"{_sum_of(sources[each.name], each.kind)} AS {each.name}" for each in SUMS if each.name in sources]
    return ", ".join(["COUNT(*) AS trips", *sums])


def _sum_of(source: str, kind: Kind) -> str:
    if kind is Kind.LONG:
        return f"CAST(SUM(trips.{source}) AS BIGINT)"
    # By a float: where both are whole numbers, SQLite would leave out the fraction.
    return f"SUM(CAST(ROUND(trips.{source} * {MILLION}) AS BIGINT)) / 1e6"


def _millionths(value: float) -> int:
    return round(value * MILLION)
