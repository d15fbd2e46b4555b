"""What every database of trips can do; an IO manager needs nothing else of it."""

from __future__ import annotations

from typing import Protocol

from taxi_assets.destinations.warehouse_month import WarehouseMonth
from taxi_assets.model.months import Month
from taxi_assets.transform.checksums import Checksums
from taxi_assets.transform.month_file import MonthFiles


class TableStore(Protocol):
    """One dataset's table of clean trips, and its quarantine: a table beside it, `_quarantine` added to its name.

    The column `trip_month` tells which month a row is from. A store is made for one run.
    """

    def replace_month(self, month: Month, files: MonthFiles) -> int:
        """Makes the files' rows the only rows of the month in both tables; returns how many are clean.

        The tables are created when they are missing, and columns that they lack are added. Readers see the old month
        or the new one. If anything fails, the clean rows stay as they were. A database with transactions replaces
        both tables in one; any other replaces the quarantine first. Raises TaxiError, among other things when a
        column has another type than the month's.
        """
        ...

    def count(self, month: Month) -> int:
        """The number of the month's clean rows; 0 when there is no such month, or no table."""
        ...

    def source_file(self, month: Month) -> str | None:
        """The published file that a row of the month is from; None when there is no such month, or no table."""
        ...

    def checksums(self, month: Month) -> Checksums:
        """The row count, and the null count and sum of each column, computed by the database from the clean rows.

        Raises MissingTableError.
        """
        ...

    def month(self, month: Month) -> WarehouseMonth:
        """The clean rows, to be queried; nothing is read yet."""
        ...
