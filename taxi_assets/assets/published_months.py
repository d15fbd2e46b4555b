"""published_months: the publisher's files, as an asset that others make; and how fresh its copies should be."""

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
"""From one publication to the next TLC let 41 days pass as a rule, and 75 at most (months 2022-06 to 2024-05).

The policy sees that something was loaded lately, be it an old month; the check of published_months asks which month is
the newest.
"""


def with_freshness_policy(assets: Iterable[AssetsDefinition]) -> Sequence[AssetsDefinition | AssetSpec]:
    """The assets, with the policy on the places that months go to."""

    def with_policy(spec: AssetSpec) -> AssetSpec:
        return spec.replace_attributes(freshness_policy=POLICY) if spec.key.path[-1] in DESTINATIONS else spec

    return map_asset_specs(with_policy, assets)


def published_months(dataset: Dataset) -> AssetSpec:
    """The publisher's files as an asset that others make: what the check is a check of.

    On one of ours it would be part of every run of that asset, and a backfill of 200 months ask 200 times.
    """
    return AssetSpec(
        key_of(dataset, PUBLISHED_MONTHS),
        group_name="published",
        owners=[OWNER],
        tags=tags("raw", dataset),
        kinds={"file"},
        description=f"The months of {dataset.title.lower()} trips that the publisher has. Not made here: its check, "
        f"run by {dataset.name}_freshness, asks for the newest and looks for it in the tables.",
    )
