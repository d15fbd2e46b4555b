"""What Dagster has recorded of a dataset's months: the file each was loaded from, whether completely, and its runs.

The lake folder is not asked: in a fresh container it is empty. A month loaded by hand is recorded like any other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from dagster import (
    AssetKey,
    AssetRecordsFilter,
    DagsterEventType,
    DagsterInstance,
    DagsterRun,
    DagsterRunStatus,
    EventLogRecord,
    RunRecord,
    RunsFilter,
)

from taxi_assets.asset_keys import job_name, keys_of
from taxi_assets.automation.month_status import MonthRecord, RequestedRun
from taxi_assets.automation.month_tag import PARTITION_TAG
from taxi_assets.automation.retention import Fetch, counted_runs, current, fetching_runs
from taxi_assets.metadata.recorded import FetchedFile, LoadedTrips
from taxi_assets.model.datasets import Dataset
from taxi_assets.model.months import Month
from taxi_assets.partitions import months_of

DATASET_TAG = "taxi/dataset"
FILE_TAG = "taxi/file"
"""On a run that was requested because of a file: the file's identity."""
FINISHED = {DagsterRunStatus.SUCCESS, DagsterRunStatus.FAILURE, DagsterRunStatus.CANCELED}
_UNFINISHED = [status for status in DagsterRunStatus if status not in FINISHED]
_LIMIT = 20
"""How many of a month's materializations and runs are read, the newest ones."""


class RunHistory:
    """Dagster's record of the months of a dataset."""

    def __init__(self, instance: DagsterInstance, dataset: Dataset) -> None:
        self._instance = instance
        self._dataset = dataset
        self._raw, *self._tables = keys_of(dataset)
        self._clean = self._tables[0]

    def loaded(self, months: Iterable[Month]) -> list[Month]:
        """The months, among these, that were loaded further than raw_trips."""
        made = set().union(*self._last_made())
        return [month for month in months if month.key in made]

    def month_record(self, month: Month) -> MonthRecord:
        """What is recorded of one month."""
        # Asked first: a run that ended before this has written everything that is read below.
        if self._busy(month):
            return MonthRecord(busy=True)
        files, since = current(self._fetched(month))
        return MonthRecord(
            files=files,
            complete=since is not None and self._complete(month, since),
            requested_runs=tuple(map(_requested_run, self._requested(month))),
        )

    def needed_runs(self) -> set[str]:
        """The ids of runs that `month_record` needs for any month, apart from those of the newest materializations."""
        planned = DagsterEventType.ASSET_MATERIALIZATION_PLANNED
        tried = self._instance.get_latest_storage_id_by_partition(self._raw, planned)
        months = [Month.parse(key) for key in months_of(self._dataset).get_partition_keys() if key in tried]
        return set().union(*map(self._needed_runs, months))

    def _needed_runs(self, month: Month) -> set[str]:
        requested = self._requested(month)
        counted = counted_runs([*map(_requested_run, requested)])
        tried = {record.dagster_run.run_id for record in requested if _requested_run(record).short_id in counted}
        return tried | fetching_runs(self._fetched(month))

    def _complete(self, month: Month, since: Fetch) -> bool:
        """Whether every asset of the month was made after the fetch `since`.

        An asset may be missing altogether if the run that fetched the file succeeded without it: then somebody chose
        to leave it out.
        """
        made = [last[month.key] for last in self._last_made({month.key}) if last]
        run = self._instance.get_run_by_id(since.run_id)
        none_missing = len(made) == len(self._tables) or run is None or run.is_success
        return bool(made) and none_missing and min(made) > since.number and not self._is_try_out(month)

    def _last_made(self, keys: set[str] | None = None) -> list[Mapping[str, int]]:
        """The number of the last materialization of each month, for each asset after raw_trips; it rises with time."""
        event = DagsterEventType.ASSET_MATERIALIZATION
        return [self._instance.get_latest_storage_id_by_partition(key, event, keys) for key in self._tables]

    def _is_try_out(self, month: Month) -> bool:
        last = self._materializations(self._clean, month, 1)
        return any(
            LoadedTrips.from_materialization(event.asset_materialization).first_rows is not None for event in last
        )

    def _materializations(self, key: AssetKey, month: Month, limit: int) -> Sequence[EventLogRecord]:
        """The month's materializations of an asset, newest first."""
        of_month = AssetRecordsFilter(asset_key=key, asset_partitions=[month.key])
        return self._instance.fetch_materializations(of_month, limit=limit).records

    def _busy(self, month: Month) -> bool:
        filters = RunsFilter(statuses=_UNFINISHED, tags={PARTITION_TAG: month.key})
        return any(self._fetches(run) for run in self._instance.get_runs(filters))

    def _fetches(self, run: DagsterRun) -> bool:
        """Whether the run is of the dataset's job, or of chosen assets with raw_trips among them."""
        return run.job_name == job_name(self._dataset) or self._raw in (run.asset_selection or ())

    def _fetched(self, month: Month) -> list[Fetch]:
        """The month's fetches, newest first."""
        return [_fetch(event) for event in self._materializations(self._raw, month, _LIMIT)]

    def _requested(self, month: Month) -> Sequence[RunRecord]:
        """The runs that were requested because of the month's files, newest first."""
        filters = RunsFilter(tags={PARTITION_TAG: month.key, DATASET_TAG: self._dataset.name})
        return self._instance.get_run_records(filters, limit=_LIMIT)


def _fetch(event: EventLogRecord) -> Fetch:
    file = FetchedFile.from_materialization(event.asset_materialization)
    return Fetch(event.storage_id, event.run_id, file.version if file else None, file.sha256 if file else "")


def _requested_run(record: RunRecord) -> RequestedRun:
    run = record.dagster_run
    return RequestedRun(
        identity=run.tags.get(FILE_TAG, ""),
        short_id=run.run_id[:8],
        at=record.create_timestamp.timestamp(),
        cancelled=run.status is DagsterRunStatus.CANCELED,
    )
