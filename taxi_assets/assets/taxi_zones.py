"""taxi_zones: the lookup of TLC's taxi zones, shared by all datasets."""

from dagster import AssetExecutionContext, AssetsDefinition, Config, DataVersion, Output, ResourceParam, asset
from pydantic import Field

from taxi_assets.assets.common import OWNER, StorageKinds, tags
from taxi_assets.failures import RETRIES, failures_named, title_of
from taxi_assets.io_managers.zones import ZoneTables
from taxi_assets.metadata.columns import column_metadata
from taxi_assets.metadata.zones import zones_metadata
from taxi_assets.model.made_up import is_allowed
from taxi_assets.model.zones import COLUMNS, TABLE, ZoneLookup
from taxi_assets.progress import report_progress
from taxi_assets.resources.publisher import TripPublisher


class ZonesConfig(Config):
    """Run config of taxi_zones: whether published names may be replaced by made-up ones."""

    allow_sample: bool = Field(
        default=False, description="Allow made-up names (publisher sample) to replace published ones."
    )


def taxi_zones(storage: StorageKinds) -> AssetsDefinition:
    @asset(
        name=TABLE,
        group_name="zones",
        owners=[OWNER],
        tags=tags("reference"),
        retry_policy=RETRIES,
        code_version="1",
        io_manager_key="zone_tables",
        kinds={"postgres", storage.warehouse},
        metadata=column_metadata(COLUMNS),
        description="Boroughs and names of TLC's taxi zones, as published: the table taxi_zones in Postgres and in "
        "the warehouse. It has no months; each run of a dataset's job brings it up to date.",
    )
    def taxi_zones(
        context: AssetExecutionContext,
        config: ZonesConfig,
        publisher: TripPublisher,
        zone_tables: ResourceParam[ZoneTables],
    ) -> Output[ZoneLookup]:
        context.log.info(f"{TABLE} from publisher {publisher.title}")
        with failures_named(context), report_progress(context.log.info, title_of(context)):
            found = publisher.zones(allow_sample=is_allowed(context.run.run_config))
            lookup = found if config.allow_sample else zone_tables.best(found)
        why = "Publisher sample makes up its zones" if found.made_up else "The publisher has no zone lookup"
        if lookup is not found:
            context.log.warning(f"{why}: the zones in the tables are kept.")
        elif not found.url:
            context.log.warning(f"{why}: zones have only numbers, no names.")
        context.set_data_version(context.asset_key, DataVersion(lookup.version))
        return Output(
            lookup,
            metadata={**zones_metadata(lookup), "publisher": publisher.title, "kept": lookup is not found},
        )

    return taxi_zones
