"""The datasets that TLC publishes and this project loads, as data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from taxi_assets.model.columns import FHV, FHVHV, GREEN, YELLOW, Column, arrow_schema
from taxi_assets.model.months import Month

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, eq=False)
class Dataset:
    """One of TLC's trip record datasets; there is one object of each.

    `first_month` is the first month we load; `table` the name of its table in Postgres and in the warehouse.
    """

    name: str
    title: str
    first_month: Month
    table: str
    columns: Sequence[Column]

    @cached_property
    def schema(self) -> pa.Schema:
        return arrow_schema(self.columns)

    @cached_property
    def published_columns(self) -> tuple[Column, ...]:
        """The columns that come from TLC's files, without those we add."""
        return tuple(column for column in self.columns if column.published or column.text_of)

    def month_name(self, month: Month) -> str:
        """TLC's name of a month's file without its ending, e.g. `yellow_tripdata_2021-01`."""
        return f"{self.name}_tripdata_{month}"


YELLOW_TAXI = Dataset("yellow", "Yellow taxi", Month(2009, 1), "yellow_taxi_trips", YELLOW)
GREEN_TAXI = Dataset("green", "Green taxi", Month(2013, 8), "green_taxi_trips", GREEN)
FOR_HIRE = Dataset("fhv", "For-hire vehicle", Month(2015, 1), "fhv_trips", FHV)
HIGH_VOLUME = Dataset("fhvhv", "High-volume for-hire vehicle", Month(2019, 2), "fhvhv_trips", FHVHV)

DATASETS = {dataset.name: dataset for dataset in (YELLOW_TAXI, GREEN_TAXI, FOR_HIRE, HIGH_VOLUME)}


FileFormat = Literal["csv.gz", "parquet"]
