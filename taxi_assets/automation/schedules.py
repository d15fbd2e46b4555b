"""Two schedules per dataset for those who want a clock: monthly, late enough for TLC to have published, and hourly."""

from typing import TYPE_CHECKING

from dagster import (
    DefaultScheduleStatus,
    RunRequest,
    ScheduleDefinition,
    ScheduleEvaluationContext,
    SkipReason,
    schedule,
)

from taxi_assets.automation.history_cursor import RECENT_MONTHS, months_to_check
from taxi_assets.automation.jobs import job_name
from taxi_assets.automation.run_history import RunHistory
from taxi_assets.automation.run_requests import check_publisher, run_requests
from taxi_assets.model.datasets import Dataset
from taxi_assets.partitions import months_until
from taxi_assets.resources.publisher import TripPublisher

if TYPE_CHECKING:
    # Dagster does not export the type that define_asset_job returns.
    pass

MONTHLY = "0 6 25 * *"
"""The newest partition on the 25th ended 52 to 55 days before; TLC's median lag is 51 days (47 to 105)."""
HOURLY = "0 * * * *"


def monthly_schedule(dataset: Dataset) -> ScheduleDefinition:
    """Looks for the newest month once a month."""
    return _schedule(dataset, "monthly", MONTHLY, "On the 25th at 06:00 UTC")


def hourly_schedule(dataset: Dataset) -> ScheduleDefinition:
    """Looks for the newest month every hour, the clock of the Prefect tutorial."""
    return _schedule(dataset, "hourly", HOURLY, "Every hour")


def _schedule(dataset: Dataset, name: str, cron: str, when: str) -> ScheduleDefinition:
    @schedule(
        cron,
        name=f"{job_name(dataset)}_{name}",
        job_name=job_name(dataset),
        execution_timezone="UTC",
        default_status=DefaultScheduleStatus.STOPPED,
        description=f"{when}, the newest month, and months before it that were published late; skips, and says why, "
        "when there is nothing to load. The sensor sees replaced months too: turn on one of the three.",
    )
    def tick(context: ScheduleEvaluationContext, publisher: TripPublisher) -> list[RunRequest] | SkipReason:
        record = RunHistory(context.instance, dataset)
        recent = months_until(dataset, context.scheduled_execution_time)[-RECENT_MONTHS:]
        seen = check_publisher(months_to_check(recent, record.loaded(recent)), dataset, publisher, record)
        context.log.info(seen.summary())
        return run_requests(dataset, seen) or SkipReason(seen.summary())

    return tick


def freshness_schedule(dataset: Dataset) -> ScheduleDefinition:
    """Looks once a day; stopped until somebody turns it on."""
    return ScheduleDefinition(
        name=f"{dataset.name}_freshness_daily",
        job_name=f"{dataset.name}_freshness",
        cron_schedule="0 7 * * *",
        execution_timezone="UTC",
        default_status=DefaultScheduleStatus.STOPPED,
        description="Every day at 07:00 UTC, whether the newest published month is in the tables; warns if not.",
    )
