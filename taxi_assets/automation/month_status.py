"""Looking at months as the publisher has them now, and what a month's file and its record call for.

Knows nothing of Dagster: `run_history.py` reads the record, `run_requests.py` asks for the runs.
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
"""No further month is looked at after this. Dagster gives a tick 60 s; the slowest single look takes 36."""
RETRY_HOURS = (0.5, 4.0, 16.0)
"""How long after a run in vain the next is asked for. After the last of them a month is left to people."""


@dataclass(frozen=True)
class RequestedRun:
    """A run that was asked for because a file was seen; `at` in seconds since 1970."""

    identity: str
    run: str
    at: float
    cancelled: bool = False


@dataclass(frozen=True)
class MonthRecord:
    """What is recorded of a month.

    `files`: all those seen with the content that was fetched last, the newest first. `complete`: that content has got
    to where the month is to be. `busy`: a run is at work on the month. `asks`: the newest first.
    """

    files: tuple[FileVersion, ...] = ()
    complete: bool = False
    busy: bool = False
    asks: tuple[RequestedRun, ...] = ()


class Status(Enum):
    """What there is to say of a month, in the words of skip reasons."""

    NEW = "new"
    REPLACED = "replaced by the publisher"
    UNFINISHED = "here, but not whole in all tables"
    UNCHANGED = "unchanged"
    ABSENT = "not published yet"
    WITHDRAWN = "no longer published, and kept"
    BUSY = "being loaded"
    WAITING = "to be tried again later, its last run failed"
    LEFT = "left to you, because its runs failed or the last was cancelled"


WANTED = {Status.NEW, Status.REPLACED, Status.UNFINISHED}
"""What calls for a run."""


@dataclass(frozen=True)
class MonthStatus:
    """A month that was looked at; `seen` is its file, `before` the last run that was asked for because of that file."""

    month: Month
    news: Status
    seen: FileVersion | None = None
    before: str | None = None

    @property
    def run_key(self) -> str:
        """Another one for each file, and for each time a file is asked for: Dagster heeds a key but once."""
        identity = self.seen.identity if self.seen else ""
        return ":".join(part for part in (str(self.month), identity, self.before) if part)


@dataclass(frozen=True)
class CheckReport:
    """What came of looking at months: findings, why others could not be looked at, and those that were not reached."""

    findings: tuple[MonthStatus, ...]
    troubles: tuple[tuple[Month, TaxiError], ...] = ()
    unreached: tuple[Month, ...] = ()

    @property
    def wanted(self) -> list[MonthStatus]:
        return [finding for finding in self.findings if finding.news in WANTED]

    @property
    def blind(self) -> bool:
        """Whether nothing could be seen of the publisher."""
        return bool(self.troubles) and all(finding.news is Status.BUSY for finding in self.findings)

    def summary(self) -> str:
        """What was looked at and found, in one line."""
        count = len(self.findings) + len(self.troubles)
        parts = [f"Looked at {count} month{'' if count == 1 else 's'}"]
        for news in Status:
            months = [finding.month for finding in self.findings if finding.news is news]
            parts += [f"{len(months)} {news.value} ({_listed(months)})"] if months else []
        if self.troubles:
            months = [month for month, _ in self.troubles]
            parts.append(f"{len(months)} could not be looked at ({_listed(months)}): {self.troubles[0][1]}")
        parts += [f"not reached: {_listed(self.unreached)}"] if self.unreached else []
        return "; ".join(parts)


def check_months(
    months: Sequence[Month],
    recorded: Callable[[Month], MonthRecord],
    sight: Callable[[Month, FileVersion | None], FileVersion | None],
    clock: Callable[[], float] = time.time,
) -> CheckReport:
    """Looks at one month after the other, until time is up or the publisher refuses us."""
    end = clock() + TIME_LIMIT_SECONDS
    findings: list[MonthStatus] = []
    troubles: list[tuple[Month, TaxiError]] = []
    reached = 0
    for month in months:
        if clock() > end or (troubles and isinstance(troubles[-1][1], BlockedError)):
            break
        reached += 1
        record = recorded(month)
        try:
            seen = None if record.busy else sight(month, record.files[0] if record.files else None)
        except TaxiError as error:
            troubles.append((month, error))
        else:
            findings.append(decide(month, seen, record, clock()))
    return CheckReport(tuple(findings), tuple(troubles), tuple(months[reached:]))


def decide(month: Month, seen: FileVersion | None, record: MonthRecord, now: float) -> MonthStatus:
    """What the file of a month, None where there is none, calls for at a time in seconds since 1970."""
    if record.busy:
        return MonthStatus(month, Status.BUSY)
    if seen is None:
        return MonthStatus(month, Status.WITHDRAWN if record.files else Status.ABSENT)
    if record.complete and seen in record.files:
        return MonthStatus(month, Status.UNCHANGED, seen)
    in_vain = [*takewhile(lambda ask: ask.identity == seen.identity, record.asks)]
    if in_vain and (in_vain[0].cancelled or len(in_vain) > len(RETRY_HOURS)):
        return MonthStatus(month, Status.LEFT, seen)
    if in_vain and now - in_vain[0].at < RETRY_HOURS[len(in_vain) - 1] * 3600:
        return MonthStatus(month, Status.WAITING, seen)
    news = Status.UNFINISHED if seen in record.files else Status.REPLACED if record.files else Status.NEW
    return MonthStatus(month, news, seen, next((ask.run for ask in record.asks if ask.identity == seen.identity), None))


def _listed(months: Collection[Month]) -> str:
    return ", ".join(map(str, months))
