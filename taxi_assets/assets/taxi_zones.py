"""taxi_zones: the lookup of TLC's taxi zones, one for all datasets."""

from dagster import AssetExecutionContext, AssetsDefinition, Config, DataVersion, Output, ResourceParam, asset
from pydantic import Field

from taxi_assets.assets.common import OWNER, tags
from taxi_assets.failures import RETRIES, failures_named
from taxi_assets.io_managers.zones import ZoneTables
from taxi_assets.metadata.columns import column_metadata
from taxi_assets.metadata.zones import zones_metadata
from taxi_assets.model.made_up import is_allowed
from taxi_assets.model.zones import COLUMNS, TABLE, ZoneLookup
from taxi_assets.resources.publisher import TripPublisher


class Looking(Config):
    """Run config of taxi_zones: what becomes of the names that are there."""

    allow_sample: bool = Field(
        default=False, description="Let made-up names (publisher sample) replace names that were published."
    )


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
    def taxi_zones(
        context: AssetExecutionContext,
        config: Looking,
        publisher: TripPublisher,
        zone_tables: ResourceParam[ZoneTables],
    ) -> Output[ZoneLookup]:
        context.log.info(f"{TABLE} from publisher {publisher.title}")
        with failures_named(context):
            found = publisher.zones(allow_sample=is_allowed(context.run.run_config))
            lookup = found if config.allow_sample else zone_tables.best(found)
        why = "Publisher sample makes its zones up" if found.made_up else "The publisher has no zone lookup"
        if lookup is not found:
            context.log.warning(f"{why}: those that are in the tables stay.")
        elif not found.url:
            context.log.warning(f"{why}: zones have numbers here, and no names.")
        context.set_data_version(context.asset_key, DataVersion(lookup.version))
        return Output(
            lookup,
            metadata={**zones_metadata(lookup), "publisher": publisher.title, "kept": lookup is not found},
        )

    return taxi_zones
