"""trips_with_zones: views of the dataset's tables with the boroughs and names of the zones."""

from dagster import AssetExecutionContext, AssetsDefinition, MaterializeResult, ResourceParam, asset

from taxi_assets.asset_keys import BQ_TABLE, POSTGRES_TABLE, TAXI_ZONES, key_of
from taxi_assets.assets.common import StorageKinds, common, last_materialization, warn_of_try_out
from taxi_assets.assets.conditions import when_changed
from taxi_assets.failures import failures_named, title_of
from taxi_assets.io_managers.zones import ZoneTables
from taxi_assets.metadata.columns import column_metadata
from taxi_assets.metadata.contents import trips_metadata
from taxi_assets.metadata.lineage import of_views
from taxi_assets.metadata.recorded import LoadedTrips
from taxi_assets.model.datasets import Dataset
from taxi_assets.model.zones import ZONE_NAMES
from taxi_assets.progress import report_progress
from taxi_assets.resources.publisher import TripPublisher


def trips_with_zones(dataset: Dataset, storage: StorageKinds) -> AssetsDefinition:
    @asset(
        **common(dataset, "mart"),
        deps=[TAXI_ZONES, key_of(dataset, BQ_TABLE), key_of(dataset, POSTGRES_TABLE)],
        automation_condition=when_changed(dataset, BQ_TABLE, POSTGRES_TABLE),
        kinds={"postgres", storage.warehouse},
        metadata=column_metadata([*ZONE_NAMES, *dataset.columns]),
        description=f"The month in the view {dataset.table}_with_zones, in Postgres and in the warehouse: each trip "
        "with the boroughs and names of its zones. When a month brings a new column, the views get it too.",
    )
    def trips_with_zones(
        context: AssetExecutionContext,
        publisher: TripPublisher,
        zone_tables: ResourceParam[ZoneTables],
    ) -> MaterializeResult[None]:
        with failures_named(context), report_progress(context.log.info, title_of(context)):
            views = zone_tables.with_zones_loaded(publisher.zones, lambda: zone_tables.join(dataset))
        context.log.info(" and ".join(views))
        trips = LoadedTrips.from_materialization(last_materialization(context, POSTGRES_TABLE))
        warn_of_try_out(context, trips.first_rows)
        return MaterializeResult(metadata={"views": ", ".join(views), **trips_metadata(trips), **of_views(dataset)})

    return trips_with_zones
