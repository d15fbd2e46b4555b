"""The schedules of a dataset: monthly, late enough for TLC to have published; hourly; and the daily freshness check."""

from dagster import (
    DefaultScheduleStatus,
    RunRequest,
    ScheduleDefinition,
    ScheduleEvaluationContext,
    SkipReason,
    schedule,
)

from taxi_assets.asset_keys import job_name
from taxi_assets.automation.history_cursor import months_to_check
from taxi_assets.automation.jobs import freshness_job_name
from taxi_assets.automation.run_history import RunHistory
from taxi_assets.automation.run_requests import check_publisher, run_requests
from taxi_assets.model.datasets import Dataset
from taxi_assets.partitions import RECENT_MONTHS, months_until
from taxi_assets.resources.publisher import TripPublisher

MONTHLY = "0 6 25 * *"
"""On the 25th the newest partition ended 52 to 55 days ago; TLC publishes after a median of 51 days (47 to 105)."""
HOURLY = "0 * * * *"


def monthly_schedule(dataset: Dataset) -> ScheduleDefinition:
    """`yellow_trips_monthly`, …: loads the newest month, once a month."""
    return _schedule(dataset, "monthly", MONTHLY, "On the 25th at 06:00 UTC")


def hourly_schedule(dataset: Dataset) -> ScheduleDefinition:
    """`yellow_trips_hourly`, …: loads the newest month within an hour of its publication."""
    return _schedule(dataset, "hourly", HOURLY, "Every hour")


def _schedule(dataset: Dataset, name: str, cron: str, when: str) -> ScheduleDefinition:
    @schedule(
        cron,
        name=f"{job_name(dataset)}_{name}",
        job_name=job_name(dataset),
        execution_timezone="UTC",
        default_status=DefaultScheduleStatus.STOPPED,
        description=f"{when}, loads the newest month, and earlier ones that were published late. Skips if there is "
        "nothing to load, and says why. The publication sensor also loads replaced months: turn on only one of the "
        "three.",
    )
    def tick(context: ScheduleEvaluationContext, publisher: TripPublisher) -> list[RunRequest] | SkipReason:
        history = RunHistory(context.instance, dataset)
        recent = months_until(dataset, context.scheduled_execution_time)[-RECENT_MONTHS:]
        report = check_publisher(months_to_check(recent, history.loaded(recent)), dataset, publisher, history)
        context.log.info(report.summary())
        return run_requests(dataset, report) or SkipReason(report.summary())

    return tick


def freshness_schedule(dataset: Dataset) -> ScheduleDefinition:
    """`yellow_freshness_daily`, …: runs the freshness check once a day; stopped until somebody turns it on."""
    return ScheduleDefinition(
        name=f"{freshness_job_name(dataset)}_daily",
        job_name=freshness_job_name(dataset),
        cron_schedule="0 7 * * *",
        execution_timezone="UTC",
        default_status=DefaultScheduleStatus.STOPPED,
        description="Every day at 07:00 UTC, checks whether the newest published month is in the tables, and warns if "
        "it is not.",
    )
