"""A month, the unit of all work: TLC publishes one file per dataset and month.

Months are naive New York calendar months, as TLC's times are. Nothing about datasets or Dagster belongs here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, order=True, slots=True)
class Month:
    """A calendar month, e.g. `Month(2021, 1)`; sorts by time.

    Raises ValueError when the month is not 1 to 12 or the year not 1 to 9998.
    """

    year: int
    month: int

    def __post_init__(self) -> None:
        if not (1 <= self.month <= 12 and 1 <= self.year <= 9998):
            raise ValueError(f"{self.year}-{self.month} is not a month")

    @classmethod
    def parse(cls, text: str) -> Month:
        """Reads `2021-01` or `2021-01-01`; raises ValueError for anything else, other days of a month included."""
        match = re.fullmatch(r"(\d{4})-(\d{2})(?:-01)?", text, re.ASCII)
        if match is None:
            raise ValueError(f"{text!r} is not a month: write it as 2021-01 or 2021-01-01")
        return cls(int(match[1]), int(match[2]))

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.month:02d}"

    @property
    def key(self) -> str:
        """The partition key in Dagster, for example `2021-01-01`."""
        return f"{self}-01"

    @property
    def compact(self) -> str:
        """The form of BigQuery's partition decorators, for example `202101`."""
        return f"{self.year:04d}{self.month:02d}"

    @property
    def first_day(self) -> date:
        return date(self.year, self.month, 1)

    @property
    def start(self) -> datetime:
        """Midnight at the beginning of the month, without a time zone."""
        return datetime(self.year, self.month, 1)  # noqa: DTZ001 TLC's times carry no zone

    @property
    def end(self) -> datetime:
        """Midnight after the last day of the month, without a time zone: the first moment outside it."""
        return datetime(self.year + self.month // 12, self.month % 12 + 1, 1)  # noqa: DTZ001

    def __add__(self, months: int) -> Month:
        index = self.year * 12 + self.month - 1 + months
        return Month(index // 12, index % 12 + 1)

    def __sub__(self, other: Month) -> int:
        """How many months this one comes after `other`."""
        return (self.year - other.year) * 12 + self.month - other.month
