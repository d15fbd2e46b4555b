"""Trips by day, pickup borough and payment: the small table that people make charts from, and its reconciliation.

One table for all datasets, whose columns are the same for each; what a dataset does not publish is null. The SQL here
runs in DuckDB, BigQuery, Postgres and SQLite alike, over `trips` and `taxi_zones` as `WarehouseMonth` names them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from taxi_assets.model.columns import PAYMENT_TYPES, TRIP_MONTH, Column, Kind
from taxi_assets.model.datasets import Dataset

if TYPE_CHECKING:
    import pandas as pd

MILLION: Final = 1_000_000
"""Amounts and miles are added up in millionths, in whole numbers: so the sum is the same in whatever order."""


def _sum(name: str, doc: str, unit: str = "", kind: Kind = Kind.FLOAT) -> Column:
    return Column(name, kind, (), doc, unit)


SUMS: Final = (
    _sum("passengers", "Passengers, where their number is known.", kind=Kind.LONG),
    _sum("miles", "Distance of the trips.", "miles"),
    _sum("fare", "Fares; of fhvhv before tolls, tips, taxes and fees.", "US dollars"),
    _sum("tips", "Tips; of taxis those by card only.", "US dollars"),
    _sum("tolls", "Tolls.", "US dollars"),
    _sum("total", "What passengers were charged, without cash tips.", "US dollars"),
)
UNKNOWN: Final = "unknown"
COLUMNS: Final = (
    Column("dataset", Kind.TEXT, (), "yellow, green, fhv or fhvhv."),
    TRIP_MONTH,
    Column("day", Kind.DATE, (), "Day of the pick-up."),
    Column("pickup_borough", Kind.TEXT, (), "Borough of the pick-up; null where the zone is not known by name."),
    Column("payment_type", Kind.LONG, (), "How the passenger paid; not of fhv and fhvhv.", codes=PAYMENT_TYPES),
    Column("trips", Kind.LONG, (), "Number of trips."),
    *SUMS,
)
"""Of the table, in its order; days without trips have no row."""


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
    """The SELECT of what the month's trips add up to, without days and zones: one row."""
    return f"SELECT {_sums(dataset)} FROM trips"  # noqa: S608 names are our own


def as_table(frame: pd.DataFrame) -> pd.DataFrame:
    """The answer to `daily_query` with all columns, in types that every warehouse stores alike, nulls or not."""
    import pandas as pd

    types = {Kind.TEXT: "string", Kind.LONG: "Int64", Kind.FLOAT: "Float64"}
    table = frame.reindex(columns=[column.name for column in COLUMNS])
    for column in COLUMNS:
        if column.kind is Kind.DATE:
            table[column.name] = pd.to_datetime(table[column.name]).dt.date
    return table.astype({column.name: types[column.kind] for column in COLUMNS if column.kind in types})


def totals(table: pd.DataFrame, by: str | None = None) -> pd.DataFrame:
    """The table's trips and sums added up, in all (one line) or by a column, the most trips first; nothing of nothing
    is nothing, not 0.
    """
    names = ["trips", *(each.name for each in SUMS)]
    keys = table[by].fillna(UNKNOWN) if by else table["dataset"]
    return table.groupby(keys)[names].sum(min_count=1).sort_values("trips", ascending=False, kind="stable")


def differences(table: pd.DataFrame, answer: pd.DataFrame) -> list[str]:
    """Where a month of the table does not add up to the answer to `totals_query`, in words, one line a column."""
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
