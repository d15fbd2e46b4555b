"""What Dagster has recorded of a dataset's months: the file each was loaded from, whether all of it, and its runs.

Dagster's record, not the lake folder: a fresh container has an empty lake, and a month loaded by hand is recorded like
any other.
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

from taxi_assets.asset_keys import keys_of
from taxi_assets.automation.jobs import job_name
from taxi_assets.automation.month_status import MonthRecord, RequestedRun
from taxi_assets.automation.retention import Fetch, counted_runs, current, fetching_runs
from taxi_assets.metadata.publication import published_file
from taxi_assets.model.datasets import Dataset
from taxi_assets.model.months import Month
from taxi_assets.partitions import months_of
from taxi_assets.transform.first_rows import FIRST_ROWS

DATASET_TAG = "taxi/dataset"
FILE_TAG = "taxi/file"
"""Of runs that were asked for because of a file: its identity."""
PARTITION_TAG = "dagster/partition"
FINISHED = {DagsterRunStatus.SUCCESS, DagsterRunStatus.FAILURE, DagsterRunStatus.CANCELED}
_UNFINISHED = [status for status in DagsterRunStatus if status not in FINISHED]
_LIMIT = 20
"""How many of a month's last materializations and runs are read."""


class RunHistory:
    """The record of a dataset's months."""

    def __init__(self, instance: DagsterInstance, dataset: Dataset) -> None:
        self._instance = instance
        self._dataset = dataset
        self._raw, *self._tables = keys_of(dataset)
        self._clean = self._tables[0]

    def loaded(self, months: Iterable[Month]) -> list[Month]:
        """Those of the months that got further than raw_trips."""
        made = set().union(*self._last_made())
        return [month for month in months if month.key in made]

    def record(self, month: Month) -> MonthRecord:
        """What is recorded of one month."""
        # Asked first: a run that ends after this has written all that is read below.
        if self._busy(month):
            return MonthRecord(busy=True)
        files, since = current(self._fetched(month))
        return MonthRecord(
            files=files,
            complete=since is not None and self._complete(month, since),
            asks=tuple(map(_ask, self._asked(month))),
        )

    def needed_runs(self) -> set[str]:
        """The runs that `record` reads from, for all months, beside those of the newest materializations."""
        planned = DagsterEventType.ASSET_MATERIALIZATION_PLANNED
        tried = self._instance.get_latest_storage_id_by_partition(self._raw, planned)
        months = [Month.parse(key) for key in months_of(self._dataset).get_partition_keys() if key in tried]
        return set().union(*map(self._needed_runs, months))

    def _needed_runs(self, month: Month) -> set[str]:
        asked = self._asked(month)
        counted = counted_runs([*map(_ask, asked)])
        tried = {record.dagster_run.run_id for record in asked if _ask(record).run in counted}
        return tried | fetching_runs(self._fetched(month))

    def _complete(self, month: Month, since: Fetch) -> bool:
        """Whether what there is of the month was made since a fetch, and that is all of it.

        Some assets may be left out, by whoever chose them for a run that succeeded.
        """
        made = [last[month.key] for last in self._last_made({month.key}) if last]
        run = self._instance.get_run_by_id(since.run_id)
        all_of_it = len(made) == len(self._tables) or run is None or run.is_success
        return bool(made) and all_of_it and min(made) > since.number and not self._is_try_out(month)

    def _last_made(self, keys: set[str] | None = None) -> list[Mapping[str, int]]:
        """Of each asset after raw_trips, by month: the number of its last materialization. Numbers rise with time."""
        event = DagsterEventType.ASSET_MATERIALIZATION
        return [self._instance.get_latest_storage_id_by_partition(key, event, keys) for key in self._tables]

    def _is_try_out(self, month: Month) -> bool:
        made = [event.asset_materialization for event in self._materializations(self._clean, month, 1)]
        return any(FIRST_ROWS in each.metadata for each in made if each)

    def _materializations(self, key: AssetKey, month: Month, limit: int) -> Sequence[EventLogRecord]:
        """The month's last ones, the newest first."""
        wanted = AssetRecordsFilter(asset_key=key, asset_partitions=[month.key])
        return self._instance.fetch_materializations(wanted, limit=limit).records

    def _busy(self, month: Month) -> bool:
        filters = RunsFilter(statuses=_UNFINISHED, tags={PARTITION_TAG: month.key})
        return any(self._fetches(run) for run in self._instance.get_runs(filters))

    def _fetches(self, run: DagsterRun) -> bool:
        """Whether the run is the dataset's job, or one of chosen assets, raw_trips among them."""
        return run.job_name == job_name(self._dataset) or self._raw in (run.asset_selection or ())

    def _fetched(self, month: Month) -> list[Fetch]:
        """The month's last files, the newest first."""
        events = self._materializations(self._raw, month, _LIMIT)
        files = [published_file(event.asset_materialization) for event in events]
        return [
            Fetch(event.storage_id, event.run_id, file.file, file.sha256)
            for event, file in zip(events, files, strict=True)
        ]

    def _asked(self, month: Month) -> Sequence[RunRecord]:
        """The last runs that were asked for because of the month's files, the newest first."""
        filters = RunsFilter(tags={PARTITION_TAG: month.key, DATASET_TAG: self._dataset.name})
        return self._instance.get_run_records(filters, limit=_LIMIT)


def _ask(record: RunRecord) -> RequestedRun:
    run = record.dagster_run
    return RequestedRun(
        identity=run.tags.get(FILE_TAG, ""),
        run=run.run_id[:8],
        at=record.create_timestamp.timestamp(),
        cancelled=run.status is DagsterRunStatus.CANCELED,
    )
