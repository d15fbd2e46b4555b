"""raw_trips: the month's file as published, bytes unchanged."""

import warnings

from dagster import AssetExecutionContext, AssetsDefinition, BetaWarning, DataVersion, Output, asset

from taxi_assets.assets.common import common
from taxi_assets.datasets import Dataset
from taxi_assets.io_managers.base import explained
from taxi_assets.metadata import publication_metadata
from taxi_assets.partitions import month_of
from taxi_assets.resources.lake import LakeFolder
from taxi_assets.resources.publisher import TripPublisher
from taxi_assets.stores.lake import Publication

# Data versions are what tells a republished file from the same file again; that Dagster calls them beta is known.
warnings.filterwarnings("ignore", "Parameter `data_version`", BetaWarning)


def raw_trips(dataset: Dataset) -> AssetsDefinition:
    @asset(
        **common(dataset),
        io_manager_key="raw_files",
        kinds={"file"},
        description=f"The month's file of {dataset.title.lower()} trips as published. A file that has not changed is "
        "not fetched again; its data version is the SHA-256 of its bytes.",
    )
    def raw_trips(context: AssetExecutionContext, publisher: TripPublisher, lake: LakeFolder) -> Output[Publication]:
        month = month_of(context)
        with explained(context):
            known = lake.lake.publication(dataset, month)
            publication = publisher.fetch(dataset, month, lake.lake)
        unchanged = publication == known
        context.log.info(f"{publication.url}: {publication.size:,} bytes{', unchanged' if unchanged else ''}")
        return Output(
            publication,
            data_version=DataVersion(publication.sha256),
            metadata=publication_metadata(publication, unchanged=unchanged),
        )

    return raw_trips
