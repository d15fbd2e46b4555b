"""What every asset of a dataset has in common."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict

from dagster import Backoff, Jitter, PartitionsDefinition, RetryPolicy

from taxi_assets.datasets import Dataset
from taxi_assets.partitions import months_of

OWNER = "team:taxi-data"
RETRIES = RetryPolicy(max_retries=2, delay=5, backoff=Backoff.EXPONENTIAL, jitter=Jitter.PLUS_MINUS)


class Common(TypedDict):
    """The arguments of @asset that all have in common."""

    key_prefix: str
    group_name: str
    partitions_def: PartitionsDefinition[str]
    owners: Sequence[str]
    retry_policy: RetryPolicy
    code_version: str


def common(dataset: Dataset) -> Common:
    """Key, group, months, owner, and retries of what may pass (errors say themselves when a retry will not help)."""
    return {
        "key_prefix": dataset.name,
        "group_name": dataset.name,
        "partitions_def": months_of(dataset),
        "owners": [OWNER],
        "retry_policy": RETRIES,
        "code_version": "1",
    }
