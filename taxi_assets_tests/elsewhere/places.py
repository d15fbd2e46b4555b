"""Where the tests are run: each date, zone, language and umask occurs once at least, not in all combinations."""

from __future__ import annotations

import locale
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo


@dataclass(frozen=True)
class Place:
    """A moment, `local` by the clocks of `zone`; LANG; and the umask, which takes permissions from new files."""

    local: datetime
    zone: str
    language: str
    umask: int

    @property
    def seconds(self) -> float:
        """The moment in seconds since 1970, UTC."""
        return self.local.replace(tzinfo=ZoneInfo(self.zone)).timestamp()

    def __str__(self) -> str:
        return f"{self.local}, {self.zone}, LANG={self.language}, umask {self.umask:03o}"


PLACES = (
    # UTC has 28 February.
    Place(datetime.fromisoformat("2027-03-01 00:30"), "Asia/Kolkata", "C", 0o022),
    # A leap day; UTC has the day before.
    Place(datetime.fromisoformat("2028-02-29 09:00"), "Pacific/Auckland", "tr_TR.UTF-8", 0o077),
    # UTC has the new year for five hours.
    Place(datetime.fromisoformat("2030-01-01 00:00"), "America/New_York", "C.UTF-8", 0o022),
    # After 20 seconds the year ends, and with it a month of Dagster's partitions: the tests run on into the next.
    Place(datetime.fromisoformat("2026-12-31 23:59:40"), "UTC", "tr_TR.UTF-8", 0o077),
)


def is_spoken(language: str) -> bool:
    """Whether this machine has the locale."""
    before = locale.setlocale(locale.LC_ALL)
    try:
        locale.setlocale(locale.LC_ALL, language)
    except locale.Error:
        return False
    locale.setlocale(locale.LC_ALL, before)
    return True
