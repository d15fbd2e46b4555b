"""The datasets that TLC publishes and this project loads, as data.

All that a dataset is stands in its record. A new one takes a `Dataset` with its columns and layouts, and `register`
makes it known. A part that is forgotten is an error as soon as the record is made.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from taxi_assets.model.columns import FHV, FHVHV, GREEN, OURS, YELLOW, Column, arrow_schema
from taxi_assets.model.eras import FHV_LAYOUTS, FHVHV_LAYOUTS, GREEN_LAYOUTS, YELLOW_LAYOUTS, FileFormat, Layout
from taxi_assets.model.months import Month

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = [
    "DATASETS",
    "FOR_HIRE",
    "GREEN_TAXI",
    "HIGH_VOLUME",
    "MEASURES",
    "NEEDED_COLUMNS",
    "YELLOW_TAXI",
    "Dataset",
    "FileFormat",
    "register",
]

MEASURES: Final = ("passengers", "miles", "fare", "tips", "tolls", "total")
"""What daily_trips adds up and the chart of a month shows, as far as a dataset publishes it."""
NEEDED_COLUMNS: Final = ("pickup_datetime", "dropoff_datetime", "pickup_location_id", "dropoff_location_id")
"""What every dataset has besides `columns.OURS`: checks, charts and the names of zones need these."""
_NAME: Final = re.compile("[a-z][a-z0-9_]*")


_FORGOTTEN: Final[Any] = None
"""The default of every part, so that `Dataset` itself can say which one is missing."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Dataset:
    """One of TLC's trip record datasets; there is one object of each.

    Every part must be given. Raises ValueError, naming the dataset and the part, when one is missing or does not fit
    the others.
    """

    name: str = _FORGOTTEN
    """The name in TLC's file names, also the first part of its asset keys."""
    title: str = _FORGOTTEN
    first_month: Month = _FORGOTTEN
    """The first month to load."""
    table: str = _FORGOTTEN
    """The name of its table in Postgres and in the warehouse."""
    columns: Sequence[Column] = _FORGOTTEN
    """In the order of the table; NEEDED_COLUMNS and those of `columns.OURS` are among them."""
    layouts: Sequence[Layout] = _FORGOTTEN
    """What its published files have looked like, era by era."""
    measures: Mapping[str, str] = _FORGOTTEN
    """Which of its columns holds each of MEASURES; those that it does not publish are left out."""
    rows_identifiable: bool = _FORGOTTEN
    """Whether equal rows are one trip published twice. False where a row says so little that two trips may look the
    same: none of them is called a duplicate then."""
    control_months: Mapping[FileFormat, Month] = _FORGOTTEN
    """A month known to be published, for each format: whoever is refused that one too is blocked."""
    sample: str = _FORGOTTEN
    """Where the TripMaker of its sample trips stands: `package.module:NAME`."""

    def __post_init__(self) -> None:
        if problems := list(_missing(self)) or list(_misfits(self)):
            raise ValueError(f"Dataset {self.name or '(without a name)'}: {'; '.join(problems)}.")

    @cached_property
    def schema(self) -> pa.Schema:
        """The Arrow schema of its clean months."""
        return arrow_schema(self.columns)

    @cached_property
    def published_columns(self) -> tuple[Column, ...]:
        """The columns that come from TLC's files, without those that this project adds."""
        return tuple(column for column in self.columns if column.published or column.text_of)

    def month_name(self, month: Month) -> str:
        """TLC's name of a month's file without its ending, for example `yellow_tripdata_2021-01`."""
        return f"{self.name}_tripdata_{month}"

    def eras(self, file_format: FileFormat) -> list[Layout]:
        """Its layouts in one format, oldest first."""
        return sorted((era for era in self.layouts if era.format == file_format), key=lambda era: era.first)

    def layout(self, month: Month, file_format: FileFormat) -> Layout:
        """The layout of a month's file; raises LookupError for a month before the first layout in that format."""
        begun = [era for era in self.eras(file_format) if era.first <= month]
        if not begun:
            raise LookupError(f"no layout of {self.name} as {file_format} reaches back to {month}")
        return begun[-1]


def _missing(dataset: Dataset) -> Iterator[str]:
    for part in fields(dataset):
        if getattr(dataset, part.name) is None:
            yield f"{part.name} is missing"


