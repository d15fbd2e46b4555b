"""What the chart of a month counts, whatever the batches: compared with counting one trip after the other."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from taxi_assets.metadata.chart.counts import TripCounts
from taxi_assets.model.datasets import DATASETS, FOR_HIRE, HIGH_VOLUME, YELLOW_TAXI, Dataset
from taxi_assets.model.months import Month

MONTH = Month(2021, 2)
START = datetime(2021, 2, 1)  # noqa: DTZ001
END = datetime(2021, 2, 28, 23, 59, 59)  # noqa: DTZ001
NAN, INFINITE = float("nan"), float("inf")
MEASURES = (
    st.none() | st.sampled_from([0.0, -0.0, -0.01, 24.99, 25.0, 99.99, 100.0, NAN, INFINITE]) | st.floats(-5, 200)
)
TRIPS = st.fixed_dictionaries(
    {
        "pickup_datetime": st.datetimes(START, END),
        "minutes": st.none() | st.floats(-10, 200),
        "miles": MEASURES,
        "fare": MEASURES,
    }
)


def _batch(dataset: Dataset, trips: list[dict[str, Any]]) -> pa.RecordBatch:
    names = {"yellow": ("trip_distance", "fare_amount"), "fhvhv": ("trip_miles", "base_passenger_fare")}
    rows = [dict.fromkeys(dataset.schema.names) for _ in trips]
    for row, trip in zip(rows, trips, strict=True):
        row["pickup_datetime"] = trip["pickup_datetime"]
        if trip["minutes"] is not None:
            row["dropoff_datetime"] = trip["pickup_datetime"] + timedelta(minutes=trip["minutes"])
        row |= dict(zip(names.get(dataset.name, ()), (trip["miles"], trip["fare"]), strict=False))
    return pa.RecordBatch.from_pylist(rows, schema=dataset.schema)


def _counted(dataset: Dataset, *batches: pa.RecordBatch) -> TripCounts:
    counts = TripCounts(dataset, MONTH)
    for batch in batches:
        counts.add(batch)
    return counts


def _cells(counts: TripCounts) -> dict[tuple[int, int], int]:
    cells = counts.plane.cells
    return {(int(y), int(x)): int(cells[y, x]) for y, x in np.argwhere(cells)}


def _trip(**change: Any) -> dict[str, Any]:
    return {"pickup_datetime": START, "minutes": 10.0, "miles": 1.0, "fare": 7.0, **change}


@given(st.lists(TRIPS, max_size=40), st.integers(1, 7))
def test_trips_are_counted_once_in_their_hour_and_by_miles_and_fare(trips: list[dict[str, Any]], size: int) -> None:
    whole = _batch(YELLOW_TAXI, trips)
    counts = _counted(YELLOW_TAXI, *(whole.slice(start, size) for start in range(0, len(trips), size)))
    hours = Counter((trip["pickup_datetime"] - START) // timedelta(hours=1) for trip in trips)
    assert {hour: int(found) for hour, found in enumerate(counts.hours) if found} == hours
    inside = [
        trip
        for trip in trips
        if None not in (trip["miles"], trip["fare"]) and 0 <= trip["miles"] < 25 and 0 <= trip["fare"] < 100
    ]
    if inside:
        assert _cells(counts) == Counter((int(trip["fare"] * 0.4), int(trip["miles"] * 2)) for trip in inside)


@pytest.mark.parametrize("dataset", [FOR_HIRE, HIGH_VOLUME])
def test_without_fares_trips_are_counted_by_hour_of_the_day_and_minutes(dataset: Dataset) -> None:
    trips = [
        _trip(pickup_datetime=START + timedelta(days=3, hours=23, minutes=59), minutes=3.9, fare=None),
        _trip(minutes=3.9, fare=None),
        _trip(minutes=90.0, fare=None),
        _trip(minutes=None, fare=None),
        _trip(minutes=-1.0, fare=None),
    ]
    counts = _counted(dataset, _batch(dataset, trips))
    assert _cells(counts) == {(1, 23): 1, (1, 0): 1}
    assert counts.trips == 5


def test_a_batch_without_trips_counts_nothing() -> None:
    assert _counted(YELLOW_TAXI, _batch(YELLOW_TAXI, [])).trips == 0


def test_a_month_of_nulls_counts_hours_only() -> None:
    nulls = {name: pa.nulls(2, YELLOW_TAXI.schema.field(name).type) for name in YELLOW_TAXI.schema.names}
    batch = pa.record_batch({**nulls, "pickup_datetime": pa.array([START, END], pa.timestamp("us"))})
    counts = _counted(YELLOW_TAXI, batch.select(YELLOW_TAXI.schema.names))
    assert (counts.trips, int(counts.days[0]), int(counts.days[27]), _cells(counts)) == (2, 1, 1, {})


@pytest.mark.parametrize(("month", "days"), [("2021-02", 28), ("2024-02", 29), ("2021-04", 30), ("2021-12", 31)])
def test_a_month_has_its_own_days(month: str, days: int) -> None:
    assert len(TripCounts(YELLOW_TAXI, Month.parse(month)).days) == days


def test_a_weekday_shows_the_mean_of_its_days() -> None:
    """February 2021 begins on a Monday and has four of each day."""
    mondays = [_trip(pickup_datetime=START + timedelta(days=7 * week, hours=8)) for week in (0, 0, 1)]
    counts = _counted(YELLOW_TAXI, _batch(YELLOW_TAXI, [*mondays, _trip(pickup_datetime=END)]))
    assert counts.week.shape == (7, 24)
    assert {(int(day), int(hour)): counts.week[day, hour] for day, hour in np.argwhere(counts.week)} == {
        (0, 8): 3 / 4,
        (6, 23): 1 / 4,
    }


@pytest.mark.parametrize("dataset", DATASETS.values(), ids=DATASETS)
def test_every_dataset_can_be_counted(dataset: Dataset) -> None:
    batch = _batch(dataset, [_trip()])
    assert _counted(dataset, batch, batch).trips == 2
