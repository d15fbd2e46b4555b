"""What assets of a dataset have in common."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypedDict

from dagster import (
    AssetExecutionContext,
    AssetRecordsFilter,
    Output,
    PartitionsDefinition,
    RetryPolicy,
)

from taxi_assets.asset_keys import key_of
from taxi_assets.failures import RETRIES
from taxi_assets.metadata.contents import copy_metadata
from taxi_assets.model.datasets import Dataset
from taxi_assets.model.origin import origin
from taxi_assets.partitions import dataset_of, month_of, months_of
from taxi_assets.transform.first_rows import describe, first_rows_of
from taxi_assets.transform.month_file import MonthFiles

OWNER = "team:taxi-data"
Layer = Literal["raw", "clean", "table", "mart", "reference"]
"""How far from the published file."""


class Common(TypedDict):
    """The arguments of @asset that all have in common."""

    key_prefix: str
    group_name: str
    partitions_def: PartitionsDefinition[str]
    owners: Sequence[str]
    tags: Mapping[str, str]
    retry_policy: RetryPolicy
    code_version: str


def common(dataset: Dataset, layer: Layer) -> Common:
    """Key, group, months, owner, tags, and retries of what may pass (errors say themselves when a retry will not
    help).
    """
    return {
        "key_prefix": dataset.name,
        "group_name": dataset.name,
        "partitions_def": months_of(dataset),
        "owners": [OWNER],
        "tags": tags(layer, dataset),
        "retry_policy": RETRIES,
        "code_version": "1",
    }


def tags(layer: Layer, dataset: Dataset | None = None) -> Mapping[str, str]:
    """By these assets are found in the catalog. TLC publishes for everybody: none holds more than the public has."""
    common_tags = {"domain": "taxi-trips", "layer": layer, "sensitivity": "public"}
    return {**common_tags, "dataset": dataset.name} if dataset else common_tags


def pass_through(context: AssetExecutionContext, upstream: str, files: MonthFiles) -> Output[MonthFiles]:
    """The month as it came from the asset `upstream`, for the IO manager to make a copy of."""
    context.log.info(f"{dataset_of(context).name} {month_of(context)} is from {origin(files.clean.facts)}")
    warn_of_try_out(context, first_rows_of(files.clean.facts))
    return Output(files, metadata=copy_metadata(dataset_of(context), upstream, files.clean))


def last_metadata(context: AssetExecutionContext, upstream: str) -> dict[str, Any]:
    """The metadata of the month in the asset `upstream`, as it was made last; nothing if it was not recorded."""
    wanted = AssetRecordsFilter(
        asset_key=key_of(dataset_of(context), upstream), asset_partitions=[context.partition_key]
    )
    for record in context.instance.fetch_materializations(wanted, limit=1).records:
        if record.asset_materialization:
            return {key: value.value for key, value in record.asset_materialization.metadata.items()}
    return {}


def warn_of_try_out(context: AssetExecutionContext, first_rows: int | None) -> None:
    """Says in the run's log that this is not the month."""
    if first_rows is not None:
        context.log.warning(describe(first_rows))
