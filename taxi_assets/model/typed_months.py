"""Months as people type them, and which months of a dataset there can be."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from taxi_assets.model.datasets import Dataset
from taxi_assets.model.months import Month

_TYPED = re.compile(r"(\d{4})(?:[-/.](\d{1,2})(?:[-/.]0?1)?|(\d{2})(?:01)?)", re.ASCII)


def typed_month(text: str) -> Month:
    """Reads `2021-07`, `2021-7`, `2021/07`, `2021.07` or `202107`, or any of them with the first day of the month.

    Raises ValueError for anything else, other days of a month included.
    """
    match = _TYPED.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text!r} is no month: write it as 2021-01")
    return Month(int(match[1]), int(match[2] or match[3]))


def last_month(now: datetime | None = None) -> Month:
    """The last month that can have been published by `now`, or by this moment: the one before the last.

    TLC publishes 47 days after a month's end at the earliest.
    """
    today = now.astimezone(UTC) if now else datetime.now(UTC)
    return Month(today.year, today.month) + -2


def month_of_dataset(dataset: Dataset, text: str) -> Month:
    """Reads a month as `typed_month` does. Raises ValueError with the first and the last month for any other."""
    last = last_month()
    months = f"{dataset.name} has the months {dataset.first_month} to {last}"
    try:
        month = typed_month(text)
    except ValueError as error:
        raise ValueError(f"{error}. {months}") from error
    if not dataset.first_month <= month <= last:
        raise ValueError(f"There is no {dataset.name} {month}: {months}")
    return month
