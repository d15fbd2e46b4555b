"""The job that keeps Dagster's history small, and its schedule: it deletes what `retention.py` says may go.

What the UI shows of each month, and what sensors read of it, stays the same.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from dagster import (
    Config,
    DagsterEventType,
    DagsterInstance,
    DefaultScheduleStatus,
    EventLogEntry,
    JobDefinition,
    OpExecutionContext,
    RunConfig,
    RunRecord,
    ScheduleDefinition,
    job,
    op,
)
from pydantic import Field

from taxi_assets.automation.retention import AssetEvent, PastRun, is_noise, newest, plan
from taxi_assets.automation.run_history import FINISHED, RunHistory
from taxi_assets.model.datasets import DATASETS

if TYPE_CHECKING:
    from taxi_assets.automation.history_storage import HistoryStorage

DAYS = 30
DAY_SECONDS = 86_400
TRIMMED_TAG = "taxi/housekeeping"
"""On runs whose noise was deleted: tells people in the UI, and the next housekeeping."""
PAGE = 1_000


class HousekeepingConfig(Config):
    """Run config of housekeeping: how much of the history to leave alone."""

    days: int = Field(default=DAYS, ge=1, description="Runs and ticks of the last so many days are left as they are.")


@dataclass(frozen=True)
class Tidied:
    """What housekeeping did; sizes of the history are in bytes."""

    deleted_runs: int
    trimmed_runs: int
    deleted_logs: int
    size_before: int
    size_after: int
    busy: list[str] = field(default_factory=list)
    """SQLite files that could not be made smaller because other processes kept using them."""


def housekeeping_job() -> JobDefinition:
    """`housekeeping`: the job, with a single op."""

    @op(description="Deletes from the history of runs and ticks what nobody needs any more.")
    def tidy_history(context: OpExecutionContext, config: HousekeepingConfig) -> None:
        before = datetime.now(UTC).timestamp() - config.days * DAY_SECONDS
        done = tidy(context.instance, before)
        context.log.info(
            f"Older than {config.days} days: {done.deleted_runs} runs deleted, {done.trimmed_runs} reduced to what "
            f"they made, {done.deleted_logs} log files deleted. The history took {_megabytes(done.size_before)}, and "
            f"takes {_megabytes(done.size_after)} now."
        )
        if done.busy:
            context.log.warning(f"Files that other processes kept using are as large as before: {', '.join(done.busy)}")
        context.add_output_metadata({"mb_before": done.size_before / 1e6, "mb_after": done.size_after / 1e6})

    @job(
        description=f"Deletes from Dagster's history what is older than {DAYS} days (config `days`) and not needed: "
        "runs behind no month's current materialization, check or retry; events that only tell how a successful run "
        "worked; captured logs; and ticks."
    )
    def housekeeping() -> None:
        tidy_history()

    return housekeeping


def housekeeping_schedule(days: int | None) -> ScheduleDefinition:
    """`housekeeping_daily`: runs the job once a day; on from the start if `days` of history to keep are given."""
    return ScheduleDefinition(
        name="housekeeping_daily",
        job_name="housekeeping",
        cron_schedule="30 4 * * *",
        execution_timezone="UTC",
        run_config=RunConfig(ops={"tidy_history": HousekeepingConfig(days=days or DAYS)}),
        default_status=DefaultScheduleStatus.RUNNING if days else DefaultScheduleStatus.STOPPED,
        description="Every day at 04:30 UTC, deletes what nobody needs from Dagster's history older than "
        f"{days or DAYS} days. On from the start if TAXI_HISTORY_DAYS is set.",
    )


def tidy(instance: DagsterInstance, before: float) -> Tidied:
    """Deletes what nobody needs of runs that ended before a time (seconds since 1970), of their logs, and of ticks.

    It may be stopped at any moment and run again. Runs in progress are not touched.
    """
    # Imported here: SQLAlchemy and Dagster's storages would make every load of the definitions slower.
    from taxi_assets.automation.history_storage import HistoryStorage, delete_old_logs, vacuum

    storage = HistoryStorage(instance)
    size = storage.size()
    # Listed before anything else: a run that ends from now on is not in the list, and stays.
    runs = [*_past_runs(instance)]
    planned = plan(runs, _needed_runs(instance, storage), before)
    for run in planned.delete:
        _delete(instance, storage, run.run_id)
    for run in planned.trim:
        _trim(instance, storage, run.run_id)
    for run_id, path in storage.files_of_runs():
        if path.stat().st_mtime < before and not instance.has_run(run_id):
            storage.delete_file(run_id)
    _delete_ticks(instance, before)
    logs = delete_old_logs(storage.log_folder, before) if storage.log_folder else 0
    shrunk = [*filter(None, (storage.file(run.run_id) for run in planned.trim)), *storage.common_files()]
    busy = [path.name for path in shrunk if not vacuum(path)]
    return Tidied(len(planned.delete), len(planned.trim), logs, size, storage.size(), busy)


def _delete_ticks(instance: DagsterInstance, before: float) -> None:
    """Deletes old ticks and their evaluations of conditions, 90 kB for each mart and tick in which one changed."""
    for state in instance.all_instigator_state():
        instance.purge_ticks(state.instigator_origin_id, state.selector_id, before)
    if storage := instance.schedule_storage:
        storage.purge_asset_evaluations(before)


def _past_runs(instance: DagsterInstance) -> Iterator[PastRun]:
    cursor: str | None = None
    while records := instance.get_run_records(limit=PAGE, cursor=cursor):
        yield from map(_past_run, records)
        cursor = records[-1].dagster_run.run_id


def _past_run(record: RunRecord) -> PastRun:
    run = record.dagster_run
    # A run that was cancelled while queued has no end time.
    ended = (record.end_time or record.update_timestamp.timestamp()) if run.status in FINISHED else None
    return PastRun(run.run_id, ended, run.is_success, trimmed=TRIMMED_TAG in run.tags)


def _needed_runs(instance: DagsterInstance, storage: "HistoryStorage") -> set[str]:
    """The ids of the runs behind what the UI shows of each partition, and what sensors read of each month."""
    needed = storage.runs_of_newest_checks()
    for key in instance.get_asset_keys():
        for events in (
            instance.get_asset_event_summary_records(DagsterEventType.ASSET_MATERIALIZATION, asset_key=key),
            instance.get_asset_event_summary_records(DagsterEventType.ASSET_MATERIALIZATION_PLANNED, asset_key=key),
        ):
            needed |= newest(AssetEvent(event.storage_id, event.run_id or "", event.partition) for event in events)
    for dataset in DATASETS.values():
        needed |= RunHistory(instance, dataset).needed_runs()
    return needed


def _delete(instance: DagsterInstance, storage: "HistoryStorage", run_id: str) -> None:
    """Deletes a run; its row last, by which the next housekeeping finds a half-deleted run again."""
    _delete_captured_logs(instance, storage, run_id)
    storage.delete_checks(run_id)
    storage.delete_heartbeat(run_id)
    instance.delete_run(run_id)
    storage.delete_file(run_id)


def _trim(instance: DagsterInstance, storage: "HistoryStorage", run_id: str) -> None:
    _delete_captured_logs(instance, storage, run_id)
    records = instance.get_records_for_run(run_id).records
    if noise := [record.storage_id for record in records if _is_noise(record.event_log_entry)]:
        storage.delete_events(run_id, noise)
    instance.add_run_tags(run_id, {TRIMMED_TAG: "reduced to what it made"})


def _is_noise(entry: EventLogEntry) -> bool:
    kind = entry.dagster_event_type
    return is_noise(kind.value if kind else None, int(entry.level))


def _delete_captured_logs(instance: DagsterInstance, storage: "HistoryStorage", run_id: str) -> None:
    """Deletes a run's logs in a bucket. In a folder, `delete_old_logs` deletes them by age, with those of ticks."""
    if storage.log_folder is None:
        instance.compute_log_manager.delete_logs(prefix=[run_id])


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,.1f} MB"
