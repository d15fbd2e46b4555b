"""One monthly schedule per dataset, late enough for TLC to have published."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dagster import DefaultScheduleStatus, ScheduleDefinition, build_schedule_from_partitioned_job

if TYPE_CHECKING:
    # Dagster does not export the types of jobs and schedules over assets.
    from dagster._core.definitions.partitions.partitioned_schedule import (
        UnresolvedPartitionedAssetScheduleDefinition,
    )
    from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

DAY_OF_MONTH = 25
HOUR_OF_DAY = 6
"""The newest partition on the 25th is the month that ended 55 days before; TLC's median lag is 51 days (47 to 105)."""


def monthly_schedule(
    job: UnresolvedAssetJobDefinition,
) -> UnresolvedPartitionedAssetScheduleDefinition | ScheduleDefinition:
    """Runs the job once a month for the newest month; stopped until somebody turns it on."""
    return build_schedule_from_partitioned_job(
        job,
        name=f"{job.name}_monthly",
        description="On the 25th at 06:00 UTC, the newest month: published by then in most months of the past.",
        day_of_month=DAY_OF_MONTH,
        hour_of_day=HOUR_OF_DAY,
        default_status=DefaultScheduleStatus.STOPPED,
    )
