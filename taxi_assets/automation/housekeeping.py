"""The job that keeps Dagster's history small, and its schedule: what `retention.py` says may go is deleted.

The history says the same of every month afterwards: sensors read from it what was loaded from which file.
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
"""Of runs whose noise was deleted: says so to whoever looks for it in the UI, and to the next housekeeping."""
PAGE = 1_000


class HousekeepingConfig(Config):
    """What the run config may say."""

    days: int = Field(default=DAYS, ge=1, description="How many days of history are left as they are.")


@dataclass(frozen=True)
class Tidied:
    """What came of it; sizes in bytes."""

    deleted_runs: int
    trimmed_runs: int
    deleted_logs: int
    size_before: int
    size_after: int
    busy: list[str] = field(default_factory=list)
    """Files of SQLite that could not be made smaller because others were at work on them."""


def housekeeping_job() -> JobDefinition:
    """`housekeeping`: one op, for there is nothing to wait for or to look at in between."""

    @op(description="Deletes what nobody needs of the history of runs and ticks.")
    def tidy_history(context: OpExecutionContext, config: HousekeepingConfig) -> None:
        before = datetime.now(UTC).timestamp() - config.days * DAY_SECONDS
        done = tidy(context.instance, before)
        context.log.info(
            f"Older than {config.days} days: {done.deleted_runs} runs deleted, {done.trimmed_runs} reduced to what "
            f"they made, {done.deleted_logs} files of logs deleted. {_megabytes(done.size_before)} before, "
            f"{_megabytes(done.size_after)} now."
        )
        if done.busy:
            context.log.warning(f"In use all the time, and left as large as before: {', '.join(done.busy)}")
        context.add_output_metadata({"mb_before": done.size_before / 1e6, "mb_after": done.size_after / 1e6})

    @job(
        description=f"Deletes what is older than {DAYS} days (config `days`) and needed by nobody: runs that no last "
        "materialization, check or retry of a month stands on, what successful runs said at work, captured logs, ticks."
    )
    def housekeeping() -> None:
        tidy_history()

    return housekeeping


def housekeeping_schedule(days: int | None) -> ScheduleDefinition:
    """Runs the job once a day; on from the start where a setting says for how many days history is kept."""
    return ScheduleDefinition(
        name="housekeeping_daily",
        job_name="housekeeping",
        cron_schedule="30 4 * * *",
        execution_timezone="UTC",
        run_config=RunConfig(ops={"tidy_history": HousekeepingConfig(days=days or DAYS)}),
        default_status=DefaultScheduleStatus.RUNNING if days else DefaultScheduleStatus.STOPPED,
        description=f"Every day at 04:30 UTC, deletes what nobody needs of the history older than {days or DAYS} days. "
        "On by itself where TAXI_HISTORY_DAYS is set.",
    )


def tidy(instance: DagsterInstance, before: float) -> Tidied:
    """Deletes what nobody needs of runs that ended before a time (seconds since 1970), their logs, and ticks.

    It may be ended at any moment, and run again. A run that is at work is not touched.
    """
    # Here, for SQLAlchemy and Dagster's storages would make every load of the definitions slower.
    from taxi_assets.automation.history_storage import HistoryStorage, delete_old_logs, vacuum

    storage = HistoryStorage(instance)
    size = storage.size()
    # Runs first: one that ends later is not among them, whatever it makes old.
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
    """Ticks, and what automation conditions looked like in them: 90 kB for each mart and tick in which one changed."""
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
    # A run that was cancelled in the queue has no end of its own.
    ended = (record.end_time or record.update_timestamp.timestamp()) if run.status in FINISHED else None
    return PastRun(run.run_id, ended, run.is_success, trimmed=TRIMMED_TAG in run.tags)


def _needed_runs(instance: DagsterInstance, storage: "HistoryStorage") -> set[str]:
    """What the UI shows of a partition, and what sensors read of a month, comes from these."""
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
    """The run last: what is left of one half deleted is found again by it."""
    _delete_captured_logs(instance, storage, run_id)
    storage.delete_checks(run_id)
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
    """Those in a bucket; a folder's go by the age of its files, ticks' among them."""
    if storage.log_folder is None:
        instance.compute_log_manager.delete_logs(prefix=[run_id])


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,.1f} MB"
