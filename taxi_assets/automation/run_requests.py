"""What sensors and schedules share: a look at months, and the runs that it calls for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from dagster import AssetKey, RunRequest

from taxi_assets.assets import keys_of
from taxi_assets.automation.month_status import Look, look
from taxi_assets.automation.run_history import DATASET_TAG, FILE_TAG, LoadHistory
from taxi_assets.model.datasets import Dataset
from taxi_assets.model.months import Month
from taxi_assets.model.zones import TABLE
from taxi_assets.partitions import months_of
from taxi_assets.resources.publisher import TripPublisher

WHY_TAG = "taxi/why"


def months_until(dataset: Dataset, now: datetime | None = None) -> list[Month]:
    """The dataset's months that can have been published, oldest first."""
    return [Month.parse(key) for key in months_of(dataset).get_partition_keys(current_time=now)]


def look_at(months: Sequence[Month], dataset: Dataset, publisher: TripPublisher, history: LoadHistory) -> Look:
    """What the publisher has of the months, and what is to be made of it."""
    source = publisher.brief()
    return look(months, history.record, lambda month, known: source.sight(dataset, month, known))


def run_requests(dataset: Dataset, seen: Look) -> list[RunRequest]:
    """A run of all assets for each month that is wanted, and for no other.

    All of them are named, for that tells `marts_sensor.py` from the start that the run makes the marts too.
    """
    return [
        RunRequest(
            asset_selection=[*keys_of(dataset), AssetKey(TABLE)],
            partition_key=finding.month.key,
            run_key=f"{dataset.name}:{finding.run_key}",
            tags={
                DATASET_TAG: dataset.name,
                FILE_TAG: finding.seen.identity if finding.seen else "",
                WHY_TAG: finding.news.value,
            },
        )
        for finding in seen.wanted
    ]
