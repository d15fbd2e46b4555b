"""One job per dataset: a month, from publisher to tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dagster import AssetSelection, define_asset_job

from taxi_assets.model.datasets import Dataset
from taxi_assets.model.zones import TABLE

if TYPE_CHECKING:
    # Dagster does not export the type that define_asset_job returns.
    from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

PUBLISHER_TAG = "taxi/publisher"


def job_name(dataset: Dataset) -> str:
    return f"{dataset.name}_trips"


def trips_job(dataset: Dataset, publisher: str) -> UnresolvedAssetJobDefinition:
    """`yellow_trips`, `green_trips`, …: all assets of the dataset for the month of the run's partition key.

    The zone lookup, which has no months, comes along: it is small, and the first run finds it made. Runs are tagged
    with the publisher.
    """
    return define_asset_job(
        job_name(dataset),
        selection=AssetSelection.groups(dataset.name) | AssetSelection.assets(TABLE),
        description=f"A month of {dataset.title.lower()} trips: published file, bucket, warehouse, Postgres.",
        run_tags={PUBLISHER_TAG: publisher},
    )
