"""raw_trips: the month's file as published, byte for byte."""

import time

from dagster import AssetExecutionContext, AssetsDefinition, Config, DataVersion, Output, ResourceParam, asset
from pydantic import Field

from taxi_assets.assets.common import common
from taxi_assets.destinations.lake.folder import Lake
from taxi_assets.failures import failures_named, title_of
from taxi_assets.metadata.columns import published_columns
from taxi_assets.metadata.publication import download_metadata, publication_metadata
from taxi_assets.model.datasets import Dataset
from taxi_assets.model.publication import Publication
from taxi_assets.partitions import month_of
from taxi_assets.progress import report_progress
from taxi_assets.resources.publisher import TripPublisher


class FetchConfig(Config):
    """Run config of raw_trips: whether to download the file in any case, and where made-up trips may go."""

    force: bool = Field(
        default=False, description="Download the file again, even if the publisher says that it has not changed."
    )
    allow_sample: bool = Field(
        default=False,
        description="Allow made-up trips (publisher sample) to replace a month of another publisher, and to go to your "
        "own server, bucket or BigQuery dataset.",
    )


def raw_trips(dataset: Dataset) -> AssetsDefinition:
    @asset(
        **common(dataset, "raw"),
        io_manager_key="raw_files",
        kinds={"file"},
        metadata=published_columns(dataset),
        description=f"The month's file of {dataset.title.lower()} trips as published, byte for byte. A file that has "
        "not changed is not downloaded again; its data version is the SHA-256 of its bytes. The columns shown are "
        "those of the newest files; clean_trips brings them and those of older files into one schema.",
    )
    def raw_trips(
        context: AssetExecutionContext, config: FetchConfig, publisher: TripPublisher, lake: ResourceParam[Lake]
    ) -> Output[Publication]:
        month = month_of(context)
        context.log.info(f"{dataset.name} {month} from publisher {publisher.title}")
        known = lake.publication(dataset, month)
        started = time.monotonic()
        with failures_named(context), report_progress(context.log.info, title_of(context)):
            publication = publisher.fetch(dataset, month, lake, force=config.force, allow_sample=config.allow_sample)
        seconds = time.monotonic() - started
        fetched = publication != known
        unchanged = known is not None and publication.sha256 == known.sha256
        context.log.info(f"{publication.url}: {publication.size:,} bytes{', unchanged' if unchanged else ''}")
        # Tells a republished file from the same file fetched again. The parameter of Output for this is beta.
        context.set_data_version(context.asset_key, DataVersion(publication.sha256))
        return Output(
            publication,
            metadata={
                **publication_metadata(publication, unchanged=unchanged),
                **download_metadata(publication.size if fetched else 0, seconds),
            },
        )

    return raw_trips
