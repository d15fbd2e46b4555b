"""trips_with_zones: views of the dataset's tables with the names of the zones."""

from dagster import AssetExecutionContext, AssetsDefinition, MaterializeResult, ResourceParam, asset

from taxi_assets.asset_keys import BQ_TABLE, POSTGRES_TABLE, TAXI_ZONES, key_of
from taxi_assets.assets.common import common, last_metadata, warn_of_try_out
from taxi_assets.assets.conditions import when_changed
from taxi_assets.failures import failures_named
from taxi_assets.io_managers.zones import ZoneTables
from taxi_assets.metadata.columns import column_metadata
from taxi_assets.metadata.contents import try_out_metadata
from taxi_assets.metadata.lineage import of_views
from taxi_assets.metadata.numbers import ROW_COUNT
from taxi_assets.model.datasets import Dataset
from taxi_assets.model.origin import PUBLISHER
from taxi_assets.model.zones import ZONE_NAMES
from taxi_assets.resources.publisher import TripPublisher
from taxi_assets.transform.first_rows import first_rows_of


def trips_with_zones(dataset: Dataset) -> AssetsDefinition:
    @asset(
        **common(dataset, "mart"),
        deps=[TAXI_ZONES, key_of(dataset, BQ_TABLE), key_of(dataset, POSTGRES_TABLE)],
        automation_condition=when_changed(dataset, BQ_TABLE, POSTGRES_TABLE),
        kinds={"postgres", "bigquery"},
        metadata=column_metadata([*ZONE_NAMES, *dataset.columns]),
        description=f"The month through the view {dataset.table}_with_zones, in Postgres and in the warehouse: each "
        "trip with the boroughs and names of its zones. A month that brought a new column brings it to the views.",
    )
    def trips_with_zones(
        context: AssetExecutionContext,
        publisher: TripPublisher,
        zone_tables: ResourceParam[ZoneTables],
    ) -> MaterializeResult[None]:
        with failures_named(context):
            views = zone_tables.with_zones_loaded(publisher.zones, lambda: zone_tables.join(dataset))
        context.log.info(" and ".join(views))
        trips = last_metadata(context, POSTGRES_TABLE)
        warn_of_try_out(context, first_rows_of(trips))
        return MaterializeResult(
            metadata={
                "views": ", ".join(views),
                **{key: trips[key] for key in (PUBLISHER, ROW_COUNT) if key in trips},
                **try_out_metadata(first_rows_of(trips)),
                **of_views(dataset),
            }
        )

    return trips_with_zones
