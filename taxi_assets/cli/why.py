"""Why the last run of a month failed, in a line a step: what Dagster prints of it is long."""

from __future__ import annotations

import os
import time
from pathlib import Path

from dagster import DagsterEventType, DagsterInstance, DagsterRun, DagsterRunStatus, RunsFilter

from taxi_assets.asset_keys import job_name
from taxi_assets.automation.month_tag import PARTITION_TAG
from taxi_assets.automation.run_failure_sensor import cause_of
from taxi_assets.model.datasets import Dataset
from taxi_assets.model.months import Month

RECENT_SECONDS = 60.0
NO_REASON = "The run could not start, or was stopped; what Dagster printed above says why."


def reasons(dataset: Dataset, month: Month) -> list[str]:
    """Why each failed step of the month's last run failed, in the order of the steps, or NO_REASON alone.

    Asks the history of DAGSTER_HOME, or of the working directory.
    """
    filters = RunsFilter(
        job_name=job_name(dataset), tags={PARTITION_TAG: month.key}, statuses=[DagsterRunStatus.FAILURE]
    )
    with DagsterInstance.from_config(os.environ.get("DAGSTER_HOME") or str(Path.cwd())) as instance:
        last = instance.get_run_records(filters, limit=1)
        # A run that failed earlier is none of this one's: this one was not even created.
        failed = [each.dagster_run for each in last if (each.end_time or 0) > time.time() - RECENT_SECONDS]
        return [reason for run in failed for reason in _step_failures(instance, run)] or [NO_REASON]


def _step_failures(instance: DagsterInstance, run: DagsterRun) -> list[str]:
    records = instance.get_records_for_run(run.run_id, of_type=DagsterEventType.STEP_FAILURE).records
    events = [record.event_log_entry.get_dagster_event() for record in records]
    return [" ".join(cause_of(event)).strip() for event in events]
