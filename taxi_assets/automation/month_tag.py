"""The tag by which the queue keeps two runs of one month of a dataset apart.

Imported by the webserver and the daemon, which load no assets: nothing here may import Arrow.
"""

from __future__ import annotations

from dagster import DagsterRun, QueuedRunCoordinator
from dagster._core.run_coordinator import SubmitRunContext

from taxi_assets.asset_keys import TRIPS_JOB

MONTH_TAG = "taxi/month"
"""On a run: its dataset and month, `yellow 2021-01`. dagster.yaml limits runs with the same value to one at a time."""
PARTITION_TAG = "dagster/partition"


def month_tag(run: DagsterRun) -> dict[str, str]:
    """The tag of a run, by its assets or else by its job; empty for a run without a partition key.

    A run for assets of several datasets has them all in its tag. Datasets are told by the first part of asset keys, so
    that those of other projects count too.
    """
    key = run.tags.get(PARTITION_TAG)
    if key is None:
        return {}
    datasets = {asset.path[0] for asset in run.asset_selection or () if len(asset.path) > 1}
    names = sorted(datasets) or [run.job_name.removesuffix(TRIPS_JOB)]
    return {MONTH_TAG: f"{'+'.join(names)} {key.removesuffix('-01')}"}


class MonthQueue(QueuedRunCoordinator):
    """`QueuedRunCoordinator` that tags every run with its dataset and month before it is queued.

    All runs that are launched in the UI, by sensors, schedules, backfills and retries come through here.
    """

    def submit_run(self, context: SubmitRunContext) -> DagsterRun:
        run = context.dagster_run
        if tag := month_tag(run):
            self._instance.add_run_tags(run.run_id, tag)
        return super().submit_run(context)
