"""Checks of what is made from the clean month: that each copy equals it, and that the mart adds up to it."""

from typing import Any

from dagster import AssetCheckResult, AssetChecksDefinition, AssetIn, asset_check

from taxi_assets.asset_keys import BQ_TABLE, CLEAN_TRIPS, DAILY_TRIPS, key_of
from taxi_assets.checks.common import on
from taxi_assets.destinations.warehouse_month import WarehouseMonth
from taxi_assets.model.datasets import Dataset
from taxi_assets.transform.checksums import Checksums
from taxi_assets.transform.daily import differences, totals_query


def equals_clean(dataset: Dataset, name: str) -> AssetChecksDefinition:
    clean = key_of(dataset, CLEAN_TRIPS)

    @asset_check(
        **on(dataset, name),
        name="equals_clean_trips",
        blocking=True,
        additional_ins={"clean": AssetIn(clean)},
        description="The same rows as in clean_trips: as many, and in each column as many nulls and the same checksum.",
    )
    def equals_clean_trips(copy: Checksums, clean: Checksums) -> AssetCheckResult:
        differences = clean.differences(copy)
        return AssetCheckResult(
            passed=not differences,
            description="; ".join(differences) if differences else f"All {clean.rows:,} rows agree in every column.",
            metadata={"rows": copy.rows},
        )

    return equals_clean_trips


def adds_up(dataset: Dataset) -> AssetChecksDefinition:
    @asset_check(
        **on(dataset, DAILY_TRIPS),
        blocking=True,
        additional_ins={"table": AssetIn(key_of(dataset, BQ_TABLE))},
        description="The days of the month add up exactly to its trips in bq_table, in number and in every sum.",
    )
    def adds_up_to_bq_table(
        table: WarehouseMonth,
        daily_trips: Any,  # noqa: ANN401 a pandas.DataFrame; to say so would import pandas with the definitions
    ) -> AssetCheckResult:
        found = differences(daily_trips, table.query(totals_query(dataset)))
        return AssetCheckResult(
            passed=not found,
            description="; ".join(found) if found else f"{int(daily_trips['trips'].sum()):,} trips by day.",
            metadata={"rows": len(daily_trips)},
        )

    return adds_up_to_bq_table
