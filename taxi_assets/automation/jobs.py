"""The jobs of a dataset: loading a month, from the publisher to the tables, and the freshness check."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dagster import (
    AssetCheckKey,
    AssetSelection,
    define_asset_job,
)

from taxi_assets.asset_keys import PUBLISHED_MONTHS, TAXI_ZONES, job_name, key_of
from taxi_assets.checks.freshness import CHECK
from taxi_assets.model.datasets import Dataset

if TYPE_CHECKING:
    # Dagster does not export the type that define_asset_job returns.
    from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

PUBLISHER_TAG = "taxi/publisher"


def freshness_job_name(dataset: Dataset) -> str:
    """The name of the job that runs the dataset's freshness check."""
    return f"{dataset.name}_freshness"


def trips_job(dataset: Dataset, publisher: str) -> UnresolvedAssetJobDefinition:
    """`yellow_trips`, `green_trips`, …: all assets of the dataset, for the month of the run's partition key.

    It makes the zone lookup too, which has no months: it is small, and so the first run needs no other before it. Runs
    are tagged with the publisher.
    """
    return define_asset_job(
        job_name(dataset),
        selection=AssetSelection.groups(dataset.name) | AssetSelection.assets(TAXI_ZONES),
        description=f"Loads a month of {dataset.title.lower()} trips: from the published file through the bucket into "
        "the warehouse and Postgres.",
        run_tags={PUBLISHER_TAG: publisher},
    )


def freshness_job(dataset: Dataset) -> UnresolvedAssetJobDefinition:
    """`yellow_freshness`, …: the freshness check alone."""
    return define_asset_job(
        freshness_job_name(dataset),
        selection=AssetSelection.checks(AssetCheckKey(key_of(dataset, PUBLISHED_MONTHS), CHECK)),
        description=f"Checks whether the newest published month of {dataset.title.lower()} trips is in the tables.",
    )
