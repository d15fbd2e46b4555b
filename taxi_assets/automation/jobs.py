"""One job per dataset: a month, from publisher to tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dagster import (
    AssetCheckKey,
    AssetSelection,
    define_asset_job,
)

from taxi_assets.asset_keys import PUBLISHED_MONTHS, TAXI_ZONES, key_of
from taxi_assets.checks.freshness import CHECK
from taxi_assets.model.datasets import Dataset

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
        selection=AssetSelection.groups(dataset.name) | AssetSelection.assets(TAXI_ZONES),
        description=f"A month of {dataset.title.lower()} trips: published file, bucket, warehouse, Postgres.",
        run_tags={PUBLISHER_TAG: publisher},
    )


def freshness_job(dataset: Dataset) -> UnresolvedAssetJobDefinition:
    """`yellow_freshness`, …: the check alone."""
    return define_asset_job(
        f"{dataset.name}_freshness",
        selection=AssetSelection.checks(AssetCheckKey(key_of(dataset, PUBLISHED_MONTHS), CHECK)),
        description=f"Whether the newest published month of {dataset.title.lower()} trips is in the tables.",
    )
