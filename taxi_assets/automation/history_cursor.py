"""Whose turn it is: the months that a tick looks at, and what a sensor remembers to that end."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from taxi_assets.automation.month_status import CheckReport
from taxi_assets.model.months import Month

RECENT_MONTHS = 6
HISTORY_MONTHS = 3
"""Of history in one tick: 200 months take under three days of hourly ticks."""


@dataclass(frozen=True)
class Cursor:
    """The month of history that was looked at last, and how many ticks in a row saw nothing of the publisher.

    Which files are loaded is not in here: the record of materializations says so, for months loaded by hand too.
    """

    after: Month | None = None
    blind: int = 0

    @classmethod
    def parse(cls, text: str | None) -> Cursor:
        """From what `dump` wrote; a new one from anything else."""
        try:
            facts = json.loads(text or "")
            return cls(Month.parse(facts["after"]) if facts["after"] else None, max(0, int(facts["blind"])))
        except (ValueError, TypeError, KeyError):
            return cls()

    def dump(self) -> str:
        return json.dumps({"after": str(self.after) if self.after else None, "blind": self.blind})

    def moved(self, look: CheckReport, history: Sequence[Month]) -> Cursor:
        """After a look at, among others, these months of history."""
        reached = [month for month in history if month not in look.unreached]
        return Cursor(reached[-1] if reached else self.after, self.blind + 1 if look.blind else 0)


def next_loaded_months(loaded: Collection[Month], after: Month | None) -> list[Month]:
    """The loaded months that come after `after`, and from the first on when they are through."""
    oldest_first = sorted(loaded)
    later = [month for month in oldest_first if after is None or month > after]
    return [*later, *oldest_first[: len(oldest_first) - len(later)]][:HISTORY_MONTHS]


def months_to_check(recent: Sequence[Month], loaded: Collection[Month]) -> list[Month]:
    """Of the recent months, oldest first: the newest, and those since the last one loaded, published late."""
    last = max((month for month in recent if month in loaded), default=None)
    since = [month for month in recent if last is not None and month > last]
    return since or [*recent[-1:]]
