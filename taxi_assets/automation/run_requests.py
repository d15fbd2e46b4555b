"""What sensors and schedules share: checking months, and requesting the runs that they call for."""

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
    """The status of the months, by the publisher's files and by what Dagster has recorded."""
    source = publisher.brief()
    return check_months(months, history.month_record, lambda month, known: source.probe(dataset, month, known))


def run_requests(dataset: Dataset, report: CheckReport) -> list[RunRequest]:
    """A run of all the dataset's assets for each month of the report that is to be loaded.

    The assets are named one by one, which tells `marts_sensor.py` from the start that the run makes the marts too.
    """
    return [
        RunRequest(
            asset_selection=[*keys_of(dataset), TAXI_ZONES],
            partition_key=each.month.key,
            run_key=f"{dataset.name}:{each.run_key}",
            tags={
                DATASET_TAG: dataset.name,
                FILE_TAG: each.file.identity if each.file else "",
                WHY_TAG: each.status.value,
            },
        )
        for each in report.to_load
    ]
