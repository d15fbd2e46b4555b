"""Why the last run of a month failed, in a line: what Dagster prints of it is long.

python -m taxi_assets.cli.why yellow 2021-01
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from dagster import DagsterEventType, DagsterInstance, DagsterRun, DagsterRunStatus, RunsFilter

from taxi_assets.automation.jobs import job_name
from taxi_assets.automation.run_failure_sensor import cause_of
from taxi_assets.automation.run_history import PARTITION_TAG
from taxi_assets.model.datasets import DATASETS
from taxi_assets.model.months import Month
from taxi_assets.settings import Settings, SettingsError, load_env_file

JUST_NOW_SECONDS = 60.0
SPEECHLESS = "The run could not start, or was stopped; what Dagster printed above says why."


def reasons(instance: DagsterInstance, run: DagsterRun) -> list[str]:
    """What the steps of a run that failed say, in their order."""
    records = instance.get_records_for_run(run.run_id, of_type=DagsterEventType.STEP_FAILURE).records
    events = [record.event_log_entry.get_dagster_event() for record in records]
    return [" ".join(cause_of(event)).strip() for event in events]


def main(arguments: Sequence[str] | None = None) -> None:
    """Prints why the last run of the month failed, each failed step in a line."""
    parser = argparse.ArgumentParser("python -m taxi_assets.cli.why", description=__doc__)
    parser.add_argument("dataset", choices=sorted(DATASETS))
    parser.add_argument("month", type=Month.parse, help="for example 2021-01")
    given = parser.parse_args(arguments)
    load_env_file()
    folder = os.environ.get("DAGSTER_HOME") or str(Path.cwd())
    filters = RunsFilter(
        job_name=job_name(DATASETS[given.dataset]),
        tags={PARTITION_TAG: given.month.key},
        statuses=[DagsterRunStatus.FAILURE],
    )
    try:
        Settings.from_env()
    except SettingsError as error:
        sys.exit(str(error))
    with DagsterInstance.from_config(folder) as instance:
        last = instance.get_run_records(filters, limit=1)
        # An older one failed of something else: this time none was started.
        failed = [each.dagster_run for each in last if (each.end_time or 0) > time.time() - JUST_NOW_SECONDS]
        lines = [line for run in failed for line in reasons(instance, run)]
    print("\n".join(lines or [SPEECHLESS]), file=sys.stderr)


if __name__ == "__main__":
    main()
