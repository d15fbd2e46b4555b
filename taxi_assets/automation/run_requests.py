"""What sensors and schedules share: a look at months, and the runs that it calls for."""

from __future__ import annotations

from collections.abc import Sequence

from dagster import RunRequest

from taxi_assets.asset_keys import TAXI_ZONES, keys_of
from taxi_assets.automation.month_status import CheckReport, check_months
from taxi_assets.automation.run_history import DATASET_TAG, FILE_TAG, RunHistory
from taxi_assets.model.datasets import Dataset
from taxi_assets.model.months import Month
from taxi_assets.resources.publisher import TripPublisher

WHY_TAG = "taxi/why"


def check_publisher(
    months: Sequence[Month], dataset: Dataset, publisher: TripPublisher, history: RunHistory
) -> CheckReport:
    """What the publisher has of the months, and what is to be made of it."""
    source = publisher.brief()
    return check_months(months, history.record, lambda month, known: source.probe(dataset, month, known))


def run_requests(dataset: Dataset, seen: CheckReport) -> list[RunRequest]:
    """A run of all assets for each month that is wanted, and for no other.

    All of them are named, for that tells `marts_sensor.py` from the start that the run makes the marts too.
    """
    return [
        RunRequest(
            asset_selection=[*keys_of(dataset), TAXI_ZONES],
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
