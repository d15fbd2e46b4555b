"""daily_trips: the trips of a month by day, pickup borough and payment type."""

from dataclasses import replace
from typing import Any

from dagster import AssetExecutionContext, AssetsDefinition, Output, ResourceParam, asset

from taxi_assets.asset_keys import BQ_TABLE, TAXI_ZONES
from taxi_assets.assets.common import StorageKinds, common, last_materialization, warn_of_try_out
from taxi_assets.assets.conditions import when_changed
from taxi_assets.destinations.warehouse_month import WarehouseMonth
from taxi_assets.failures import failures_named, title_of
from taxi_assets.io_managers.zones import ZoneTables
from taxi_assets.metadata.columns import column_metadata
from taxi_assets.metadata.contents import trips_metadata
from taxi_assets.metadata.days import days_metadata
from taxi_assets.metadata.lineage import of_daily
from taxi_assets.metadata.recorded import LoadedTrips
from taxi_assets.model.datasets import Dataset
from taxi_assets.progress import report_progress
from taxi_assets.resources.publisher import TripPublisher
from taxi_assets.transform.daily import COLUMNS, as_table, daily_query


def daily_trips(dataset: Dataset, storage: StorageKinds) -> AssetsDefinition:
    @asset(
        **common(dataset, "mart"),
        deps=[TAXI_ZONES],
        automation_condition=when_changed(dataset, BQ_TABLE, lookup=TAXI_ZONES),
        io_manager_key="daily_tables",
        kinds={storage.warehouse, "pandas"},
        # Dagster's IO managers name the table by the last part of the asset's key, so all datasets share daily_trips.
        # This expression selects the rows of one dataset's month; as a DATETIME, which they compare with midnights.
        metadata={
            **column_metadata(COLUMNS),
            "partition_expr": f"CASE WHEN dataset = '{dataset.name}' THEN CAST(trip_month AS DATETIME) END",
        },
        description=f"{dataset.title} trips of the month by day, pickup borough and payment type: how many, and the "
        "sums of passengers, miles and amounts, in the warehouse's table daily_trips. An example of an asset that is "
        "made from bq_table, stored by Dagster's own pandas IO managers.",
    )
    # Output[Any] holds a pandas.DataFrame; to say so would import pandas with the definitions.
    def daily_trips(
        context: AssetExecutionContext,
        bq_table: WarehouseMonth,
        publisher: TripPublisher,
        zone_tables: ResourceParam[ZoneTables],
    ) -> Output[Any]:
        with failures_named(context), report_progress(context.log.info, title_of(context)):
            days = zone_tables.with_zones_loaded(publisher.zones, lambda: bq_table.query(daily_query(dataset)))
            table = as_table(days)
        trips = LoadedTrips.from_materialization(last_materialization(context, BQ_TABLE))
        warn_of_try_out(context, trips.first_rows)
        # The rows of this asset are days: the IO manager counts them.
        return Output(
            table,
            metadata={**trips_metadata(replace(trips, rows=None)), **days_metadata(table), **of_daily(dataset)},
        )

    return daily_trips
