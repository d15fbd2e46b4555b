"""Which runs may be deleted from the history, and which must stay so that every month's status remains the same.

Knows nothing of Dagster: `housekeeping.py` lists and deletes runs, `run_history.py` says which ones it reads.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from taxi_assets.automation.month_status import RETRY_HOURS, RequestedRun
from taxi_assets.publishers.file_version import FileVersion

COUNTED_RUNS = len(RETRY_HOURS) + 1
"""How many failed runs tell a month that is left to people from one that is to be tried again."""
NOISE = frozenset(
    {
        "ENGINE_EVENT",
        "HANDLED_OUTPUT",
        "LOADED_INPUT",
        "LOGS_CAPTURED",
        "OBJECT_STORE_OPERATION",
        "RESOURCE_INIT_STARTED",
        "RESOURCE_INIT_SUCCESS",
        "STEP_INPUT",
        "STEP_OUTPUT",
    }
)
"""Event types that tell how a run worked, not what it made: half of what a run leaves behind."""
_T = TypeVar("_T")


@dataclass(frozen=True)
class PastRun:
    """A run in the history. `ended` is in seconds since 1970, None while it runs; `trimmed` if its noise is deleted."""

    run_id: str
    ended: float | None
    succeeded: bool
    trimmed: bool = False


@dataclass(frozen=True)
class Plan:
    """The runs to delete with everything they left behind, and the runs to trim: only their noise is deleted."""

    delete: tuple[PastRun, ...]
    trim: tuple[PastRun, ...]


@dataclass(frozen=True)
class AssetEvent:
    """A run made, or planned to make, a partition of an asset (None if it has none); `number` rises with time."""

    number: int
    run_id: str
    partition: str | None


@dataclass(frozen=True)
class Fetch:
    """A published file that a run fetched. `number` rises with time; `file` is None if it was not recorded."""

    number: int
    run_id: str
    file: FileVersion | None
    sha256: str


def plan(runs: Iterable[PastRun], needed: Collection[str], before: float) -> Plan:
    """What to do with the runs that ended before a time (seconds since 1970).

    `needed` are the ids of runs to keep: those that succeeded are trimmed, those that failed keep all their events.
    """
    old = [run for run in runs if run.ended is not None and run.ended < before]
    return Plan(
        delete=tuple(run for run in old if run.run_id not in needed),
        trim=tuple(run for run in old if run.run_id in needed and run.succeeded and not run.trimmed),
    )


def is_noise(event_type: str | None, level: int) -> bool:
    """Whether trimming deletes an event; `level` is its logging level, `event_type` None for a plain log message."""
    return level < logging.WARNING and (event_type is None or event_type in NOISE)


def newest(events: Iterable[AssetEvent]) -> set[str]:
    """The ids of the runs of each partition's newest event."""
    last: dict[str | None, AssetEvent] = {}
    for event in events:
        if event.partition not in last or last[event.partition].number < event.number:
            last[event.partition] = event
    return {event.run_id for event in last.values()}


def current(fetches: Sequence[Fetch]) -> tuple[tuple[FileVersion, ...], Fetch | None]:
    """All file versions with the content that was fetched last, and the fetch that brought this content.

    `fetches` are a month's, newest first. Tables are outdated only by other content, not by the same file fetched
    again or under another ETag.
    """
    same, _ = _stretch(fetches, lambda fetch: fetch.sha256)
    files = (fetch.file for fetch in fetches if fetch.file and fetch.sha256 == fetches[0].sha256)
    return tuple(dict.fromkeys(files)), same[-1] if same else None


def fetching_runs(fetches: Sequence[Fetch]) -> set[str]:
    """The ids of the runs whose fetches `current` needs to give the same answer."""
    same, other = _stretch(fetches, lambda fetch: fetch.sha256)
    seen = {fetch.file: fetch.run_id for fetch in reversed(fetches) if fetch.sha256 == fetches[0].sha256}
    return {*seen.values(), *(fetch.run_id for fetch in [*same[-1:], *other])}


def counted_runs(requested_runs: Sequence[RequestedRun]) -> set[str]:
    """The short ids of the runs that `month_status.decide` counts as attempts at the newest file, and of the run before
    them, which ends the count. `requested_runs` are a month's, newest first.
    """
    attempts, other = _stretch(requested_runs, lambda run: run.identity)
    return {run.short_id for run in [*attempts[:COUNTED_RUNS], *(other if len(attempts) < COUNTED_RUNS else [])]}


def _stretch(values: Sequence[_T], of: Callable[[_T], object]) -> tuple[list[_T], list[_T]]:
    """The values up to the first that differs from the very first in `of`, and that one in a list, if there is one."""
    length = next((place for place, value in enumerate(values) if of(value) != of(values[0])), len(values))
    return [*values[:length]], [*values[length : length + 1]]
