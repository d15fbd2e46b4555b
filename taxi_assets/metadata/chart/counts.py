"""What the picture of a month shows, counted batch by batch: trips by hour, and a plane of two of their measures.

The counts take 30 kB, however many trips there are.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from taxi_assets.model.datasets import Dataset
from taxi_assets.model.months import Month
from taxi_assets.transform.arrow import floats

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Counts = NDArray[np.int64]

_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 naive, as TLC's times
_HOUR = 3_600_000_000
_MINUTE = 60_000_000
"""Both in microseconds."""


@dataclass(frozen=True)
class Axis:
    """From 0 to `limit` in `bins` equal parts, of which each step of `tick` is labelled."""

    title: str
    limit: float
    bins: int
    tick: float
    measure: Callable[[pa.RecordBatch], Floats]
    """The values of a batch's trips, NaN where there is none."""


@dataclass(frozen=True)
class Plane:
    """Two measures of a trip, one against the other."""

    title: str
    x: Axis
    y: Axis


class PlaneCounts:
    """`cells`: trips in the plane, by y and x; those beyond its limits, and those that lack a value, are in none."""

    def __init__(self, plane: Plane) -> None:
        self.plane = plane
        self.cells: Counts = np.zeros((plane.y.bins, plane.x.bins), np.int64)

    def add(self, trips: pa.RecordBatch) -> None:
        x, y = (np.floor(axis.measure(trips) * (axis.bins / axis.limit)) for axis in (self.plane.x, self.plane.y))
        inside = (x >= 0) & (x < self.plane.x.bins) & (y >= 0) & (y < self.plane.y.bins)  # NaN is not
        places = y[inside].astype(np.int64) * self.plane.x.bins + x[inside].astype(np.int64)
        self.cells += np.bincount(places, minlength=self.cells.size).reshape(self.cells.shape)


class TripCounts:
    """Counts of a month's clean trips. `hours`: trips by hour of the month."""

    def __init__(self, dataset: Dataset, month: Month) -> None:
        self.month = month
        self._start = (month.start - _EPOCH) // timedelta(microseconds=1)
        self.hours: Counts = np.zeros(24 * (month.end - month.start).days, np.int64)
        self._planes = [PlaneCounts(plane) for plane in planes_of(dataset)]

    @property
    def trips(self) -> int:
        return int(self.hours.sum())

    @property
    def days(self) -> Counts:
        """Trips by day of the month."""
        days: Counts = self.hours.reshape(-1, 24).sum(axis=1)
        return days

    @property
    def week(self) -> Floats:
        """Trips by weekday, from Monday, and hour of the day: the mean of the month's Mondays and so on."""
        weekdays = (np.arange(len(self.days)) + self.month.start.weekday()) % 7
        by_day = self.hours.reshape(-1, 24)
        return np.array([by_day[weekdays == weekday].mean(axis=0) for weekday in range(7)])

    @property
    def plane(self) -> PlaneCounts:
        """The first plane in which there are trips: what it needs was not published in every era."""
        return next((counts for counts in self._planes if counts.cells.any()), self._planes[0])

    def add(self, trips: pa.RecordBatch) -> None:
        """Counts a batch of clean trips, whose pickups are all in the month."""
        if trips.num_rows == 0:
            return
        self.hours += np.bincount((_microseconds(trips) - self._start) // _HOUR, minlength=len(self.hours))
        for counts in self._planes:
            counts.add(trips)


def planes_of(dataset: Dataset) -> list[Plane]:
    """Fare by distance, where the dataset has them, and how long trips took by the hour of their pickup."""
    hour = Axis("hour of the pick-up", 24, 24, 6, _hour_of_day)
    planes = [Plane("Trips by hour and duration", hour, Axis("minutes", 90, 45, 15, _minutes))]
    sources = dataset.measures
    if {"fare", "miles"} <= sources.keys():
        miles = Axis("miles", 25, 50, 5, lambda trips: floats(trips[sources["miles"]]))
        fare = Axis("fare in US dollars", 100, 40, 20, lambda trips: floats(trips[sources["fare"]]))
        planes.insert(0, Plane("Trips by distance and fare", miles, fare))
    return planes


def _microseconds(trips: pa.RecordBatch) -> Counts:
    """The pickups as microseconds since 1970; a clean trip has one."""
    pickups = trips["pickup_datetime"]
    values: Counts = np.frombuffer(pickups.buffers()[1], np.int64)[pickups.offset : pickups.offset + len(pickups)]
    return values


def _hour_of_day(trips: pa.RecordBatch) -> Floats:
    hours: Floats = (_microseconds(trips) // _HOUR % 24).astype(np.float64)
    return hours


def _minutes(trips: pa.RecordBatch) -> Floats:
    return (floats(trips["dropoff_datetime"]) - _microseconds(trips)) / _MINUTE
