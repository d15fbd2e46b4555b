"""A month in the warehouse as something to ask, for assets that need an answer and not the rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from taxi_assets.model.zones import TABLE

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class WarehouseMonth:
    """`month` and `zones` are the SELECTs of the month's trips and of the zone lookup, `ask` runs SQL there."""

    month: str
    zones: str
    ask: Callable[[str], pd.DataFrame]

    def query(self, select: str) -> pd.DataFrame:
        """The answer to a SELECT over `trips`, the month's rows alone, and `taxi_zones`: as much memory as it takes.

        Raises TaxiError when one of them is not there.
        """
        return self.ask(f"WITH trips AS ({self.month}), {TABLE} AS ({self.zones}) {select}")
