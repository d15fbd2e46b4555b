"""What daily_trips holds for a month: its sums as numbers, and a table of them by borough."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from dagster import MetadataValue

from taxi_assets.metadata.contents import preview_metadata
from taxi_assets.metadata.previews import ROWS, table
from taxi_assets.transform.daily import totals

if TYPE_CHECKING:
    import pandas as pd

COUNTS = ("trips", "passengers")
A_TRIP = ("miles", "fare", "tips", "total")
"""Sums that say more as a mean per trip."""


def days_metadata(days: pd.DataFrame) -> dict[str, Any]:
    """The sums of a month of daily_trips, without those that its dataset does not publish."""
    if days.empty:
        return {}
    sums = totals(days).iloc[0].dropna()
    means = [name for name in A_TRIP if name in sums]
    heads = ["pickups in", "trips", "share", *(f"{name} a trip" for name in means)]
    lines = _by_borough(totals(days, by="pickup_borough"), means)
    return {
        **{str(name): int(value) if name in COUNTS else round(float(value), 2) for name, value in sums.items()},
        "by_borough": MetadataValue.md(table(heads, lines, numbers=range(1, len(heads)))),
        **preview_metadata(_first_rows(days)),
    }


def _first_rows(days: pd.DataFrame) -> list[dict[str, Any]]:
    rows = days.head(ROWS).astype("string").fillna("").to_dict("records")
    return [{str(name): value for name, value in row.items()} for row in rows]


def _by_borough(boroughs: pd.DataFrame, means: list[str]) -> Iterator[list[str]]:
    of = boroughs["trips"].sum()
    for name, sums in boroughs.iterrows():
        trips = sums["trips"]
        yield [str(name), f"{trips:,}", f"{trips / of:.1%}", *(f"{sums[mean] / trips:.2f}" for mean in means)]
