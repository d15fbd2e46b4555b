"""taxi_zones: the lookup of TLC's taxi zones, one for all datasets."""

from dagster import AssetExecutionContext, AssetsDefinition, DataVersion, Output, asset

from taxi_assets.assets.common import OWNER, RETRIES, tags
from taxi_assets.io_managers.base import explained
from taxi_assets.metadata import column_metadata, zones_metadata
from taxi_assets.resources.lake import LakeFolder
from taxi_assets.resources.publisher import TripPublisher
from taxi_assets.zones import COLUMNS, TABLE, ZoneLookup


def taxi_zones() -> AssetsDefinition:
    @asset(
        name=TABLE,
        group_name="zones",
        owners=[OWNER],
        tags=tags("reference"),
        retry_policy=RETRIES,
        code_version="1",
        io_manager_key="zone_tables",
        kinds={"postgres", "bigquery"},
        metadata=column_metadata(COLUMNS),
        description="Borough and name of TLC's 265 taxi zones, as published: the table taxi_zones in Postgres and in "
        "the warehouse. It has no months; the job of every dataset brings it up to date.",
    )
    def taxi_zones(context: AssetExecutionContext, publisher: TripPublisher, lake: LakeFolder) -> Output[ZoneLookup]:
        with explained(context):
            lookup = publisher.zones(lake.lake)
        if not lookup.url:
            context.log.warning("The publisher has no zone lookup: zones have numbers here, and no names.")
        context.set_data_version(context.asset_key, DataVersion(lookup.sha256))
        return Output(lookup, metadata=zones_metadata(lookup))

    return taxi_zones
