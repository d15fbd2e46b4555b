"""What may go of a history of runs, and what must stay so that it says the same as before of every month.

Knows nothing of Dagster: `housekeeping.py` reads the runs and deletes, `run_history.py` names those it reads from.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from taxi_assets.automation.month_status import RETRY_HOURS, RequestedRun
from taxi_assets.publishers.file_version import FileVersion

COUNTED_RUNS = len(RETRY_HOURS) + 1
"""How many runs in vain tell a month that is left to people from one that is to be tried again."""
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
"""Types of events that say how a run worked, not what came of it: half of what a run leaves behind."""
_T = TypeVar("_T")


@dataclass(frozen=True)
class PastRun:
    """A run as the history has it: `ended` in seconds since 1970, None while it is at work; `trimmed`: once before."""

    run_id: str
    ended: float | None
    succeeded: bool
    trimmed: bool = False


@dataclass(frozen=True)
class Plan:
    """Runs that go with all they left behind, and runs of which only the noise goes."""

    delete: tuple[PastRun, ...]
    trim: tuple[PastRun, ...]


@dataclass(frozen=True)
class AssetEvent:
    """That a run made, or set out to make, a partition of an asset (None where it has none); numbers rise with time."""

    number: int
    run_id: str
    partition: str | None


@dataclass(frozen=True)
class Fetch:
    """A published file that a run fetched; `number` rises with time, `sha256` is of the content."""

    number: int
    run_id: str
    file: FileVersion | None
    sha256: str


def plan(runs: Iterable[PastRun], needed: Collection[str], before: float) -> Plan:
    """What to do with the runs that ended before a time: the needed ones stay, without the noise of those that
    succeeded. What a failed run said is kept as long as the run.
    """
    old = [run for run in runs if run.ended is not None and run.ended < before]
    return Plan(
        delete=tuple(run for run in old if run.run_id not in needed),
        trim=tuple(run for run in old if run.run_id in needed and run.succeeded and not run.trimmed),
    )


def is_noise(event_type: str | None, level: int) -> bool:
    """Whether an event may go when its run is old and succeeded; `event_type` is None for what code logged."""
    return level < logging.WARNING and (event_type is None or event_type in NOISE)


def newest(events: Iterable[AssetEvent]) -> set[str]:
    """The runs that the newest event of each partition comes from."""
    last: dict[str | None, AssetEvent] = {}
    for event in events:
        if event.partition not in last or last[event.partition].number < event.number:
            last[event.partition] = event
    return {event.run_id for event in last.values()}


def current(fetches: Sequence[Fetch]) -> tuple[tuple[FileVersion, ...], Fetch | None]:
    """Of a month's fetches, the newest first: all files seen with the content fetched last, and since when it is here.

    A file fetched again, or under another ETag, does not make tables old: only other content does.
    """
    same, _ = _stretch(fetches, lambda fetch: fetch.sha256)
    files = (fetch.file for fetch in fetches if fetch.file and fetch.sha256 == fetches[0].sha256)
    return tuple(dict.fromkeys(files)), same[-1] if same else None


def fetching_runs(fetches: Sequence[Fetch]) -> set[str]:
    """The runs without whose fetches `current` would say something else."""
    same, other = _stretch(fetches, lambda fetch: fetch.sha256)
    seen = {fetch.file: fetch.run_id for fetch in reversed(fetches) if fetch.sha256 == fetches[0].sha256}
    return {*seen.values(), *(fetch.run_id for fetch in [*same[-1:], *other])}


def counted_runs(asks: Sequence[RequestedRun]) -> set[str]:
    """Of the runs that were asked for because of a month's files, the newest first: those that count as tries of the
    file asked for last, and the one that was for another file.
    """
    tries, other = _stretch(asks, lambda ask: ask.identity)
    return {ask.run for ask in [*tries[:COUNTED_RUNS], *(other if len(tries) < COUNTED_RUNS else [])]}


def _stretch(values: Sequence[_T], of: Callable[[_T], object]) -> tuple[list[_T], list[_T]]:
    """The first values that agree with the very first, and the one that ends them, if there is one."""
    length = next((place for place, value in enumerate(values) if of(value) != of(values[0])), len(values))
    return [*values[:length]], [*values[length : length + 1]]
