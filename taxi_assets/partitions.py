"""A dataset's months as Dagster partitions, and the month a step works on."""

from __future__ import annotations

from datetime import datetime
from functools import cache

from dagster import (
    AssetCheckExecutionContext,
    AssetExecutionContext,
    Failure,
    InputContext,
    MonthlyPartitionsDefinition,
    OutputContext,
)

from taxi_assets.model.datasets import DATASETS, Dataset
from taxi_assets.model.months import Month

RECENT_MONTHS = 6
"""How many of the newest months a publisher is asked for. TLC published at most 105 days after a month's end: a
publisher that has none of these has ended, or moved.
"""


@cache
def months_of(dataset: Dataset) -> MonthlyPartitionsDefinition:
    """The dataset's months as partitions, from its first to the last that can have been published.

    TLC publishes 47 days after a month's end at the earliest, so the offset hides a month until the month after it has
    ended too.
    """
    return MonthlyPartitionsDefinition(start_date=dataset.first_month.first_day.isoformat(), end_offset=-1)


def month_of_run(context: AssetCheckExecutionContext) -> Month:
    """The month of the run that a check is part of, by its partition key."""
    return Month.parse(context.partition_key)


def dataset_of(context: AssetExecutionContext | OutputContext | InputContext) -> Dataset:
    """The dataset of the asset in this context, by the first part of its key."""
    return DATASETS[context.asset_key.path[0]]


def month_of(context: AssetExecutionContext | OutputContext | InputContext) -> Month:
    """The month of the run's partition key.

    Raises a Failure that is not retried if the run has no partition key, or one that is no month of the dataset:
    `dagster job execute` checks neither.
    """
    dataset = dataset_of(context)
    if not context.has_partition_key:
        raise Failure(
            f"{dataset.title} trips are loaded by month, and this run has none. Launch it with the tag "
            f"dagster/partition: dagster job execute -m taxi_assets.definitions -j {dataset.name}_trips "
            """--tags '{"dagster/partition": "2021-01-01"}'""",
            allow_retries=False,
        )
    months = months_of(dataset)
    if not months.has_partition_key(context.partition_key):
        raise Failure(
            f"{context.partition_key!r} is no month of {dataset.name}: its partition keys are the first days of months "
            f"from {months.get_first_partition_key()} to {months.get_last_partition_key()}.",
            allow_retries=False,
        )
    return Month.parse(context.partition_key)


def months_until(dataset: Dataset, now: datetime | None = None) -> list[Month]:
    """The dataset's months that can have been published by `now`, oldest first; by this moment if it is None."""
    return [Month.parse(key) for key in months_of(dataset).get_partition_keys(current_time=now)]
