"""What the checks of a month have in common."""

from __future__ import annotations

from typing import TypedDict

from dagster import AssetKey, PartitionsDefinition

from taxi_assets.asset_keys import key_of
from taxi_assets.model.datasets import Dataset
from taxi_assets.partitions import months_of


class Common(TypedDict):
    """The arguments of @asset_check that all checks of a month share."""

    asset: AssetKey
    partitions_def: PartitionsDefinition[str]


def on(dataset: Dataset, name: str) -> Common:
    """The arguments of @asset_check for a check of each month of a dataset's asset."""
    return {"asset": key_of(dataset, name), "partitions_def": months_of(dataset)}
