"""What Dagster has recorded of a dataset's months: the file each was loaded from, whether all of it, and its runs.

Dagster's record, not the lake folder: a fresh container has an empty lake, and a month loaded by hand is recorded like
any other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import takewhile

from dagster import (
    AssetKey,
    AssetRecordsFilter,
    DagsterEventType,
    DagsterInstance,
    DagsterRun,
    DagsterRunStatus,
    EventLogRecord,
    RunsFilter,
)

from taxi_assets.assets import keys_of
from taxi_assets.datasets import Dataset
from taxi_assets.jobs import job_name
from taxi_assets.metadata import published_file
from taxi_assets.months import Month
from taxi_assets.tryout import FIRST_ROWS
from taxi_assets.watching import Ask, Record

DATASET_TAG = "taxi/dataset"
FILE_TAG = "taxi/file"
"""Of runs that were asked for because of a file: its identity."""
PARTITION_TAG = "dagster/partition"
_FINISHED = {DagsterRunStatus.SUCCESS, DagsterRunStatus.FAILURE, DagsterRunStatus.CANCELED}
_UNFINISHED = [status for status in DagsterRunStatus if status not in _FINISHED]
_LIMIT = 20
"""How many of a month's last materializations and runs are read."""


class LoadHistory:
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

    def record(self, month: Month) -> Record:
        """What is recorded of one month."""
        # Asked first: a run that ends after this has written all that is read below.
        if self._busy(month):
            return Record(busy=True)
        events = self._materializations(self._raw, month, _LIMIT)
        fetched = [published_file(event.asset_materialization) for event in events]
        # A file fetched again, or under another ETag, does not make tables old: only other content does.
        current = [*takewhile(lambda each: each.sha256 == fetched[0].sha256, fetched)]
        return Record(
            files=tuple(dict.fromkeys(each.file for each in fetched if each.file and each.sha256 == fetched[0].sha256)),
            complete=bool(current) and self._complete(month, since=events[len(current) - 1]),
            asks=self._asks(month),
        )

    def _complete(self, month: Month, since: EventLogRecord) -> bool:
        """Whether what there is of the month was made since an event, and that is all of it.

        Some assets may be left out, by whoever chose them for a run that succeeded.
        """
        made = [last[month.key] for last in self._last_made({month.key}) if last]
        run = self._instance.get_run_by_id(since.run_id)
        all_of_it = len(made) == len(self._tables) or run is None or run.is_success
        return bool(made) and all_of_it and min(made) > since.storage_id and not self._is_try_out(month)

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

    def _asks(self, month: Month) -> tuple[Ask, ...]:
        filters = RunsFilter(tags={PARTITION_TAG: month.key, DATASET_TAG: self._dataset.name})
        return tuple(
            Ask(
                identity=record.dagster_run.tags.get(FILE_TAG, ""),
                run=record.dagster_run.run_id[:8],
                at=record.create_timestamp.timestamp(),
                cancelled=record.dagster_run.status is DagsterRunStatus.CANCELED,
            )
            for record in self._instance.get_run_records(filters, limit=_LIMIT)
        )
