"""The months that a tick checks, and what a sensor remembers from one tick to the next."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from taxi_assets.automation.month_status import CheckReport
from taxi_assets.model.months import Month

HISTORY_MONTHS = 3
"""Old months checked in one tick: hourly ticks go through 200 of them in less than three days."""


@dataclass(frozen=True)
class Cursor:
    """The last old month that was checked, and how many ticks in a row could not check any month.

    Which files are loaded is not remembered here: Dagster's materializations say so, for months loaded by hand too.
    """

    after: Month | None = None
    failed_ticks: int = 0

    @classmethod
    def parse(cls, text: str | None) -> Cursor:
        """The cursor that `dump` wrote; a new one for any other text."""
        try:
            values = json.loads(text or "")
            # Cursors written by earlier versions call it "blind".
            failed_ticks = values["failed_ticks"] if "failed_ticks" in values else values["blind"]
            return cls(Month.parse(values["after"]) if values["after"] else None, max(0, int(failed_ticks)))
        except (ValueError, TypeError, KeyError):
            return cls()

    def dump(self) -> str:
        return json.dumps({"after": str(self.after) if self.after else None, "failed_ticks": self.failed_ticks})

    def advanced(self, report: CheckReport, history: Sequence[Month]) -> Cursor:
        """The cursor after a tick with this report; `history` are the old months among those it was to check."""
        reached = [month for month in history if month not in report.unreached]
        return Cursor(reached[-1] if reached else self.after, self.failed_ticks + 1 if report.failed else 0)


def next_loaded_months(loaded: Collection[Month], after: Month | None) -> list[Month]:
    """The next few loaded months after `after`, oldest first; the first one follows the last."""
    oldest_first = sorted(loaded)
    later = [month for month in oldest_first if after is None or month > after]
    return [*later, *oldest_first[: len(oldest_first) - len(later)]][:HISTORY_MONTHS]


def months_to_check(recent: Sequence[Month], loaded: Collection[Month]) -> list[Month]:
    """The recent months after the last loaded one; only the newest if there are none, or none is loaded.

    `recent` is in order, oldest first. Months before the newest are those that were published late.
    """
    last = max((month for month in recent if month in loaded), default=None)
    since = [month for month in recent if last is not None and month > last]
    return since or [*recent[-1:]]
