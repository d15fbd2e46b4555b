"""published_months: the publisher's files, as an external asset; and how fresh the copies of them should be."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta

from dagster import (
    AssetsDefinition,
    AssetSpec,
    FreshnessPolicy,
    map_asset_specs,
)

from taxi_assets.asset_keys import BQ_TABLE, DAILY_TRIPS, GCS_PARQUET, POSTGRES_TABLE, PUBLISHED_MONTHS, key_of
from taxi_assets.assets.common import OWNER, tags
from taxi_assets.model.datasets import Dataset

DESTINATIONS = {GCS_PARQUET, BQ_TABLE, POSTGRES_TABLE, DAILY_TRIPS}
"""The assets that people read."""
POLICY = FreshnessPolicy.time_window(warn_window=timedelta(days=45), fail_window=timedelta(days=80))
"""TLC published a new month every 41 days as a rule, and after 75 days at most (months 2022-06 to 2024-05).

The policy is content with any month that was loaded lately, an old one too; that it is the newest published month is
what the check of published_months asks.
"""


def with_freshness_policy(assets: Iterable[AssetsDefinition]) -> Sequence[AssetsDefinition | AssetSpec]:
    """The assets, with the freshness policy on those that people read."""

    def with_policy(spec: AssetSpec) -> AssetSpec:
        return spec.replace_attributes(freshness_policy=POLICY) if spec.key.path[-1] in DESTINATIONS else spec

    return map_asset_specs(with_policy, assets)


def published_months(dataset: Dataset) -> AssetSpec:
    """The publisher's files as an external asset, for the freshness check to belong to.

    On an asset of our own the check would be part of each of its runs, and a backfill of 200 months would ask the
    publisher 200 times.
    """
    return AssetSpec(
        key_of(dataset, PUBLISHED_MONTHS),
        group_name="published",
        owners=[OWNER],
        tags=tags("raw", dataset),
        kinds={"file"},
        description=f"The months of {dataset.title.lower()} trips on the publisher's site. Not made here; the job "
        f"{dataset.name}_freshness checks whether the newest of them is in the tables.",
    )
