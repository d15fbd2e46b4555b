"""daily_trips: the month by day, pickup borough and payment."""

from typing import Any

from dagster import AssetExecutionContext, AssetsDefinition, Output, ResourceParam, asset

from taxi_assets.asset_keys import BQ_TABLE, TAXI_ZONES
from taxi_assets.assets.common import common, last_metadata, warn_of_try_out
from taxi_assets.assets.conditions import when_changed
from taxi_assets.destinations.warehouse_month import WarehouseMonth
from taxi_assets.failures import failures_named
from taxi_assets.io_managers.zones import ZoneTables
from taxi_assets.metadata.columns import column_metadata
from taxi_assets.metadata.contents import try_out_metadata
from taxi_assets.metadata.days import days_metadata
from taxi_assets.metadata.lineage import of_daily
from taxi_assets.model.datasets import Dataset
from taxi_assets.model.origin import PUBLISHER
from taxi_assets.resources.publisher import TripPublisher
from taxi_assets.transform.daily import COLUMNS, as_table, daily_query
from taxi_assets.transform.first_rows import first_rows_of


def daily_trips(dataset: Dataset) -> AssetsDefinition:
    @asset(
        **common(dataset, "mart"),
        deps=[TAXI_ZONES],
        automation_condition=when_changed(dataset, BQ_TABLE, lookup=TAXI_ZONES),
        io_manager_key="daily_tables",
        kinds={"bigquery", "pandas"},
        # The stock IO managers name a table by the last part of the asset's key: all datasets share daily_trips, and
        # a month of this one are its own rows. As a DATETIME, because they compare it with midnights.
        metadata={
            **column_metadata(COLUMNS),
            "partition_expr": f"CASE WHEN dataset = '{dataset.name}' THEN CAST(trip_month AS DATETIME) END",
        },
        description=f"{dataset.title} trips of the month by day, pickup borough and payment: how many, and the sums of "
        "passengers, miles and amounts. In the warehouse's table daily_trips, by Dagster's own pandas IO managers: an "
        "example of what may come after bq_table.",
    )
    # Any is a pandas.DataFrame; pandas is not imported to say so.
    def daily_trips(
        context: AssetExecutionContext,
        bq_table: WarehouseMonth,
        publisher: TripPublisher,
        zone_tables: ResourceParam[ZoneTables],
    ) -> Output[Any]:
        with failures_named(context):
            days = zone_tables.with_zones_loaded(publisher.zones, lambda: bq_table.query(daily_query(dataset)))
            table = as_table(days)
        trips = last_metadata(context, BQ_TABLE)
        first_rows = first_rows_of(trips)
        warn_of_try_out(context, first_rows)
        return Output(
            table,
            metadata={
                **{key: trips[key] for key in (PUBLISHER,) if key in trips},
                **days_metadata(table),
                **try_out_metadata(first_rows),
                **of_daily(dataset),
            },
        )

    return daily_trips
