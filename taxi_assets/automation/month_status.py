"""The status of months: what the publisher's files and our records of them call for.

Knows nothing of Dagster: `run_history.py` reads the records, `run_requests.py` requests the runs.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import takewhile

from taxi_assets.errors import BlockedError, TaxiError
from taxi_assets.model.months import Month
from taxi_assets.publishers.file_version import FileVersion

TIME_LIMIT_SECONDS = 20.0
"""No further month is checked after this. Dagster gives a tick 60 s; checking a single month takes 36 s at most."""
RETRY_HOURS = (0.5, 4.0, 16.0)
"""How long after a failed run the next one is requested. After the last of them the month is left to people."""


@dataclass(frozen=True)
class RequestedRun:
    """A run that was requested because of a file, by the file's identity; `at` is in seconds since 1970."""

    identity: str
    short_id: str
    at: float
    cancelled: bool = False


@dataclass(frozen=True)
class MonthRecord:
    """What is recorded of a month.

    `files` are all versions that had the content fetched last, newest first. `complete` says whether that content has
    reached every table. `busy` says whether a run is working on the month. `requested_runs` are the newest first.
    """

    files: tuple[FileVersion, ...] = ()
    complete: bool = False
    busy: bool = False
    requested_runs: tuple[RequestedRun, ...] = ()


class Status(Enum):
    """How a month stands, in the words of skip reasons and run tags."""

    NEW = "new"
    REPLACED = "replaced by the publisher"
    INCOMPLETE = "loaded, but not complete in every table"
    UNCHANGED = "unchanged"
    ABSENT = "not published yet"
    WITHDRAWN = "no longer published, and kept"
    BUSY = "being loaded"
    WAITING = "to be tried again later because the last run failed"
    LEFT_TO_PEOPLE = "left to you because its runs failed or the last one was cancelled"


TO_LOAD = {Status.NEW, Status.REPLACED, Status.INCOMPLETE}
"""The statuses that call for a run."""


@dataclass(frozen=True)
class MonthStatus:
    """A month that was checked: its status, its file, and the last run that was requested because of that file."""

    month: Month
    status: Status
    file: FileVersion | None = None
    last_run: str | None = None

    @property
    def run_key(self) -> str:
        """A key that is new for each file and for each retry of a file: Dagster ignores a run key it has seen."""
        identity = self.file.identity if self.file else ""
        return ":".join(part for part in (str(self.month), identity, self.last_run) if part)


@dataclass(frozen=True)
class CheckReport:
    """The months that were checked, the errors of those that could not be, and the months not reached in time."""

    checked: tuple[MonthStatus, ...]
    errors: tuple[tuple[Month, TaxiError], ...] = ()
    unreached: tuple[Month, ...] = ()

    @property
    def to_load(self) -> list[MonthStatus]:
        return [month for month in self.checked if month.status in TO_LOAD]

    @property
    def failed(self) -> bool:
        """Whether not a single month could be checked, though the publisher was asked."""
        return bool(self.errors) and all(month.status is Status.BUSY for month in self.checked)

    def summary(self) -> str:
        """What was checked and found, in one line."""
        count = len(self.checked) + len(self.errors)
        parts = [f"Looked at {count} month{'' if count == 1 else 's'}"]
        for status in Status:
            months = [each.month for each in self.checked if each.status is status]
            parts += [f"{len(months)} {status.value} ({_listed(months)})"] if months else []
        if self.errors:
            months = [month for month, _ in self.errors]
            parts.append(f"{len(months)} could not be looked at ({_listed(months)}): {self.errors[0][1]}")
        parts += [f"not reached: {_listed(self.unreached)}"] if self.unreached else []
        return "; ".join(parts)


def check_months(
    months: Sequence[Month],
    month_record: Callable[[Month], MonthRecord],
    probe: Callable[[Month, FileVersion | None], FileVersion | None],
    clock: Callable[[], float] = time.time,
) -> CheckReport:
    """Checks one month after the other, until time is up or the publisher refuses us.

    `probe` gives the publisher's file of a month, None where there is none; it is told the version known so far.
    """
    end = clock() + TIME_LIMIT_SECONDS
    checked: list[MonthStatus] = []
    errors: list[tuple[Month, TaxiError]] = []
    reached = 0
    for month in months:
        if clock() > end or (errors and isinstance(errors[-1][1], BlockedError)):
            break
        reached += 1
        record = month_record(month)
        try:
            file = None if record.busy else probe(month, record.files[0] if record.files else None)
        except TaxiError as error:
            errors.append((month, error))
        else:
            checked.append(decide(month, file, record, clock()))
    return CheckReport(tuple(checked), tuple(errors), tuple(months[reached:]))


def decide(month: Month, file: FileVersion | None, record: MonthRecord, now: float) -> MonthStatus:
    """The status of a month, given the publisher's file (None where there is none), our record of the month, and the
    time in seconds since 1970.
    """
    if record.busy:
        return MonthStatus(month, Status.BUSY)
    if file is None:
        return MonthStatus(month, Status.WITHDRAWN if record.files else Status.ABSENT)
    if record.complete and file in record.files:
        return MonthStatus(month, Status.UNCHANGED, file)
    failed_attempts = [*takewhile(lambda run: run.identity == file.identity, record.requested_runs)]
    if failed_attempts and (failed_attempts[0].cancelled or len(failed_attempts) > len(RETRY_HOURS)):
        return MonthStatus(month, Status.LEFT_TO_PEOPLE, file)
    if failed_attempts and now - failed_attempts[0].at < RETRY_HOURS[len(failed_attempts) - 1] * 3600:
        return MonthStatus(month, Status.WAITING, file)
    status = Status.INCOMPLETE if file in record.files else Status.REPLACED if record.files else Status.NEW
    last_run = next((run.short_id for run in record.requested_runs if run.identity == file.identity), None)
    return MonthStatus(month, status, file, last_run)


def _listed(months: Collection[Month]) -> str:
    return ", ".join(map(str, months))
