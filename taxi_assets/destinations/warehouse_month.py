"""A month in a database, for those who query it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from taxi_assets.model.zones import TABLE

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class WarehouseMonth:
    """The SELECT of a month's trips (`month`), that of the zone lookup (`zones`), and what runs SQL there (`ask`)."""

    month: str
    zones: str
    ask: Callable[[str], pd.DataFrame]

    def query(self, select: str) -> pd.DataFrame:
        """The answer to a SELECT over `trips`, which holds this month's rows alone, and `taxi_zones`.

        The SQL is the database's own. The answer is held in memory. Raises MissingTableError.
        """
        return self.ask(f"WITH trips AS ({self.month}), {TABLE} AS ({self.zones}) {select}")

    def frame(self) -> pd.DataFrame:
        """All rows of the month, held in memory. Raises MissingTableError."""
        return self.ask(self.month)
