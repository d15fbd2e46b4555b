"""What the assets of a dataset have in common."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypedDict

from dagster import (
    AssetExecutionContext,
    AssetMaterialization,
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
"""How far an asset is from the published file; the value of its tag `layer`."""


@dataclass(frozen=True)
class StorageKinds:
    """The kinds by which the UI shows what the warehouse and the bucket are in this environment."""

    warehouse: Literal["bigquery", "duckdb"]
    bucket: Literal["gcs"] | None = None
    """None where a folder takes the bucket's place."""


class Common(TypedDict):
    """The arguments of @asset that all assets of a dataset share."""

    key_prefix: str
    group_name: str
    partitions_def: PartitionsDefinition[str]
    owners: Sequence[str]
    tags: Mapping[str, str]
    retry_policy: RetryPolicy
    code_version: str


def common(dataset: Dataset, layer: Layer) -> Common:
    """The arguments of @asset for an asset of the dataset: key prefix, group, months, owner, tags and retries."""
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
    """The tags by which people find assets in the catalog. All are public: TLC publishes the trips for everybody."""
    common_tags = {"domain": "taxi-trips", "layer": layer, "sensitivity": "public"}
    return {**common_tags, "dataset": dataset.name} if dataset else common_tags


def pass_through(context: AssetExecutionContext, upstream: str, files: MonthFiles) -> Output[MonthFiles]:
    """The month as the asset `upstream` has it, which the IO manager then copies to its own place."""
    context.log.info(f"{dataset_of(context).name} {month_of(context)} is from {origin(files.clean.facts)}")
    warn_of_try_out(context, first_rows_of(files.clean.facts))
    return Output(files, metadata=copy_metadata(dataset_of(context), upstream, files.clean))


def last_materialization(context: AssetExecutionContext, upstream: str) -> AssetMaterialization | None:
    """The last materialization of the run's month in the asset `upstream`; None if none is recorded."""
    of_month = AssetRecordsFilter(
        asset_key=key_of(dataset_of(context), upstream), asset_partitions=[context.partition_key]
    )
    records = context.instance.fetch_materializations(of_month, limit=1).records
    return records[0].asset_materialization if records else None


def warn_of_try_out(context: AssetExecutionContext, first_rows: int | None) -> None:
    """Warns in the run's log if only the first rows of the month are loaded."""
    if first_rows is not None:
        context.log.warning(describe(first_rows))
