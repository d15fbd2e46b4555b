"""A sensor per dataset that loads the months that the publisher has added or replaced."""

from dagster import (
    DefaultSensorStatus,
    SensorDefinition,
    SensorEvaluationContext,
    SensorResult,
    SkipReason,
    sensor,
)

from taxi_assets.asset_keys import job_name
from taxi_assets.automation.history_cursor import Cursor, next_loaded_months
from taxi_assets.automation.month_status import CheckReport
from taxi_assets.automation.run_history import RunHistory
from taxi_assets.automation.run_requests import check_publisher, run_requests
from taxi_assets.errors import TaxiError
from taxi_assets.model.datasets import Dataset
from taxi_assets.partitions import RECENT_MONTHS, months_until
from taxi_assets.resources.publisher import TripPublisher

HOUR = 3600
MAX_FAILED_TICKS = 3
"""So many ticks in a row that could not check any month are an error, so that people hear of it."""


def publications_sensor(dataset: Dataset, interval_seconds: int = HOUR) -> SensorDefinition:
    """`yellow_publications`, …: checks the newest months and a few old ones; stopped until somebody turns it on."""

    @sensor(
        name=f"{dataset.name}_publications",
        job_name=job_name(dataset),
        minimum_interval_seconds=interval_seconds,
        default_status=DefaultSensorStatus.STOPPED,
        description=f"Checks every hour the newest {RECENT_MONTHS} months of {dataset.title.lower()} trips and, in "
        "turn, a few of the older months that are loaded. Loads each month that is new or that the publisher has "
        "replaced, once.",
    )
    def publications(context: SensorEvaluationContext, publisher: TripPublisher) -> SensorResult:
        cursor = Cursor.parse(context.cursor)
        history = RunHistory(context.instance, dataset)
        months = months_until(dataset)
        recent, older = months[-RECENT_MONTHS:], months[:-RECENT_MONTHS]
        old = next_loaded_months(history.loaded(older), cursor.after)
        report = check_publisher([*reversed(recent), *old], dataset, publisher, history)
        cursor = cursor.advanced(report, old)
        context.log.info(report.summary())
        if report.to_load:
            return SensorResult(run_requests=run_requests(dataset, report), cursor=cursor.dump())
        return SensorResult(skip_reason=_skip_reason(dataset, report, cursor.failed_ticks), cursor=cursor.dump())

    return publications


def _skip_reason(dataset: Dataset, report: CheckReport, failed_ticks: int) -> SkipReason:
    """Why nothing is loaded. Raises TaxiError after too many failed ticks.

    A tick that raises cannot move the cursor: the count stays, and ticks fail until one can check a month again.
    """
    if failed_ticks >= MAX_FAILED_TICKS:
        raise TaxiError(
            f"{dataset.title} trips: {MAX_FAILED_TICKS} ticks in a row could not check any month. "
            f"{report.summary().rstrip('.')}.",
            "The ticks go on, and the first that can check a month ends this.",
        )
    warning = f"; failed tick {failed_ticks} in a row, from {MAX_FAILED_TICKS} on they are errors"
    return SkipReason(f"{report.summary()}{warning if failed_ticks else ''}")