def _misfits(dataset: Dataset) -> Iterator[str]:
    for part in ("name", "table"):
        if not _NAME.fullmatch(getattr(dataset, part)):
            yield f"{part} is {getattr(dataset, part)!r}, and must be of the letters a to z, digits and _"
    names = {column.name for column in dataset.columns}
    needed = (*NEEDED_COLUMNS, *(column.name for column in OURS))
    if lacking := [name for name in needed if name not in names]:
        yield f"columns lacks {', '.join(lacking)}"
    if len(names) < len(dataset.columns):
        yield "columns has two columns of the same name"
    if not dataset.eras("parquet"):
        yield "layouts has none in Parquet"
    elif min(era.first for era in dataset.layouts) > dataset.first_month:
        yield f"layouts does not reach back to first_month, {dataset.first_month}"
    if unknown := [name for name in dataset.measures if name not in MEASURES]:
        yield f"measures has {', '.join(unknown)}, which is none of {', '.join(MEASURES)}"
    if unknown := [source for source in dataset.measures.values() if source not in names]:
        yield f"measures names {', '.join(unknown)}, which columns lacks"
    if lacking := sorted({era.format for era in dataset.layouts} - dataset.control_months.keys()):
        yield f"control_months has none for {', '.join(lacking)}, in which there are layouts"


DATASETS: Final[dict[str, Dataset]] = {}
"""Every dataset by its name, in the order of registration."""


def register(dataset: Dataset) -> Dataset:
    """Adds a dataset to DATASETS, from where assets, jobs, schedules and sensors are made for it.

    To be called before `build_definitions`. Raises ValueError when another dataset has its name or its table.
    """
    for other in DATASETS.values():
        for part in ("name", "table"):
            if getattr(dataset, part) == getattr(other, part):
                raise ValueError(f"Dataset {dataset.name}: its {part}, {getattr(dataset, part)}, is taken.")
    DATASETS[dataset.name] = dataset
    return dataset


_TAXI_MEASURES: Final[Mapping[str, str]] = {
    "passengers": "passenger_count",
    "miles": "trip_distance",
    "fare": "fare_amount",
    "tips": "tip_amount",
    "tolls": "tolls_amount",
    "total": "total_amount",
}
_CONTROL_MONTHS: Final[Mapping[FileFormat, Month]] = {"parquet": Month(2023, 1), "csv.gz": Month(2020, 1)}
"""TLC has published these months of every dataset as Parquet, its mirror as CSV."""

YELLOW_TAXI = register(
    Dataset(
        name="yellow",
        title="Yellow taxi",
        first_month=Month(2009, 1),
        table="yellow_taxi_trips",
        columns=YELLOW,
        layouts=YELLOW_LAYOUTS,
        measures=_TAXI_MEASURES,
        rows_identifiable=True,
        control_months=_CONTROL_MONTHS,
        sample="taxi_assets.publishers.sample.taxis:YELLOW_TRIPS",
    )
)
GREEN_TAXI = register(
    Dataset(
        name="green",
        title="Green taxi",
        first_month=Month(2013, 8),
        table="green_taxi_trips",
        columns=GREEN,
        layouts=GREEN_LAYOUTS,
        measures=_TAXI_MEASURES,
        rows_identifiable=True,
        control_months=_CONTROL_MONTHS,
        sample="taxi_assets.publishers.sample.taxis:GREEN_TRIPS",
    )
)
FOR_HIRE = register(
    Dataset(
        name="fhv",
        title="For-hire vehicle",
        first_month=Month(2015, 1),
        table="fhv_trips",
        columns=FHV,
        layouts=FHV_LAYOUTS,
        measures={},
        rows_identifiable=False,  # a row is little more than a base and a minute
        control_months=_CONTROL_MONTHS,
        sample="taxi_assets.publishers.sample.for_hire:FHV_TRIPS",
    )
)
HIGH_VOLUME = register(
    Dataset(
        name="fhvhv",
        title="High-volume for-hire vehicle",
        first_month=Month(2019, 2),
        table="fhvhv_trips",
        columns=FHVHV,
        layouts=FHVHV_LAYOUTS,
        measures={"miles": "trip_miles", "fare": "base_passenger_fare", "tips": "tips", "tolls": "tolls"},
        rows_identifiable=True,
        control_months=_CONTROL_MONTHS,
        sample="taxi_assets.publishers.sample.high_volume:FHVHV_TRIPS",
    )
)
